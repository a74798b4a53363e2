import type { CaptureFacts } from '../../src/capture/index.ts';
import type { Incident } from '../../src/incident/index.ts';
import { type Report } from '../../src/report/index.ts';
import { composeReport } from '../build/reports.ts';
import {
  at,
  capture,
  evidence,
  file,
  finding,
  incident,
  leg,
  NO_CHECKS,
  NOTHING_MEANWHILE,
  marks,
  states,
  stream,
  window,
} from './incident-builder.ts';

/** The four stories that the golden files tell. */

const WATCH = '/api/v1/pods?allowWatchBookmarks=true&resourceVersion=4711&timeoutSeconds=437&watch=true';

export function composed(told: { incident: Incident; capture: CaptureFacts }): Report {
  return composeReport(told.incident, told.capture, '1.0.0');
}

/** The incident: the gateway's own packets to u1 never leave, the watch hangs, u2 stands by, the capture ends before it does. */
export function gatewayMute(path: string = WATCH): { incident: Incident; capture: CaptureFacts } {
  const end = 372;
  const pings = [
    [103, 82],
    [107, 112],
    [110, 142],
    [114, 202],
    [120, 262],
    [133, 352],
  ] as const;
  const resent = [
    [95, 52.215],
    [96, 52.43],
    [97, 52.86],
    [98, 53.7],
    [99, 55.4],
    [100, 58.8],
    [106, 79],
    [113, 133],
    [126, 271.5],
  ] as const;
  const events = [
    [20, 4.2],
    [31, 9.8],
    [64, 18.1],
    [88, 34.3],
  ] as const;
  const watch = stream(7, path, at(12, 1.4), { lastData: [null, at(91, 34.31)] });
  const c1 = leg(
    {
      id: 'c1',
      client: '10.9.1.2:49739',
      server: '10.9.1.1:80',
      last: at(134, 352.01),
      flows: [{ packets: 40, pings: 6, pingsAnswered: 6 }, { packets: 44 }],
      marks: [
        ...marks('syn', 'client', [1, 0]),
        ...marks('request', 'client', [4, 0.1], [12, 1.4]),
        ...marks('data', 'server', ...events),
        ...marks('ping', 'client', ...pings),
      ],
      streams: [watch],
      liveness: states(
        end,
        [0, 'alive'],
        [44.3, 'idle'],
        ...pings.flatMap(([, seconds]) => [[seconds, 'alive'] as const, [seconds + 10, 'idle'] as const]),
      ),
    },
    0,
  );
  const u1 = leg(
    {
      id: 'u1',
      client: '10.9.2.1:40112',
      server: '10.9.2.2:8080',
      last: at(126, 271.5),
      flows: [{ packets: 14 }, { packets: 27, retransmissions: 9 }],
      marks: [
        ...marks('request', 'client', [13, 1.41]),
        ...marks('data', 'server', ...events),
        ...marks('retransmission', 'server', ...resent),
      ],
      streams: [stream(13, path, at(13, 1.41))],
      liveness: states(end, [0, 'alive'], [44.3, 'idle'], [52, 'dead', 'client']),
    },
    1,
  );
  const u2 = leg(
    {
      id: 'u2',
      client: '10.9.3.1:37982',
      server: '10.9.3.2:8080',
      last: at(62, 16),
      marks: marks('request', 'client', [5, 0.1]),
      opened: 'before-capture',
      liveness: states(end, [0, 'alive'], [10, 'idle']),
    },
    2,
  );
  const tries = resent.map(([packet, seconds], i) =>
    evidence('u1', 'retransmission', 'server', at(packet, seconds), i + 1),
  );
  const answers = pings.flatMap(([packet, seconds]) => [
    evidence('c1', 'client-ping', 'client', at(packet, seconds), 1),
    evidence('c1', 'client-ping-answered', 'server', at(packet + 1, seconds + 0.01), 1),
  ]);
  return {
    capture: capture(end),
    incident: incident({
      verdict: { state: 'half-dead', confidence: 'confirmed', reason: { kind: 'windows', count: 1 } },
      gateways: [{ addresses: ['10.9.1.1', '10.9.2.1', '10.9.3.1'], how: 'both-sides' }],
      connections: [c1, u1, u2],
      links: [
        {
          client: 'c1',
          upstream: 'u1',
          method: 'request-id',
          confidence: 0.99,
          streams: [[7, 13]],
          candidates: 1,
          runnerUp: null,
        },
      ],
      windows: [
        window({
          fromNs: 52e9,
          durationNs: (end - 52) * 1e9,
          onset: { lastHeardNs: 34.3e9, firstUnansweredNs: 52e9 },
          cause: 'path-one-way',
          oneWay: 'gateway-mute',
          streams: [
            {
              tunnel: null,
              id: 7,
              kind: 'watch',
              path,
              resource: 'pods',
              userAgent: 'kubelet/v1.18.20 (linux/amd64) kubernetes/1f3e19b',
              upstreamStream: { tunnel: null, id: 13 },
              silentSinceNs: 34.31e9,
              outcome: 'hung',
              status: null,
              grpcStatus: null,
              recoveredBy: null,
            },
          ],
          alternatives: [{ upstream: 'u2', requestsDuring: 0, unused: true }],
          meanwhile: { ...NOTHING_MEANWHILE, pings: 6, pingsAnswered: 6 },
          evidence: [
            evidence('u1', 'last-heard', 'client', at(89, 34.3)),
            evidence('u1', 'first-unanswered', 'server', at(92, 52)),
            ...[...tries, ...answers].toSorted((a, b) => a.at.timeNs - b.at.timeNs),
          ],
        }),
      ],
      findings: [
        finding(
          'upstream-mute-gateway',
          'critical',
          { upstreamPackets: 10, spanNs: 219.5e9, lastGatewayPacketNs: 34.3e9 },
          'u1',
          [at(89, 34.3), at(92, 52), ...resent.map(([packet, seconds]) => at(packet, seconds))],
        ),
        finding('alternative-unused', 'critical', { alternative: 'u2', windowNs: 320e9 }, 'u2', [at(62, 16)]),
        finding('ping-answered-by-gateway', 'info', { pings: 6, windowNs: 320e9 }, 'c1', [at(103, 82), at(104, 82.01)]),
      ],
      trust: [
        { code: 'begun-mid-stream', connection: 'u2', weakens: ['links', 'streams'], packets: [at(5, 0.1)], count: 1 },
      ],
    }),
  };
}

/** Keep-alive probes, the gateway gives the upstream up, the client's new stream goes to u2. */
export function recovered(): { incident: Incident; capture: CaptureFacts } {
  const end = 122;
  const c1 = leg(
    {
      id: 'c1',
      client: '[2001:db8::1:2]:49739',
      server: '[2001:db8::1:1]:80',
      last: at(130, 121),
      marks: [
        ...marks('request', 'client', [4, 0.1], [85, 94.1]),
        ...marks('rst-stream', 'server', [83, 92.8]),
        ...marks('data', 'server', [20, 2.3], [99, 110]),
      ],
      streams: [
        stream(7, WATCH, at(4, 0.1), { reset: { by: 1, at: at(83, 92.8), errorCode: 2 } }),
        stream(9, WATCH, at(85, 94.1)),
      ],
      liveness: states(end, [0, 'alive'], [12.3, 'idle'], [92.8, 'alive']),
    },
    0,
  );
  const u1 = leg(
    {
      id: 'u1',
      client: '[2001:db8::2:1]:40112',
      server: '[2001:db8::2:2]:8080',
      last: at(82, 92.8),
      flows: [{ keepAliveProbes: 3 }, {}],
      marks: [
        ...marks('request', 'client', [5, 0.1]),
        ...marks('keep-alive', 'client', [76, 62.3], [77, 72.3], [78, 82.5]),
        ...marks('rst', 'client', [82, 92.8]),
      ],
      streams: [stream(3, WATCH, at(5, 0.1))],
      closed: { how: 'rst', by: 'client', at: at(82, 92.8) },
      trace: { closes: [{ kind: 'rst', by: 0, at: at(82, 92.8), accepted: true, answersSyn: false, ttl: 64 }] },
      liveness: states(end, [0, 'alive'], [12.3, 'idle'], [62.3, 'dead', 'server'], [92.8, 'closed']),
    },
    1,
  );
  const u2 = leg(
    {
      id: 'u2',
      client: '[2001:db8::3:1]:37982',
      server: '[2001:db8::3:2]:8080',
      last: at(130, 121),
      flows: [{ keepAliveProbes: 1, keepAliveAnswered: 1 }, {}],
      marks: [...marks('keep-alive', 'client', [70, 61]), ...marks('request', 'client', [86, 94.1])],
      liveness: states(end, [0, 'alive'], [10, 'idle'], [61, 'alive'], [71, 'idle'], [94.1, 'alive']),
    },
    2,
  );
  return {
    capture: capture(end, { files: [file('gateway-keepalive.pcap', { resolutionDigits: 9, truncated: true })] }),
    incident: incident({
      verdict: { state: 'half-dead', confidence: 'confirmed', reason: { kind: 'windows', count: 1 } },
      gateways: [{ addresses: ['2001:db8::1:1', '2001:db8::2:1', '2001:db8::3:1'], how: 'joins' }],
      connections: [c1, u1, u2],
      links: [
        {
          client: 'c1',
          upstream: 'u1',
          method: 'request',
          confidence: 0.97,
          streams: [[7, 3]],
          candidates: 1,
          runnerUp: null,
        },
      ],
      windows: [
        window({
          fromNs: 62.3e9,
          toNs: 92.8e9,
          durationNs: 30.5e9,
          onset: { lastHeardNs: 2.3e9, firstUnansweredNs: 62.3e9 },
          checks: { ...NO_CHECKS, probes: 3 },
          end: { how: 'gateway-closed', at: at(82, 92.8) },
          streams: [
            {
              tunnel: null,
              id: 7,
              kind: 'watch',
              path: WATCH,
              resource: 'pods',
              userAgent: null,
              upstreamStream: { tunnel: null, id: 3 },
              silentSinceNs: 2.3e9,
              outcome: 'reset',
              status: null,
              grpcStatus: null,
              recoveredBy: { stream: { tunnel: null, id: 9 }, upstream: 'u2' },
            },
          ],
          alternatives: [{ upstream: 'u2', requestsDuring: 0, unused: true }],
          evidence: [
            evidence('u1', 'last-heard', 'server', at(20, 2.3)),
            evidence('u1', 'first-unanswered', 'client', at(76, 62.3)),
            evidence('u1', 'probe', 'client', at(77, 72.3), 2),
            evidence('u1', 'probe', 'client', at(78, 82.5), 3),
            evidence('u1', 'close', 'client', at(82, 92.8)),
            evidence('c1', 'stream-reset', 'server', at(83, 92.8), 7),
            evidence('c1', 'recovered', 'client', at(85, 94.1), 9),
          ],
        }),
      ],
      findings: [
        finding('upstream-probes-unanswered', 'critical', { probes: 3, intervalNs: 10e9, thenClosed: true }, 'u1', [
          at(76, 62.3),
          at(77, 72.3),
          at(78, 82.5),
          at(82, 92.8),
        ]),
      ],
    }),
  };
}

export function healthy(): { incident: Incident; capture: CaptureFacts } {
  const end = 283;
  const beats = [
    [30, 15],
    [60, 75],
    [90, 135],
    [120, 195],
    [150, 255],
  ] as const;
  const probed = [{ keepAliveProbes: 5, keepAliveAnswered: 5 }, {}] as const;
  const connections = [
    leg(
      {
        id: 'c1',
        client: '10.9.1.2:49739',
        server: '10.9.1.1:80',
        last: at(268, end),
        marks: [...marks('request', 'client', [4, 0.1], [6, 0.3]), ...marks('data', 'server', ...beats)],
        streams: [
          stream(7, WATCH, at(4, 0.1)),
          stream(9, '/api/v1/namespaces/web/pods/front/exec?command=***', at(6, 0.3)),
        ],
        liveness: states(end, [0, 'alive'], [25, 'idle'], [75, 'alive'], [85, 'idle'], [135, 'alive']),
      },
      0,
    ),
    leg(
      {
        id: 'u1',
        client: '10.9.2.1:40112',
        server: '10.9.2.2:8080',
        last: at(268, end),
        flows: probed,
        marks: marks('keep-alive', 'client', ...beats),
        liveness: states(end, [0, 'alive']),
      },
      1,
    ),
    leg(
      {
        id: 'u2',
        client: '10.9.3.1:37982',
        server: '10.9.3.2:8080',
        last: at(268, end),
        flows: probed,
        marks: marks('keep-alive', 'client', ...beats),
        liveness: states(end, [0, 'alive']),
      },
      2,
    ),
  ];
  return {
    capture: capture(end),
    incident: incident({
      verdict: {
        state: 'healthy',
        confidence: null,
        reason: { kind: 'no-window', clients: 1, upstreams: 2, links: 2 },
      },
      gateways: [{ addresses: ['10.9.1.1', '10.9.2.1', '10.9.3.1'], how: 'both-sides' }],
      connections,
      links: [
        {
          client: 'c1',
          upstream: 'u1',
          method: 'request-id',
          confidence: 0.99,
          streams: [[7, 13]],
          candidates: 1,
          runnerUp: null,
        },
        {
          client: 'c1',
          upstream: 'u2',
          method: 'request-id',
          confidence: 0.99,
          streams: [[9, 15]],
          candidates: 1,
          runnerUp: null,
        },
      ],
    }),
  };
}

/** Only the clients' side was captured, and the file is cut. */
export function inconclusive(): { incident: Incident; capture: CaptureFacts } {
  const end = 61.25;
  return {
    capture: capture(end, {
      files: [file('clients.pcap', { truncated: true, linkTypes: [1] })],
      warnings: [{ code: 'cut-last-record', file: 0, byte: 48_600, packet: 136, args: { heldBytes: 107 } }],
    }),
    incident: incident({
      verdict: { state: 'inconclusive', confidence: null, reason: { kind: 'no-upstream-leg' } },
      connections: [
        leg(
          {
            id: 'c1',
            client: '10.9.1.2:49739',
            server: '10.9.1.1:80',
            last: at(135, end),
            marks: marks('request', 'client', [4, 0.1], [60, 30]),
            streams: [stream(7, WATCH, at(4, 0.1))],
            liveness: states(end, [0, 'alive'], [40, 'idle']),
          },
          0,
        ),
      ],
      undecoded: new Map([
        ['ipHeaderCut', 3],
        ['notTcp', 40],
      ]),
    }),
  };
}
