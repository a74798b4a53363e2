import { describe, expect, test } from 'vitest';
import type { Checks, Connection, Probes, Report, Window } from '../../src/report/index.ts';
import { FORMATS } from '../../src/report/index.ts';
import { unnoticedFacts } from '../../src/report/words/unnoticed.ts';
import { besideText, windowFacts } from '../../src/report/words/window-facts.ts';
import { NO_CHECKS } from './incident-builder.ts';
import { composed, gatewayMute, recovered } from './scenarios.ts';

interface Changes {
  readonly window?: Partial<Window>;
  readonly client?: Partial<Connection>;
  readonly upstream?: Partial<Connection>;
}

/** The only window of a story, and both of its legs, with what is changed of them. */
function toldOf(story: typeof gatewayMute, { window: change, ...legs }: Changes = {}): Record<string, string> {
  const { window, byId } = partsOf(composed(story()), legs);
  return Object.fromEntries(unnoticedFacts({ ...window, ...change }, byId));
}

function partsOf(report: Report, { client = {}, upstream = {} }: Omit<Changes, 'window'>) {
  const [window] = report.windows;
  if (window === undefined) throw new Error('the story has a window');
  const changes = new Map<string, Partial<Connection>>([
    [window.client, client],
    [window.upstream, upstream],
  ]);
  const byId = new Map(report.connections.map((leg) => [leg.id, { ...leg, ...changes.get(leg.id) }]));
  return { window, byId };
}

const NO_PROBES = { probes: 0, answered: 0, time: null, interval: null, unanswered: 0, gaveUp: null };
const NO_PINGS = { sent: 0, answered: 0 };

describe('why nothing noticed sooner', () => {
  test("the client's PINGs ask the gateway, and where the gateway's own packets are not captured nobody knows what it tried", () => {
    expect(toldOf(gatewayMute)).toEqual({
      client:
        'the same connection throughout (source port 49739); 6 PINGs of the client, all answered by the gateway; no new request. PINGs ask the gateway only',
      gateway: 'none of its packets on u1 is in the capture after 10:00:34.300: what it tried then is not seen',
      watch: 'its timeoutSeconds (437) is for the apiserver behind u1 to enforce; the client only waits',
      'stand-by': 'u2 (10.9.3.2:8080) was open, not seen to die, and got no request: a stream stays where it was sent',
    });
  });

  test('a client without PINGs, and one whose PINGs nobody can read, are told apart', () => {
    const meanwhile = {
      ...composed(gatewayMute()).windows[0]?.meanwhile,
      pings: 0,
      pingsAnswered: 0,
    } as Window['meanwhile'];
    const clientOf = (protocol: Connection['protocol']): string | undefined =>
      toldOf(gatewayMute, { window: { meanwhile }, client: { protocol } })['client'];
    expect(clientOf('h2')).toMatch(/; no new request\. No PING of it is seen meanwhile$/);
    expect(clientOf('tls')).toMatch(/; its requests and PINGs cannot be read$/);
    expect(clientOf('http1')).not.toMatch(/PING/);
  });

  test('a gateway that told the client and kept the connection gave up what waited, not the connection', () => {
    const [window] = composed(recovered()).windows;
    const end = { ...window?.end, packet: 81 } as Window['end'];
    expect(toldOf(recovered, { window: { end } })['gateway']).toMatch(/; it gave what waited up at 10:01:32\.800$/);
  });

  test('a watch of which the path is not known, or asked for no time, is told without one', () => {
    const [window] = composed(gatewayMute()).windows;
    for (const path of [null, '/api/v1/pods?watch=true']) {
      const streams = (window?.streams ?? []).map((stream) => ({ ...stream, path }));
      expect(toldOf(gatewayMute, { window: { streams } })['watch']).toBe(
        'how long it lasts is for the apiserver behind u1 to enforce; the client only waits',
      );
    }
  });

  /** Where packets of the window cannot be told from those beside it, the counts are the least that is sure. */
  test.each([
    [
      { pings: 2, pingsAnswered: 2, atLeast: ['pings'] },
      /; at least 2 PINGs of the client, at least 2 answered by the gateway; /,
    ],
    [
      { pings: 2, pingsAnswered: 0, atLeast: ['pings'] },
      /; at least 2 PINGs of the client, none answered by the gateway; /,
    ],
    [{ pings: 2, pingsAnswered: 0, atLeast: ['pingsAnswered'] }, /; 2 PINGs of the client; no new/],
    [
      { pings: 0, pingsAnswered: 0, atLeast: ['pings'] },
      /; PINGs of the client, how many of them meanwhile cannot be told; .*\. PINGs ask/,
    ],
    [
      { probes: 4, probesAnswered: 4, pings: 1, pingsAnswered: 0 },
      /; 1 PING of the client, not answered by the gateway; 4 keep-alive probes of the client, all answered by the gateway; .*PINGs and TCP probes ask the gateway only$/,
    ],
    [{ probes: 4, probesAnswered: 4, pings: 0 }, /TCP probes ask the gateway only\. No PING of it is seen meanwhile$/],
    [{ requests: 3, atLeast: ['requests'] }, /at least 3 new requests\./],
    [{ requests: 0, atLeast: ['requests'] }, /how many new requests cannot be told\./],
  ] as const)('what the client tried is counted in the window, as far as that is sure: %o', (change, says) => {
    const [told] = composed(gatewayMute()).windows;
    const meanwhile = { ...told?.meanwhile, ...change } as Window['meanwhile'];
    expect(toldOf(gatewayMute, { window: { meanwhile } })['client']).toMatch(says);
  });

  const never = { keepalive: { fromClient: NO_PROBES, fromServer: NO_PROBES } };
  const gatewayOf = (checks: Partial<Checks>, upstream: Partial<Connection> = {}): string | undefined =>
    toldOf(recovered, {
      window: { checks: { ...NO_CHECKS, atLeast: [], ...checks } },
      upstream: { ...never, ...upstream },
    })['gateway'];

  test('keep-alive that gave the upstream up in the window did notice, and with which timers', () => {
    const gaveUp = { at: '2026-11-23T10:01:32.800000Z', packet: 82 };
    const fromClient = { probes: 7, answered: 4, time: 60, interval: 10, unanswered: 3, gaveUp };
    const probed = (changes: Partial<Probes>, checks: Partial<Checks> = {}): string | undefined =>
      gatewayOf(
        { probes: 3, ...checks },
        { keepalive: { fromClient: { ...fromClient, ...changes }, fromServer: NO_PROBES } },
      );
    expect(probed({})).toBe(
      '3 keep-alive probes of it (the first after 1 min, one each 10 s), none answered: so it did notice, at 10:01:32.800',
    );
    const otherTime = { ...gaveUp, at: '2026-11-23T10:09:00.000000Z' };
    for (const other of [null, otherTime]) {
      expect(probed({ gaveUp: other })).toMatch(/one each 10 s\), none answered; it gave u1 up at 10:01:32\.800$/);
    }
    expect(probed({ gaveUp: null }, { probesAnswered: 3 })).toMatch(/one each 10 s\), all answered; it gave/);
    expect(probed({ gaveUp: null }, { probesAnswered: 2 })).toMatch(/one each 10 s\), 1 without an answer; it gave/);
    expect(probed({ gaveUp: null, time: null, interval: null }, { atLeast: ['probes'] })).toMatch(
      /^at least 3 keep-alive probes of it, none answered; it gave/,
    );
  });

  test('checks of other times are told as such', () => {
    const before = { probes: 25, answered: 25, time: 15, interval: null, unanswered: 0, gaveUp: null };
    expect(
      gatewayOf(
        {},
        {
          keepalive: { fromClient: before, fromServer: NO_PROBES },
          pings: { fromClient: { sent: 1, answered: 1 }, fromServer: NO_PINGS },
        },
      ),
    ).toMatch(
      /^no keep-alive probe and no PING of it is seen on u1 meanwhile \(25 probes and 1 PING at other times\); it gave/,
    );
  });

  test('what is in flight is resent, and nobody is told', () => {
    expect(gatewayOf({ retransmissions: 4 })).toBe(
      'no keep-alive probe and no PING of it is seen on u1 meanwhile; TCP resends what is in flight (4 retransmissions meanwhile) for about 15 min by default (tcp_retries2) before it tells; it gave u1 up at 10:01:32.800',
    );
    expect(gatewayOf({ retransmissions: 4, atLeast: ['retransmissions'] })).toContain(
      '(at least 4 retransmissions meanwhile)',
    );
  });

  test('PINGs of the gateway are told, of HTTP/1.1 none is missed, and in TLS without keys none can be read', () => {
    expect(gatewayOf({ pings: 3, pingsAnswered: 1 })).toBe(
      '3 PINGs of it, 2 without an answer; it gave u1 up at 10:01:32.800',
    );
    expect(gatewayOf({}, { protocol: 'http1' })).toMatch(/^no keep-alive probe of it is seen on u1 meanwhile; it gave/);
    expect(gatewayOf({}, { protocol: 'tls' })).toBe(
      'no keep-alive probe of it is seen on u1 meanwhile; its PINGs cannot be read; it gave u1 up at 10:01:32.800',
    );
  });

  test('a report of an older version, which did not count by windows, says nothing of checks', () => {
    const { end } = composed(recovered()).windows[0] ?? {};
    expect(toldOf(recovered, { window: { checks: null } })['gateway']).toBe('it gave u1 up at 10:01:32.800');
    const open = { checks: null, end: { ...end, how: 'capture-end', at: null, packet: null } } as Partial<Window>;
    expect(toldOf(recovered, { window: open })).not.toHaveProperty('gateway');
  });

  test.each([
    ['reset', "the upstream's RST is in the capture"],
    ['refused', 'the RST that refused its attempt is in the capture'],
    ['goaway-ignored', "the upstream's GOAWAY is in the capture"],
    ['closed-not-propagated', "the upstream's close is in the capture"],
    ['connect-unanswered', 'nothing but its own connect timeout'],
  ] as const)('a death by %s needs no check', (cause, says) => {
    expect(toldOf(recovered, { window: { cause } })['gateway']).toContain(says);
  });

  test('only watches are said to be ended by the apiserver, and a stand-by only where it was unused', () => {
    const { streams } = composed(gatewayMute()).windows[0] ?? { streams: [] };
    const told = toldOf(gatewayMute, {
      window: {
        streams: streams.map((stream) => ({ ...stream, kind: 'list', upstreamStream: null })),
        alternatives: [{ upstream: 'u2', requestsDuring: 4, unused: false }],
      },
    });
    expect(Object.keys(told)).toEqual(['client', 'gateway']);
  });

  test('of a moment it is not asked; what the client saw stands among the facts then, and else not', () => {
    const report = composed(gatewayMute());
    const { window, byId } = partsOf(report, {});
    const moment = { ...window, duration: 0.9 };
    expect(unnoticedFacts(moment, byId)).toEqual([]);
    const termsOf = (one: Window): string[] => windowFacts(one, report, byId).map(([term]) => term);
    expect(termsOf(moment)).toContain('client');
    expect(termsOf(moment)).not.toContain('others');
    expect(termsOf(moment)).not.toContain('stand-by');
    const asked = { ...moment, alternatives: [{ upstream: 'u2', requestsDuring: 2, unused: false }] };
    expect(termsOf(asked)).toContain('others');
    const quiet = { ...window.meanwhile, pings: 0, requests: 0 } as Window['meanwhile'];
    expect(termsOf({ ...moment, meanwhile: quiet })).not.toContain('client');
    expect(termsOf(window)).not.toContain('client');
    expect(termsOf(window)).not.toContain('stand-by');
  });

  test('another upstream is drawn as a stand-by only where it could have served, and as serving where it did', () => {
    const [window] = composed(gatewayMute()).windows;
    if (window === undefined) throw new Error('the story has a window');
    const beside = (requestsDuring: number, unused: boolean): string =>
      besideText('u2', [{ ...window, alternatives: [{ upstream: 'u2', requestsDuring, unused }] }]);
    expect([beside(0, true), beside(0, false), beside(3, false)]).toEqual(['stand-by', 'beside', 'serving']);
    expect(besideText('u9', [window])).toBe('beside');
  });

  test.each(['text', 'markdown', 'html'] as const)('stands in %s under a heading of its own', async (format) => {
    const render = await FORMATS[format].load();
    const options = { width: 80, color: false, unicode: true, only: [], detail: 'usual' } as const;
    const told = [...render(composed(gatewayMute()), options)].join('');
    expect(told).toContain('Why nothing noticed sooner');
    expect(told.replaceAll(/\s+/g, ' ')).toContain('for the apiserver behind u1 to enforce; the client only waits');
  });
});
