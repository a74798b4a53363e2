import { describe, expect, test } from 'vitest';
import type { Finding, FindingArgs, FindingCode } from '../../src/incident/index.ts';
import { capture, finding, incident } from './incident-builder.ts';
import { gatewayMute } from './scenarios.ts';
import { reasonText } from '../../src/report/words/reason.ts';
import { composeReport } from '../build/reports.ts';
import { statusText } from '../../src/report/words/status.ts';
import { toldText } from '../../src/report/words/telling.ts';

/** What each finding says of u1 (10.9.2.2:8080); the sentence is the contract with the reader. */
const SENTENCES: { readonly [C in FindingCode]: readonly [args: FindingArgs[C], title: string] } = {
  'upstream-unanswered': [
    { retransmissions: 7, spanNs: 25.4e9, stillOpen: true },
    'u1 (10.9.2.2:8080) left 7 retransmissions unanswered, sent over 25.4 s; no answer until the capture ends',
  ],
  'upstream-silent': [
    { quietNs: 180e9, deadBeside: null, heldRequests: 0, heldBytes: 0, rhythm: null, everyNs: null },
    'u1 (10.9.2.2:8080) sent nothing for 3 min, on a watch that had brought events and had asked for bookmarks, one about each minute',
  ],
  'upstream-mute-gateway': [
    { upstreamPackets: 1, spanNs: 9e9, lastGatewayPacketNs: 61e9 },
    "u1 (10.9.2.2:8080): only the upstream is seen, 1 packet in 9 s; the gateway's last packet was at 10:01:01.000",
  ],
  'acknowledged-in-vain': [
    { by: 'server', retransmissions: 4, spanNs: 6e9 },
    'u1 (10.9.2.2:8080): the upstream sent acknowledged bytes again, 4 times in 6 s: what acknowledges them does not arrive',
  ],
  'upstream-closed': [
    { streams: 2, waitedNs: 45e9 },
    'u1 (10.9.2.2:8080) closed the connection; 2 client streams stayed open on it for 45 s',
  ],
  'upstream-probes-unanswered': [
    { probes: 3, intervalNs: null, thenClosed: false },
    'u1 (10.9.2.2:8080) answered none of 3 keep-alive probes',
  ],
  'upstream-reset': [
    { openStreams: 2, clientTold: false, toldBy: null, toldAfterNs: null },
    'u1 (10.9.2.2:8080) reset the connection with 2 streams open; nothing in the capture tells the client',
  ],
  'upstream-refused': [{ attempts: 1 }, 'u1 (10.9.2.2:8080) refused 1 connection attempt'],
  'connect-unanswered': [
    { syns: 5, spanNs: 4.1e9, answeredInVain: false },
    'u1 (10.9.2.2:8080) answered none of 5 SYNs in 4.1 s',
  ],
  'goaway-not-propagated': [
    { lastStreamId: 7, waitedNs: 41e9, streams: 2 },
    'u1 (10.9.2.2:8080) said GOAWAY (last stream 7); 2 streams waited on for 41 s and the client was not told',
  ],
  'streams-on-dead-connection': [{ requests: 3 }, '3 requests went into u1 (10.9.2.2:8080) after it had died'],
  'alternative-unused': [
    { alternative: 'u2', windowNs: 300e9 },
    'u2 (10.9.3.2:8080) was open all through the window of 5 min, not seen to die, and got no request',
  ],
  'gateway-made-response': [
    { status: 503, grpcStatus: null, count: 2, reason: null },
    'u1 (10.9.2.2:8080): 2 responses 503 with no upstream response behind: made by the gateway',
  ],
  'watch-overdue': [
    { timeoutSeconds: 300, openNs: 540e9, bookmarksQuietNs: null },
    'u1 (10.9.2.2:8080): a watch that asked for 300 s was still open after 9 min',
  ],
  'stale-but-alive': [
    { quietNs: 300e9, unanswered: 0, unfinished: 0 },
    'u1 (10.9.2.2:8080) answers at TCP and HTTP/2, but brought no data and no bookmark for 5 min',
  ],
  'idle-timeout-cut': [
    { quietNs: 600e9, by: 'rst-stream' },
    'u1 (10.9.2.2:8080): the gateway cut a healthy, quiet stream after 10 min (RST_STREAM), consistent with an idle timeout',
  ],
  'ping-answered-by-gateway': [
    { pings: 1, windowNs: 30e9 },
    'u1 (10.9.2.1:40112): the gateway answered 1 PING of the client in the 30 s in which the upstream connection was dead; a PING checks the gateway only',
  ],
  'ping-unanswered': [
    { pings: 2, thenClosed: true },
    'u1 (10.9.2.2:8080): 2 PINGs without an answer, and then whoever had asked closed the connection',
  ],
  'client-gone': [
    { tries: 1 },
    'u1 (10.9.2.2:8080) stopped answering (1 try): here the client went away, not the upstream',
  ],
  'recovered-loss': [
    { retransmissions: 4, spanNs: 3e9 },
    'u1 (10.9.2.2:8080): 4 retransmissions in 3 s, then acknowledged; degraded, not dead',
  ],
  'retry-refused-stream': [
    { streams: 3, retried: 2 },
    'u1 (10.9.2.2:8080): 3 streams refused before being processed and safe to retry; 2 retried',
  ],
  'zero-window-stall': [
    { spanNs: 41e9 },
    'u1 (10.9.2.2:8080): the receive window was closed for 41 s; the reader is slow, not the sender',
  ],
  'flow-control-stall': [
    { reader: 'server', window: 'connection', streams: 2, spanNs: 41e9, stillOpen: true },
    "u1 (10.9.2.2:8080): the connection's HTTP/2 window, and with it 2 open streams, was spent for 41 s and the upstream gave no WINDOW_UPDATE, still so when the capture ends: the reader stalls, not the sender",
  ],
  'middlebox-idle-drop': [
    { gapNs: 400e9, survivedNs: 0, met: 'reset' },
    'u1 (10.9.2.2:8080) was silent for 6 min 40 s, then its first packet was answered by RST: consistent with the idle timeout of Azure Load Balancer (240 s), F5 BIG-IP (300 s) and AWS NLB (350 s)',
  ],
  'too-many-pings': [
    { debug: 'too_many_pings' },
    'u1 (10.9.2.2:8080): GOAWAY ENHANCE_YOUR_CALM "too_many_pings": pings came too often',
  ],
  'reset-not-from-peer': [
    {
      ttl: 64,
      usualTtl: 61,
      ipId: 54_321,
      lastIpId: 1022,
      window: 0,
      timestamps: false,
      usualTimestamps: true,
      spokeOnNs: 1.2e9,
    },
    "u1 (10.9.2.2:8080): the RST has TTL 64, the peer's other packets 61; a middlebox may have made it (the peer sent on 1.2 s after it, IP identification 54321 after 1022, no timestamps, as the others have)",
  ],
  'icmp-error': [
    { count: 2, ipVersion: 4, type: 3, icmpCode: 1, about: 'client' },
    'u1 (10.9.2.2:8080): 2 ICMP errors about packets of the client: host unreachable',
  ],
  'capture-trust': [
    { weakness: 'new-weakness', count: 2 },
    'u1 (10.9.2.2:8080): weakness of the capture: new-weakness (2)',
  ],
};

function titleOf(told: Finding): string | undefined {
  const verdict = gatewayMute().incident.verdict;
  const { connections } = gatewayMute().incident;
  return composeReport(incident({ verdict, connections, findings: [told] }), capture(1), '1.0.0').findings[0]?.title;
}

describe('findings', () => {
  for (const [code, [args, title]] of Object.entries(SENTENCES)) {
    test(`${code}: one plain sentence`, () => {
      expect(titleOf(finding(code as FindingCode, 'info', args as FindingArgs[FindingCode], 'u1', []))).toBe(title);
    });
  }

  test('stale-but-alive with requests that wait counts them', () => {
    const told = finding('stale-but-alive', 'warning', { quietNs: 300e9, unanswered: 2, unfinished: 0 }, 'u1', []);
    expect(titleOf(told)).toMatch(/acknowledged 2 requests at TCP and answered none/);
  });

  test('stale-but-alive with responses that stopped counts those', () => {
    const title = (unfinished: number): string | undefined =>
      titleOf(finding('stale-but-alive', 'warning', { quietNs: 300e9, unanswered: 0, unfinished }, 'u1', []));
    expect(title(1)).toMatch(
      / began 1 response and did not finish it; it has waited for 5 min: its process hangs, or large/,
    );
    expect(title(2)).toMatch(/ began 2 responses and did not finish any of them; the longest has waited for 5 min/);
  });

  test('upstream-silent beside a dead connection says which one', () => {
    const told = finding(
      'upstream-silent',
      'warning',
      { quietNs: 90e9, deadBeside: 'u2', heldRequests: 0, heldBytes: 0, rhythm: null, everyNs: null },
      'u1',
      [],
    );
    expect(titleOf(told)).toMatch(/^u1 \(10\.9\.2\.2:8080\) sent nothing for 1 min 30 s; .* its server is dead on u2/);
  });

  test('upstream-silent with clients waiting says for how many requests', () => {
    const told = finding(
      'upstream-silent',
      'warning',
      { quietNs: 90e9, deadBeside: null, heldRequests: 3, heldBytes: 0, rhythm: null, everyNs: null },
      'u1',
      [],
    );
    expect(titleOf(told)).toMatch(
      /no packet for 1 min 30 s, while 3 requests of clients that it served before got no answer/,
    );
  });

  test('upstream-reset says when and how the client was told; a report of an older version only that it was', () => {
    const span = (seconds: number): string => `${seconds} s`;
    expect(toldText({ clientTold: true, toldBy: 'rst-stream', toldAfterSeconds: 0.02 }, span)).toBe(
      'the client was told at once, by RST_STREAM',
    );
    expect(toldText({ clientTold: true, toldBy: 'closed', toldAfterSeconds: 2 }, span)).toBe(
      'the client was told after 2 s, by closing its connection',
    );
    expect(toldText({ clientTold: true }, span)).toBe('the client was told');
  });

  test('watch-overdue says which of its two nets did not fire, or that neither did', () => {
    const overdue = (timeoutSeconds: number | null, bookmarksQuietNs: number | null): string | undefined =>
      titleOf(finding('watch-overdue', 'warning', { timeoutSeconds, openNs: 540e9, bookmarksQuietNs }, 'u1', []));
    expect(overdue(null, 240e9)).toMatch(
      /: a watch was still open after 9 min, and got nothing for 4 min, though a bookmark was due each minute$/,
    );
    expect(overdue(300, 240e9)).toMatch(
      /: a watch that asked for 300 s was still open after 9 min, and got nothing for 4 min/,
    );
  });

  test('reset-not-from-peer with the same TTL says what tells of it instead', () => {
    const same = {
      ttl: 61,
      usualTtl: 61,
      ipId: null,
      lastIpId: null,
      window: 0,
      timestamps: null,
      usualTimestamps: null,
    };
    const told = finding('reset-not-from-peer', 'info', { ...same, spokeOnNs: 1.2e9 }, 'u1', []);
    expect(titleOf(told)).toBe(
      'u1 (10.9.2.2:8080): after a RST its side sent on; a middlebox, or a firewall at the peer, may have made the RST (the peer sent on 1.2 s after it)',
    );
  });

  test('upstream-silent with a tunnel says how much was typed in vain', () => {
    const args = { quietNs: 90e9, deadBeside: null, heldRequests: 0, heldBytes: 30, rhythm: null, everyNs: null };
    expect(titleOf(finding('upstream-silent', 'warning', args, 'u1', []))).toMatch(
      /no packet for 1 min 30 s, while 30 bytes of a client's input came in and left the gateway on no connection/,
    );
  });

  test('upstream-silent without its own beat says which, and how often it came', () => {
    const silent = (rhythm: 'probe' | 'ping', everyNs: number): string | undefined => {
      const args = { quietNs: 480e9, deadBeside: null, heldRequests: 0, heldBytes: 0, rhythm, everyNs };
      return titleOf(finding('upstream-silent', 'warning', args, 'u1', []));
    };
    expect(silent('probe', 15e9)).toBe(
      'u1 (10.9.2.2:8080) sent nothing for 8 min; while the connection was idle before, a keep-alive probe of it came each 15 s',
    );
    expect(silent('ping', 30e9)).toMatch(/, a PING of it came each 30 s$/);
  });

  test('debug data of any length stay one short quotation', () => {
    const told = finding('too-many-pings', 'info', { debug: 'x'.repeat(16_384) }, 'u1', []);
    expect(titleOf(told)?.length).toBeLessThan(200);
  });
});

test('what a gRPC call got is its own status; its HTTP status says 200', () => {
  expect(statusText(200, 14)).toBe('grpc-status 14 (UNAVAILABLE)');
  expect(statusText(200, 99)).toBe('grpc-status 99');
  expect([statusText(503, null), statusText(503, undefined), statusText(null, null)]).toEqual(['503', '503', '']);
});

test('a response that a gateway made says why, where its body did; a report of an older version has no such word', () => {
  expect(reasonText('no-healthy-upstream')).toBe(' (no healthy upstream)');
  expect([reasonText(null), reasonText(undefined)]).toEqual(['', '']);
});
