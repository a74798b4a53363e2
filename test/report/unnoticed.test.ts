import { describe, expect, test } from 'vitest';
import type { Connection, Report, Window } from '../../src/report/index.ts';
import { FORMATS } from '../../src/report/index.ts';
import { unnoticedFacts } from '../../src/report/words/unnoticed.ts';
import { windowFacts } from '../../src/report/words/window-facts.ts';
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
        'source port 49739 throughout; 6 PINGs of the client, all answered by the gateway; 0 requests sent. A PING asks the gateway only',
      gateway:
        'no keep-alive probe and no PING of it is seen on u1; none of its packets there is in the capture after 10:00:34.300, so what it tried then is not seen',
      watch: 'its timeoutSeconds (437) is for the apiserver behind u1 to enforce; the client only waits',
      'stand-by': 'u2 (10.9.3.2:8080) was alive and got no request: a stream stays where it was sent',
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
    expect(clientOf('h2')).toMatch(/No PING of it is seen meanwhile$/);
    expect(clientOf('tls')).toMatch(/Its PINGs cannot be read$/);
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

  const gatewayOf = (upstream: Partial<Connection>): string | undefined => toldOf(recovered, { upstream })['gateway'];

  test('keep-alive that gave the upstream up did notice, and with which timers', () => {
    const gaveUp = { at: '2026-11-23T10:01:32.800000Z', packet: 82 };
    const fromClient = { probes: 3, answered: 0, time: 60, interval: 10, unanswered: 3, gaveUp };
    expect(gatewayOf({ keepalive: { fromClient, fromServer: NO_PROBES } })).toBe(
      '3 keep-alive probes of it without an answer (the first after 1 min, one each 10 s): so it did notice, at 10:01:32.800',
    );
    expect(gatewayOf({ keepalive: { fromClient: { ...fromClient, gaveUp: null }, fromServer: NO_PROBES } })).toMatch(
      /one each 10 s\); it gave u1 up at 10:01:32\.800$/,
    );
    const answered = { ...fromClient, answered: 3, unanswered: 0, gaveUp: null };
    expect(gatewayOf({ keepalive: { fromClient: answered, fromServer: NO_PROBES } })).toMatch(
      /one each 10 s\), all answered; it gave/,
    );
  });

  test('what is in flight is resent, and nobody is told', () => {
    expect(
      gatewayOf({
        keepalive: { fromClient: NO_PROBES, fromServer: NO_PROBES },
        retransmissions: { fromClient: 4, fromServer: 0 },
      }),
    ).toBe(
      'no keep-alive probe and no PING of it is seen on u1; TCP resends what is in flight (4 retransmissions seen) for about 15 min by default (tcp_retries2) before it tells; it gave u1 up at 10:01:32.800',
    );
  });

  test('PINGs of the gateway are told, of HTTP/1.1 none is missed, and in TLS without keys none can be read', () => {
    const keepalive = { fromClient: NO_PROBES, fromServer: NO_PROBES };
    expect(gatewayOf({ keepalive, pings: { fromClient: { sent: 3, answered: 1 }, fromServer: NO_PINGS } })).toBe(
      '3 PINGs of it, 2 without an answer; it gave u1 up at 10:01:32.800',
    );
    expect(gatewayOf({ keepalive, protocol: 'http1' })).toMatch(/^no keep-alive probe of it is seen on u1; it gave/);
    expect(gatewayOf({ keepalive, protocol: 'tls' })).toBe(
      'no keep-alive probe of it is seen on u1; its PINGs cannot be read; it gave u1 up at 10:01:32.800',
    );
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
    expect(termsOf(moment)).toEqual(expect.arrayContaining(['client', 'stand-by']));
    expect(termsOf(window)).not.toContain('client');
    expect(termsOf(window)).not.toContain('stand-by');
  });

  test.each(['text', 'markdown', 'html'] as const)('stands in %s under a heading of its own', async (format) => {
    const render = await FORMATS[format].load();
    const options = { width: 80, color: false, unicode: true, only: [], detail: 'usual' } as const;
    const told = [...render(composed(gatewayMute()), options)].join('');
    expect(told).toContain('Why nothing noticed sooner');
    expect(told.replaceAll(/\s+/g, ' ')).toContain('for the apiserver behind u1 to enforce; the client only waits');
  });
});
