import { describe, expect, test } from 'vitest';
import type { Incident, TrustNote, VerdictReason } from '../../src/incident/index.ts';
import { FORMATS, renderJson, type Report } from '../../src/report/index.ts';
import { composeReport } from '../build/reports.ts';
import {
  at,
  capture,
  evidence,
  file,
  finding,
  incident,
  leg,
  marks,
  states,
  stream,
  window,
} from './incident-builder.ts';
import { headlineText } from '../../src/report/words/headline.ts';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';

function legs(report: Report, id: string): Report['connections'][number] {
  const found = report.connections.find((connection) => connection.id === id);
  if (found === undefined) throw new Error(`no connection ${id}`);
  return found;
}

describe('times', () => {
  test('have the six digits of the capture, and count from its base time', () => {
    const report = composed(gatewayMute());
    expect(report.capture.start).toBe('2026-11-23T10:00:00.000000Z');
    expect(report.windows[0]?.from).toBe('2026-11-23T10:00:52.000000Z');
    expect(report.windows[0]?.onset.lastHeard).toBe('2026-11-23T10:00:34.300000Z');
  });

  test('have nine digits where a file is finer than microseconds', () => {
    expect(composed(recovered()).capture.end).toBe('2026-11-23T10:02:02.000000000Z');
  });

  test('before the base time stay right: file order is not time order', () => {
    const told = healthy();
    const report = composeReport(told.incident, { ...told.capture, firstNs: -1500 }, '1.0.0');
    expect(report.capture.start).toBe('2026-11-23T09:59:59.999998Z');
    expect(report.capture.duration).toBe(283.0000015);
  });

  test('an empty capture has none', () => {
    const empty = capture(0, { packets: 0, firstNs: null, lastNs: null });
    const report = composeReport(
      incident({ verdict: { state: 'inconclusive', confidence: null, reason: { kind: 'no-tcp' } } }),
      empty,
      '1.0.0',
    );
    expect([report.capture.start, report.capture.end, report.capture.duration]).toEqual([null, null, 0]);
  });
});

describe('a connection', () => {
  test('counts by role, whichever side was seen first', () => {
    const told = leg(
      {
        id: 'u1',
        client: '10.9.2.1:40112',
        server: '10.9.2.2:8080',
        last: at(9, 9),
        flows: [
          {
            packets: 1,
            bytes: 2,
            retransmissions: 3,
            keepAliveProbes: 4,
            keepAliveAnswered: 5,
            pings: 6,
            pingsAnswered: 7,
          },
          {},
        ],
        marks: marks('request', 'client', [3, 1]),
        liveness: states(10, [0, 'alive'], [4, 'dead', 'server']),
      },
      4,
    );
    const swapped = { ...told, serverSide: 0 as const };
    const of = (one: typeof told): Report['connections'][number] =>
      legs(composeReport(incident({ verdict: HEALTHY, connections: [one] }), capture(10), '1.0.0'), 'u1');
    expect(of(told)).toMatchObject({
      role: 'upstream',
      dumpId: 't5',
      client: { ip: '10.9.2.1', port: 40112 },
      packets: { fromClient: 1, fromServer: 10 },
      bytes: { fromClient: 2 },
      retransmissions: { fromClient: 3 },
      keepalive: { fromClient: { probes: 4, answered: 5 } },
      pings: { fromClient: { sent: 6, answered: 7 } },
      marks: [{ packet: 3, kind: 'request', by: 'client', count: 1 }],
      liveness: [
        { state: 'alive', owedBy: null },
        { state: 'dead', owedBy: 'server' },
      ],
    });
    expect(of(swapped)).toMatchObject({
      client: { ip: '10.9.2.2', port: 8080 },
      packets: { fromClient: 10, fromServer: 1 },
      marks: [{ by: 'server' }],
    });
  });

  test('whose protocol no payload told is tcp', () => {
    const told = leg(
      {
        id: 'o1',
        client: '10.0.0.1:5',
        server: '10.0.0.2:443',
        last: at(2, 1),
        liveness: [],
        trace: { protocol: 'unknown' },
      },
      0,
    );
    const report = composeReport(incident({ verdict: HEALTHY, connections: [told] }), capture(1), '1.0.0');
    expect(legs(report, 'o1')).toMatchObject({ protocol: 'tcp', role: 'other' });
  });

  test('names the errors of GOAWAY and RST_STREAM (RFC 9113 §7); an unknown one stays a number', () => {
    const told = leg(
      {
        id: 'u1',
        client: '10.9.2.1:40112',
        server: '10.9.2.2:8080',
        last: at(9, 9),
        liveness: [],
        streams: [stream(3, '/a', at(2, 1), { reset: { by: 1, at: at(5, 2), errorCode: 7 } })],
        trace: { goaways: [{ by: 1, at: at(6, 3), lastStreamId: 3, errorCode: 0x1a, debug: 'x' }] },
      },
      0,
    );
    const report = composeReport(incident({ verdict: HEALTHY, connections: [told] }), capture(10), '1.0.0');
    expect(legs(report, 'u1').streams[0]).toMatchObject({ how: 'rst-stream', error: 'REFUSED_STREAM' });
    expect(legs(report, 'u1').goaways[0]).toMatchObject({ error: '0x1a', lastStreamId: 3, debug: 'x', by: 'server' });
  });

  test('that closes takes its open streams with it; a complete response had ended before', () => {
    const closed = { how: 'rst', by: 'server', at: at(8, 8) } as const;
    const streams = [
      stream(1, '/a', at(2, 1), { ended: [at(2, 1), at(3, 2)] }),
      stream(3, '/b', at(4, 3)),
      stream(5, '/c', at(4, 3), { request: null, status: null }),
    ];
    const told = leg(
      { id: 'u1', client: '10.9.2.1:40112', server: '10.9.2.2:8080', last: at(8, 8), liveness: [], closed, streams },
      0,
    );
    const report = composeReport(incident({ verdict: HEALTHY, connections: [told] }), capture(10), '1.0.0');
    expect(legs(report, 'u1').streams.map(({ how }) => how)).toEqual(['end-stream', 'connection', 'connection']);
    expect(legs(report, 'u1').streams[2]).toMatchObject({ method: null, path: null, kind: 'unknown', status: null });
    expect(legs(report, 'u1').closed).toMatchObject({ how: 'rst', by: 'server', packet: 8 });
  });

  test('among very many keeps its most telling marks', () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      leg(
        {
          id: `u${i + 1}`,
          client: '10.9.2.1:40112',
          server: '10.9.2.2:8080',
          last: at(9, 9),
          liveness: [],
          marks: [
            ...marks('data', 'server', [1, 0], [2, 1], [3, 2], [4, 3], [5, 4]),
            ...marks('rst', 'server', [9, 9]),
          ],
        },
        i,
      ),
    );
    const report = composeReport(incident({ verdict: HEALTHY, connections: many }), capture(10), '1.0.0');
    const kinds = report.connections[0]?.marks.map(({ kind }) => kind) ?? [];
    expect(kinds).toHaveLength(4);
    expect(kinds.at(-1)).toBe('rst');
  });
});

const HEALTHY = {
  state: 'healthy',
  confidence: null,
  reason: { kind: 'no-window', clients: 0, upstreams: 1, links: 0 },
} as const;

describe('several files', () => {
  test('put a file beside every packet number', () => {
    const told = recovered();
    const report = composeReport(told.incident, { ...told.capture, files: [file('a.pcap'), file('b.pcap')] }, '1.0.0');
    const missing: string[] = [];
    const visit = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return;
      for (const [key, value] of Object.entries(part)) visit(value, `${path}/${key}`);
      if ('packet' in part && typeof part.packet === 'number' && !('file' in part)) missing.push(path);
      if ('packets' in part && Array.isArray(part.packets) && !('files' in part)) missing.push(path);
    };
    visit(report, '');
    expect(missing).toEqual([]);
  });

  test('one file alone puts none', () => {
    expect(JSON.stringify(composed(recovered()).windows)).not.toContain('"file"');
  });
});

describe('findings', () => {
  test('have a sentence, a filter and arguments in seconds and times', () => {
    expect(composed(gatewayMute()).findings[0]).toMatchObject({
      code: 'upstream-mute-gateway',
      title:
        "u1 (10.9.2.2:8080): only the upstream is seen, 10 packets in 3 min 40 s; the gateway's last packet was at 10:00:34.300",
      filter: 'ip.addr == 10.9.2.1 && tcp.port == 40112 && frame.number in {89, 92, 95..100, 106, 113, 126}',
      args: { upstreamPackets: 10, spanSeconds: 219.5, lastGatewayPacketAt: '2026-11-23T10:00:34.300000Z' },
    });
  });

  test('of the whole capture have a filter all the same', () => {
    const told = finding('capture-trust', 'info', { weakness: 'one-sided', count: 3 }, null, []);
    const report = composeReport(incident({ verdict: HEALTHY, findings: [told] }), capture(1), '1.0.0');
    expect(report.findings[0]).toMatchObject({ filter: 'tcp', connection: null });
    expect(report.findings[0]?.title).toMatch(/^The capture: only one direction/);
  });

  test('a filter fits packets of several connections: by the server, or by nothing but their numbers', () => {
    const [c1] = recovered().incident.connections;
    if (c1 === undefined) throw new Error('the story has a client');
    const packets = [at(5, 0), at(6, 0), at(9, 1)];
    const findings = [
      finding('upstream-refused', 'warning', { attempts: 2 }, 'c1', packets),
      finding(
        'upstream-reset',
        'warning',
        { openStreams: 1, clientTold: true, toldBy: 'response' as const, toldAfterNs: 1e9 },
        'c1',
        packets,
      ),
    ];
    const report = composeReport(incident({ verdict: HEALTHY, connections: [c1], findings }), capture(1), '1.0.0');
    expect(report.findings.map(({ filter }) => filter)).toEqual([
      'ipv6.addr == 2001:db8::1:1 && tcp.port == 80 && frame.number in {5, 6, 9}',
      'frame.number in {5, 6, 9}',
    ]);
  });

  test('a filter names 32 packets at most, IPv6 by its own field, and no numbers of several files', () => {
    const [c1] = recovered().incident.connections;
    if (c1 === undefined) throw new Error('the story has a client');
    const packets = Array.from({ length: 100 }, (_, i) => at(2 * i + 1, i));
    const filterOf = (refs: typeof packets): string => {
      const told = finding('ping-unanswered', 'warning', { pings: 1, thenClosed: false }, 'c1', refs);
      const report = composeReport(
        incident({ verdict: HEALTHY, connections: [c1], findings: [told] }),
        capture(1),
        '1.0.0',
      );
      return report.findings[0]?.filter ?? '';
    };
    expect(filterOf(packets)).toMatch(
      /^ipv6\.addr == 2001:db8::1:2 && tcp\.port == 49739 && frame\.number in \{1, 3, .*, 63\}$/,
    );
    expect(filterOf([at(1, 0, 0), at(1, 0, 1)])).toBe('ipv6.addr == 2001:db8::1:2 && tcp.port == 49739');
  });
});

describe('the verdict', () => {
  const REASONS: readonly (readonly [reason: VerdictReason, says: RegExp])[] = [
    [{ kind: 'dead-upstream-unlinked', connection: 'u1' }, /^Upstream connection u1 \(10\.9\.2\.2:8080\) was dead/],
    [{ kind: 'stalled-upstream', connection: 'u1' }, /fell silent/],
    [{ kind: 'cancel-unseen', connection: 'u1' }, /neither to cancel it there nor to close/],
    [{ kind: 'probes-unseen', connection: 'u1', by: 'probe' }, /sent keep-alive probes .* and is not seen to any more/],
    [{ kind: 'probes-unseen', connection: 'u1', by: 'ping' }, /sent PINGs .* and is not seen to any more/],
    [
      { kind: 'no-window', clients: 1, upstreams: 2, links: 3 },
      /1 client connection, 2 upstream connections and 3 links/,
    ],
    [{ kind: 'no-gateway', connections: 4 }, /4 connections, but no host/],
    [{ kind: 'no-tcp' }, /No TCP connection could be read in this capture of 135 packets/],
    [{ kind: 'no-client-leg' }, /client's side is unknown/],
    [{ kind: 'no-upstream-leg' }, /none of its connections to an upstream/],
    [{ kind: 'one-sided', connections: ['c1', 'u1', 'u2', 'u3', 'u4'] }, /c1 \(.+\), u1 \(.+\), u2 \(.+\) and 2 more/],
    [{ kind: 'filtered' }, /Packets are missing on every connection/],
    [{ kind: 'too-early', connection: 'u1' }, /too early to tell loss from death/],
    [{ kind: 'unread', connection: 'c1' }, /missing just where they would tell/],
  ];
  for (const [reason, says] of REASONS) {
    test(`says why: ${reason.kind}`, () => {
      const told = gatewayMute();
      const verdict = { state: 'inconclusive', confidence: null, reason } as const;
      const report = composeReport({ ...told.incident, windows: [], verdict }, told.capture, '1.0.0');
      expect(report.verdict).toMatchObject({ reason: reason.kind, summary: expect.stringMatching(says) });
      expect(report.verdict.summary).toMatch(/^[A-Z].*\.$/);
    });
  }

  test.each([
    [
      { opened: 'refused' },
      /^Upstream connection u1 \(10\.9\.2\.2:8080\) was refused at 2026-11-23 10:00:00\.000 UTC, but no living client/,
    ],
    [{ opened: 'unanswered' }, /was never answered, from 2026-11-23 10:00:00\.000 UTC on, but/],
    [
      { closed: { how: 'rst', by: 'server', at: at(9, 70) } },
      /was reset by the upstream at 2026-11-23 10:01:10\.000 UTC, but/,
    ],
    [
      { closed: { how: 'rst', by: 'client', at: at(9, 70) } },
      /was dead or did not answer, since 2026-11-23 10:00:52\.000 UTC, but/,
    ],
    [
      { liveness: states(90, [0, 'alive'], [60, 'closing']) },
      /was closed by one side only, since 2026-11-23 10:01:00\.000 UTC, but/,
    ],
    [{ liveness: states(90, [0, 'alive']) }, /was dead or did not answer, but/],
  ] as const)('says what befell an upstream that nobody is linked to: %o', (change, says) => {
    const { incident: story, capture: facts } = gatewayMute();
    const connections = story.connections.map((leg) => (leg.id === 'u1' ? { ...leg, ...change } : leg));
    const reason = { kind: 'dead-upstream-unlinked', connection: 'u1' } as const;
    const verdict = { state: 'suspect', confidence: 'possible', reason } as const;
    const report = composeReport({ ...story, connections, windows: [], verdict }, facts, '1.0.0');
    expect(report.verdict.summary).toMatch(says);
  });

  test('of a window names client, upstream, since when, how long, who hung and what stood by', () => {
    expect(composed(gatewayMute()).verdict.summary).toBe(
      'The gateway kept client 10.9.1.2:49739 connected while its connection to upstream 10.9.2.2:8080 was dead in one direction, since between ' +
        '2026-11-23 10:00:34.300 UTC and 10:00:52.000, for at least 5 min 20 s (still so when the capture ends): ' +
        'watch /api/v1/pods (stream 7) hung; 10.9.3.2:8080 stood by unused.',
    );
  });

  test('of a window that is only probable says so', () => {
    const told = gatewayMute();
    const windows = told.incident.windows.map((one) => ({ ...one, confidence: 'probable' as const }));
    const report = composeReport({ ...told.incident, windows }, told.capture, '1.0.0');
    expect(report.verdict.summary).toMatch(/^Probably the gateway kept client/);
  });
});

describe('the summary', () => {
  const summaryOf = (changes: Partial<Parameters<typeof window>[0]>[]): string => {
    const told = gatewayMute();
    const windows = changes.map((change, i) => window({ id: `w${i + 1}`, ...change }));
    return composeReport({ ...told.incident, windows }, told.capture, '1.0.0').verdict.summary;
  };

  test('names the clients that only the other windows hurt', () => {
    expect(summaryOf([{}, {}])).toMatch(/; 1 more window\.$/);
    expect(summaryOf([{}, { client: 'c9' }])).toMatch(/; 1 more window, also of client c9\.$/);
  });

  test('tells how far the other windows reach, where all of them are over', () => {
    const over = { toNs: 35e9, durationNs: 5e9, end: { how: 'healed', at: at(9, 35) } } as const;
    expect(summaryOf([over, { ...over, toNs: 95e9 }])).toMatch(/; 1 more window until 10:01:35\.000\.$/);
    expect(summaryOf([over, {}])).not.toContain('until');
  });

  test('of a request that another upstream served does not say that nobody waited', () => {
    expect(summaryOf([{}])).toContain('no request of its own is known to have waited');
    expect(summaryOf([{ isInferred: true }])).toContain(': what waited on it cannot be read');
    const rerouted = { toNs: 35e9, durationNs: 5e9, end: { how: 'rerouted', at: at(9, 35) } } as const;
    expect(summaryOf([rerouted])).toContain('a request waited until another upstream served it');
  });

  test('blames nobody for an upstream that was asked nothing for less than a second', () => {
    const alternatives = [{ upstream: 'u2', requestsDuring: 0, unused: true }];
    expect(summaryOf([{ alternatives }])).toContain('stood by unused');
    expect(summaryOf([{ alternatives, toNs: 30.9e9, durationNs: 0.9e9 }])).not.toContain('stood by unused');
  });

  test('of a stalled upstream has what is owed, and whose requests it carried', () => {
    const told = healthy();
    const stalled = composeReport(
      {
        ...told.incident,
        verdict: { state: 'suspect', confidence: 'possible', reason: { kind: 'stalled-upstream', connection: 'u1' } },
        findings: [
          finding('stale-but-alive', 'warning', { quietNs: 74e9, unanswered: 4, unfinished: 0 }, 'u1', [at(5, 1)]),
        ],
      },
      told.capture,
      '1.0.0',
    );
    expect(stalled.verdict.summary).toBe(
      'Upstream connection u1 (10.9.2.2:8080) acknowledged 4 requests at TCP and answered none; the longest has waited for ' +
        '1 min 14 s. That began at 2026-11-23 10:00:01.000 UTC; nothing in the capture proves it dead. It carried requests of c1 (10.9.1.2:49739).',
    );
    expect(stalled.nextSteps[0]?.text).toContain('See whether the process behind 10.9.2.2:8080 hangs');
    expect(stalled.nextSteps[1]?.command).toBe('ip.addr == 10.9.2.1 && tcp.port == 40112');
  });

  test('of a dead upstream under clients in closed TLS asks for their secrets', () => {
    const told = healthy();
    const reportOf = (protocol: 'tls' | 'h2'): Report => {
      const connections = told.incident.connections.map((one) =>
        one.id === 'c1' ? { ...one, trace: { ...one.trace, protocol } } : one,
      );
      const verdict = {
        state: 'suspect',
        confidence: 'possible',
        reason: { kind: 'dead-upstream-unlinked', connection: 'u1' },
      } as const;
      return composeReport({ ...told.incident, verdict, connections }, told.capture, '1.0.0');
    };
    const commands = (report: Report): string => report.nextSteps.map(({ command }) => command).join('\n');
    expect(reportOf('tls').verdict.summary).toContain('in TLS that could not be opened');
    expect(commands(reportOf('tls'))).toContain('--keylog KEYS');
    expect(reportOf('h2').verdict.summary).toContain('no living client connection can be linked to it');
    expect(commands(reportOf('h2'))).not.toContain('--keylog');
  });
});

describe('the story of a window', () => {
  test('tells of several upstreams beside in one sentence', () => {
    const alternatives = [
      { upstream: 'u2', requestsDuring: 0, unused: true },
      { upstream: 'u7', requestsDuring: 5, unused: false },
    ];
    const told = gatewayMute();
    const report = composeReport({ ...told.incident, windows: [window({ alternatives })] }, told.capture, '1.0.0');
    expect(report.windows[0]?.story).toContain(
      'Open in this time, and not seen to die, were u2 (10.9.3.2:8080) with no request and u7 with 5 requests.',
    );
  });

  test('those that were asked for as much are told together', () => {
    const alternatives = ['u2', 'u7', 'u8', 'u9', 'u5'].map((upstream) => ({
      upstream,
      requestsDuring: upstream === 'u5' ? 1 : 0,
      unused: false,
    }));
    const told = gatewayMute();
    const report = composeReport({ ...told.incident, windows: [window({ alternatives })] }, told.capture, '1.0.0');
    expect(report.windows[0]?.story).toContain(
      'Open in this time, and not seen to die, were u2 (10.9.3.2:8080), u7, u8 and 1 more with no request and u5 with 1 request.',
    );
  });

  const CAUSES = [
    ['peer-silent', /stayed unanswered/],
    ['path-one-way', /One direction of this connection is dead/],
    ['reset', /reset u1/],
    ['refused', /attempt u1 was refused in the name of 10\.9\.2\.2:8080\. Its SYN is not in the capture/],
    ['goaway-ignored', /said GOAWAY/],
    ['connect-unanswered', /answered none of the gateway's SYNs/],
    ['closed-not-propagated', /streams were left open/],
  ] as const;
  for (const [cause, says] of CAUSES) {
    test(`tells the cause: ${cause}`, () => {
      const told = gatewayMute();
      const windows = told.incident.windows.map((one) => ({ ...one, cause }));
      const report = composeReport({ ...told.incident, windows }, told.capture, '1.0.0');
      expect(report.windows[0]?.story).toMatch(says);
      expect(report.nextSteps.length).toBeGreaterThan(1);
    });
  }

  test('who refused an attempt is known where the capture has its SYN', () => {
    const told = gatewayMute();
    const syn = evidence('u1', 'syn', 'client', at(80, 52));
    const windows = told.incident.windows.map((one) => ({ ...one, cause: 'refused' as const, evidence: [syn] }));
    const report = composeReport({ ...told.incident, windows }, told.capture, '1.0.0');
    expect(report.windows[0]?.story).toMatch(/10\.9\.2\.2:8080 refused the gateway's connection attempt u1/);
  });

  test('tells which direction is dead by who owes the answers', () => {
    expect(composed(gatewayMute()).windows[0]?.story).toMatch(/keeps sending there and nothing acknowledges it/);
    const told = gatewayMute();
    const connections = told.incident.connections.map((one) =>
      one.id === 'u1' ? { ...one, liveness: states(372, [0, 'alive'], [52, 'dead', 'server']) } : one,
    );
    const report = composeReport({ ...told.incident, connections }, told.capture, '1.0.0');
    expect(report.windows[0]?.story).toMatch(/acknowledges nothing that the gateway sends/);
  });

  test('a gateway that is not seen any more is told by what it did before', () => {
    const told = gatewayMute();
    const connections = told.incident.connections.map((one) => (one.id === 'u1' ? { ...one, liveness: [] } : one));
    const windows = told.incident.windows.map((one) => ({ ...one, oneWay: 'gateway-unseen' as const }));
    const report = composeReport({ ...told.incident, connections, windows }, told.capture, '1.0.0');
    const [story] = report.windows.map((one) => one.story);
    expect(story).toMatch(/keep-alive probes are not seen any more, nor does the capture show that it cancelled/);
    expect(story).not.toMatch(/acknowledges/);
  });

  test('an upstream that refused time and again is told by how long it did, and not by one try', () => {
    const told = gatewayMute();
    const connections = told.incident.connections;
    const tries = (...at: readonly number[]): Report =>
      composeReport(
        incident({
          verdict: { ...told.incident.verdict, reason: { kind: 'windows', count: at.length } },
          connections,
          windows: at.map((second, i) =>
            window({
              id: `w${i + 1}`,
              cause: 'refused',
              fromNs: second * 1e9,
              toNs: second * 1e9 + 5e5,
              durationNs: 5e5,
            }),
          ),
        }),
        told.capture,
        '1.0.0',
      );
    const { verdict } = tries(30, 40, 50);
    expect(verdict.summary).toMatch(
      /^The gateway kept 1 client connection alive while its upstream 10\.9\.2\.2:8080 refused its connections, from .* for 20 s: 3 windows, the longest under 1 ms, no stream known to be hurt\.$/,
    );
    expect(headlineText(tries(30, 40, 50))).toMatch(/: 3 windows within 20 s, the longest under 1 ms, /);
    // One try, or two within a second, are what they are.
    expect(tries(30).verdict.summary).toMatch(/was dead, since between [^,]* and 10:00:30\.000: no request/);
    expect(headlineText(tries(30, 30.5))).toMatch(/: 2 windows, the longest under 1 ms, /);
  });

  test('counts streams by what became of them', () => {
    const hurt = {
      kind: 'list',
      path: '/a',
      resource: '/a',
      userAgent: null,
      tunnel: null,
      upstreamStream: null,
      silentSinceNs: 1e9,
      recoveredBy: null,
      status: null,
      grpcStatus: null,
    };
    const streams = [
      { ...hurt, id: 1, outcome: 'hung' as const },
      { ...hurt, id: 3, outcome: 'gateway-error' as const, status: 503 },
      { ...hurt, id: 5, outcome: 'gateway-error' as const, status: 504 },
      { ...hurt, id: 7, outcome: 'reset' as const },
      { ...hurt, id: 9, outcome: 'gateway-error' as const, status: 200, grpcStatus: 14 },
    ];
    const told = gatewayMute();
    const report = composeReport({ ...told.incident, windows: [window({ streams })] }, told.capture, '1.0.0');
    expect(report.verdict.summary).toContain(
      '1 stream hung, 3 streams got grpc-status 14 (UNAVAILABLE), 503, 504 from the gateway and 1 stream was reset by the gateway',
    );
  });
});

describe('what to do', () => {
  test('keep-alive is advised where the gateway has none, with the bound that it gives', () => {
    const steps = composed(gatewayMute()).nextSteps;
    expect(steps.map(({ text }) => text).join(' ')).toContain('60 + 3 x 10 = 90 s');
    expect(steps.map(({ command }) => command)).toContain('tcpKeepalive: {time: 60s, interval: 10s, probes: 3}');
  });

  test('where the gateway probes already, its numbers are what is left', () => {
    const steps = composed(recovered()).nextSteps;
    expect(steps[0]?.text).toMatch(/^To end it sooner by TCP: the gateway does probe/);
    expect(steps.map(({ command }) => command).join()).not.toContain('tcpKeepalive');
  });

  test('where it probes another upstream, and its packets to the dead one are not seen, it is not told to switch that on', () => {
    const told = gatewayMute();
    const connections = told.incident.connections.map((one) => {
      const [client, server] = one.trace.flows;
      const flows = [{ ...client, keepAliveProbes: 3, keepAliveAnswered: 3 }, server] as const;
      return one.id === 'u2' ? { ...one, trace: { ...one.trace, flows } } : one;
    });
    const { nextSteps } = composeReport({ ...told.incident, connections }, told.capture, '1.0.0');
    const text = nextSteps.map((one) => one.text).join(' ');
    expect(text).toContain(
      'the gateway does probe its upstreams (3 keep-alive probes to 10.9.3.2:8080 in the capture)',
    );
    expect(text).toContain('connection to 10.9.2.2:8080 none is seen');
    expect(nextSteps.map(({ command }) => command).join()).not.toContain('tcpKeepalive');
  });

  test('where its data were in flight, keep-alive is said not to be enough', () => {
    const told = gatewayMute();
    const windows = told.incident.windows.map((one) => ({ ...one, cause: 'peer-silent' as const }));
    const connections = told.incident.connections.map((one) => {
      const [client, server] = one.trace.flows;
      const flows = [{ ...client, retransmissions: 10 }, server] as const;
      return one.id === 'u1' ? { ...one, trace: { ...one.trace, flows } } : one;
    });
    const report = composeReport({ ...told.incident, windows, connections }, told.capture, '1.0.0');
    expect(report.nextSteps.map(({ text }) => text).join(' ')).toContain('Here it is not enough');
    const oneWay = composeReport({ ...told.incident, connections }, told.capture, '1.0.0');
    expect(oneWay.windows[0]?.cause).toBe('path-one-way');
    expect(oneWay.nextSteps.map(({ text }) => text).join(' ')).not.toContain('Here it would fire late');
  });

  test('several clients that hang are told so', () => {
    const told = gatewayMute();
    const windows = [window({}), window({ id: 'w2', client: 'c9' })];
    const report = composeReport({ ...told.incident, windows }, told.capture, '1.0.0');
    expect(report.nextSteps[0]?.text).toMatch(
      / and c9 still hang, restart those components or close their connections/,
    );
  });

  describe('an inconclusive capture gets the command that would answer, ready to run', () => {
    const commandOf = (reason: VerdictReason, { connections }: Incident = healthy().incident): string | null => {
      const verdict = { state: 'inconclusive', confidence: null, reason } as const;
      const { nextSteps } = composeReport(incident({ verdict, connections }), capture(60), '1.0.0');
      return nextSteps.find(({ command }) => command?.includes('tcpdump'))?.command ?? null;
    };
    const EARLY: VerdictReason = { kind: 'too-early', connection: 'u1' };
    const VERDICT = { state: 'inconclusive', confidence: null, reason: EARLY } as const;

    test('with the ports of both sides, where it shows them', () => {
      expect(commandOf(EARLY)).toBe("timeout 900 tcpdump -i any -w gateway.pcap 'tcp port 80 or tcp port 8080'");
    });

    test('with all of TCP where it does not show the ports of a side, or may lack one', () => {
      const whole = "timeout 900 tcpdump -i any -w gateway.pcap 'tcp and not port 22'";
      expect(composed(inconclusive()).nextSteps[0]?.command).toBe(whole);
      expect(commandOf({ kind: 'no-gateway', connections: 0 }, incident({ verdict: VERDICT, connections: [] }))).toBe(
        whole,
      );
      expect(commandOf({ kind: 'requests-unseen', connection: 'c1', count: 1 })).toBe(whole);
    });

    test('with a larger buffer where packets were lost', () => {
      expect(commandOf({ kind: 'unread', connection: 'c1' })).toContain('tcpdump -i any -B 65536 -w');
    });

    test.each([
      [437, 900],
      [1800, 1860],
      [1805, 1920],
      [999_999_999, 7200],
    ])('for longer than the watch that asked for %i s', (asked, seconds) => {
      const [c1, ...others] = healthy().incident.connections;
      if (c1 === undefined) throw new Error('the story has a client');
      const watch = stream(21, `/api/v1/pods?timeoutSeconds=${asked}&watch=true`, at(7, 1));
      const connections = [{ ...c1, streams: [...c1.streams, watch] }, ...others];
      expect(commandOf(EARLY, incident({ verdict: VERDICT, connections }))).toContain(`timeout ${seconds} tcpdump`);
    });

    test('behind the one that lets the gateway be found, where the command line hides a side of it', () => {
      const verdict = {
        state: 'inconclusive',
        confidence: null,
        reason: { kind: 'hints-unfit', clients: 1, upstreams: 0 },
      } as const;
      const told = composeReport(incident({ verdict }), capture(60), '1.0.0');
      expect(told.verdict.summary).toMatch(
        /^What the command line says .* leaves 1 client connection and no upstream connection; without it/,
      );
      expect(told.nextSteps.map(({ command }) => command)).toEqual([
        'watchpcap analyze FILE',
        expect.stringContaining('tcpdump'),
      ]);
    });
  });

  test('a healthy one gets the command to look again', () => {
    expect(composed(healthy()).nextSteps[0]?.command).toBe(
      "tcpdump -i any -w gateway.pcap 'tcp port 80 or tcp port 8080'",
    );
  });

  test('a window that is over asks nobody to restart anything', () => {
    expect(
      composed(recovered())
        .nextSteps.map(({ text }) => text)
        .join(' '),
    ).not.toContain('restart');
  });
});

describe('trust', () => {
  test('has the notes of the model, what could not be decoded and the bounds that were hit', () => {
    const note: TrustNote = {
      code: 'missing-bytes',
      connection: 'u1',
      weakens: ['streams'],
      packets: [at(3, 1)],
      count: 9,
    };
    const report = composeReport(
      incident({
        verdict: HEALTHY,
        trust: [note],
        undecoded: new Map([
          ['ipHeaderCut', 2],
          ['notIp', 7],
        ]),
        duplicates: 6,
        limits: [{ limit: 'open-streams', bound: 10, count: 4 }],
      }),
      { ...capture(1), warningsOmitted: 5 },
      '1.0.0',
    );
    expect(report.trust.map(({ code, count }) => [code, count])).toEqual([
      ['missing-bytes', 9],
      ['undecoded', 2],
      ['duplicates', 6],
      ['warnings-omitted', 5],
      ['limit', 4],
    ]);
    expect(report.capture).toMatchObject({ undecoded: 2, duplicates: 6 });
  });

  test('warnings have a sentence for each code', () => {
    const report = composed(inconclusive());
    expect(report.capture.warnings).toEqual([
      {
        code: 'cut-last-record',
        args: { heldBytes: 107 },
        message: 'the file ends within its last record, of which 107 bytes are there; all before it was analysed',
        file: 0,
        byte: 48_600,
        packet: 136,
      },
    ]);
  });
});

describe('formats', () => {
  test('JSON ends in one newline and reads back as the report', async () => {
    const report = composed(gatewayMute('/\u001b[31m"\u2028'));
    const render = await FORMATS.json.load();
    const text = [
      ...render(report, { width: 80, color: true, unicode: true, only: [], detail: 'usual' as const }),
    ].join('');
    expect(text).toBe(`${JSON.stringify(report, null, 2)}\n`);
    expect(JSON.parse(text)).toEqual(report);
  });

  test('the same input gives the same bytes', () => {
    expect([...renderJson(composed(gatewayMute()))]).toEqual([...renderJson(composed(gatewayMute()))]);
  });

  test('text is found by its name', async () => {
    const render = await FORMATS.text.load();
    expect(
      [
        ...render(composed(healthy()), { width: 80, color: false, unicode: true, only: [], detail: 'usual' as const }),
      ].join(''),
    ).toContain('healthy');
  });
});

test('evidence says who sent what, in the words of the leg', () => {
  const told = gatewayMute();
  const rows = [
    evidence('u1', 'goaway', 'server', at(1, 1), 7),
    evidence('c1', 'gateway-response', 'server', at(2, 2), 503),
    evidence('u1', 'refused', 'server', at(3, 3)),
    evidence('c1', 'request', 'client', at(4, 4), 9),
    evidence('u1', 'answered', 'server', at(5, 5)),
  ];
  const report = composeReport({ ...told.incident, windows: [window({ evidence: rows })] }, told.capture, '1.0.0');
  expect(report.windows[0]?.evidence.map(({ text }) => text)).toEqual([
    'GOAWAY by the upstream, last stream 7',
    '503 made by the gateway itself',
    'SYN answered with RST by the upstream',
    'request by the client on stream 9',
    'the upstream answers again',
  ]);
});
