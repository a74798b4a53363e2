import type { Explanation, ExplainingCode } from './explanation.ts';

/** Codes that explain or exonerate. */
export const EXPLAINING: Readonly<Record<ExplainingCode, Explanation>> = {
  'idle-timeout-cut': {
    meaning:
      'The gateway cut a stream, or said GOAWAY to its connection, after a round number of quiet seconds although its upstream was healthy: the price of stream_idle_timeout, which cannot tell quiet from dead.',
    evidence:
      'RST_STREAM by the gateway a multiple of 5 s after the last frame of the stream, or GOAWAY (NO_ERROR) so long after the last of any stream; the upstream leg alive or idle then.',
    todo: [
      'Set the timeout per route, so that exec, attach, port-forward and followed logs have none; use keep-alive to find dead upstreams.',
    ],
    seenIn: ['gardener/gardener#15708'],
    caveats: ['Other timers may fire at round seconds; it is consistent with an idle timeout, and no more.'],
  },
  'middlebox-idle-drop': {
    meaning:
      'After a long silence the first packet was reset or never answered, though nothing was wrong before: something on the way had forgotten the connection.',
    evidence:
      'A gap of four minutes or more, then a RST within a second of the first packet, or tries without an answer. Longer silences that did no harm rule timeouts out.',
    todo: [
      'Keep the connection awake: TCP keep-alive with a time below the shortest idle timeout on the way.',
      'Or raise that timeout, where the device is yours.',
    ],
    seenIn: ['Azure/AKS#1052', 'kubernetes/ingress-nginx#5695', 'kubermatic/kubelb#539'],
    caveats: [
      'Names are those whose default timeout fits; the packets do not name the device.',
      'A host that died in the silence looks the same. Where its server died on another connection too, this is not told.',
    ],
  },
  'reset-not-from-peer': {
    meaning:
      "A RST came from somewhere else than the peer's other packets: a firewall or load balancer made it in the peer's name.",
    evidence:
      "The RST's TTL or hop limit differs by more than two from all other packets of that side, or its side sends on more than a second after it: whoever resets has no such connection any more. By one or two hops only, and marked info, where all other packets had one TTL and identification or timestamps do not go on either.",
    todo: ['Find what sits that many hops away: the TTL usually begins at 64, 128 or 255.'],
    seenIn: ['cloudnativelabs/kube-router#521'],
    caveats: [
      'A peer with several network stacks before it (NAT on the same host) may send two TTLs of its own.',
      "A firewall on the peer's own host resets with the TTL of its other packets; so does another host behind the same address. That the peer sends on tells of either.",
      'A host whose socket is gone resets with identification 0, window 0 and no timestamps, too: these alone accuse nobody.',
    ],
  },
  'too-many-pings': {
    meaning: 'A server ended the connection because its peer sent PINGs more often than it allows.',
    evidence: 'GOAWAY with ENHANCE_YOUR_CALM and the debug data too_many_pings.',
    todo: [
      "Make the PING interval longer than the server's minimum (gRPC: five minutes unless it is set), or raise that minimum.",
    ],
    seenIn: ['istio/istio#15088', 'linkerd/linkerd2#5988'],
    caveats: ['ENHANCE_YOUR_CALM without that text may be about anything, and is not told.'],
  },
  'ping-answered-by-gateway': {
    meaning:
      "The gateway answered the client's PINGs while the upstream was dead. An HTTP/2 PING checks one connection, so the client's health check saw a healthy peer.",
    evidence: 'PING and its ACK on the client leg, within the window.',
    todo: ['Nothing on the client helps: the upstream leg needs a check of its own.'],
    seenIn: ['envoyproxy/envoy#2086'],
    caveats: [],
  },
  'ping-unanswered': {
    meaning:
      'HTTP/2 PINGs stayed without an ACK. Whoever sent them kept the connection, or closed it: then the PING did what it is for.',
    evidence: 'PING frames without one that carries the same eight bytes back.',
    todo: ['Give the PING a timeout: without one it detects nothing (Envoy: connection_keepalive.timeout).'],
    seenIn: ['gardener/dashboard#2981'],
    caveats: ['A PING sent less than three seconds before the end may only be too young.'],
  },
  'client-gone': {
    meaning:
      'The client stopped answering and the gateway tried in vain, the mirror image of a dead upstream. Nobody was left hanging.',
    evidence: 'Data, FIN or probes of the gateway towards the client, unanswered.',
    todo: ['Nothing for the upstream. Keep-alive towards clients frees what they leave behind.'],
    seenIn: [],
    caveats: [],
  },
  'recovered-loss': {
    meaning: 'Packets were lost and sent again until they were acknowledged: degraded for a while, not dead.',
    evidence:
      'Three or more tries of the same bytes, or a second without an acknowledgement, and then the acknowledgement.',
    todo: ['Look at the path where it happens often; it is no outage by itself.'],
    seenIn: [],
    caveats: ['A client stream that waited 30 s or more for it makes it a window that healed instead.'],
  },
  'retry-refused-stream': {
    meaning:
      'The upstream refused streams before doing any work on them, so that sending them again is safe; it says how many were.',
    evidence: 'RST_STREAM with REFUSED_STREAM, or a GOAWAY whose last stream is below the request (RFC 9113 §8.7).',
    todo: ['Switch on retries for refused streams (Envoy: retry_on refused-stream).'],
    seenIn: [],
    caveats: ['A retry that the capture does not show counts as none.'],
  },
  'zero-window-stall': {
    meaning:
      'A receiver announced a full buffer and never opened it again: the reader is at fault, not the sender and not the path.',
    evidence: 'A TCP window of zero that stays, while window probes are answered.',
    todo: ['Look at the process that reads: stopped, blocked on a disk or a lock, or behind a reader of its own.'],
    seenIn: ['golang/go#48810'],
    caveats: ['A gateway that does not read may only pass on that its own client does not.'],
  },
  'flow-control-stall': {
    meaning:
      'DATA stopped because the reader gave no more HTTP/2 window: nothing is dead, and the sender may not send. The reader is at fault.',
    evidence:
      "The DATA that spent a stream's or the connection's window, to the byte, and no WINDOW_UPDATE for 30 s or more (RFC 9113 §6.9).",
    todo: [
      'Look at the reader: a client that does not consume its watch, or one stream that has used up the window of all.',
      'Through a gateway follow it to the last leg that stalls: its reader is the one.',
    ],
    seenIn: ['kubernetes/kubernetes#111886'],
    caveats: [
      'Windows are known only where the beginning of the connection is in the capture and none of its bytes is missing.',
      'A sender that had nothing more to say when the window ended by chance looks the same.',
    ],
  },
  'icmp-error': {
    meaning:
      'A host or router on the way said that it could not deliver a segment. It names the place at which a path broke.',
    evidence: 'ICMP destination unreachable or time exceeded that quotes a segment of the connection.',
    todo: ['Look at who sent the ICMP error: it is the last hop that worked.'],
    seenIn: [],
    caveats: ['TCP tries on after such an error (RFC 5461), so that it explains a silence and does not end it.'],
  },
  'capture-trust': {
    meaning:
      'The capture itself has a weakness, and some conclusions rest on what it lacks. Those are held back or marked.',
    evidence:
      'One-sided connections, ACKs of bytes never seen, cut packets, times that go backward, streams whose beginning is missing.',
    todo: ['Capture on the gateway, on all interfaces, with whole packets (-s 0), from before the clients connect.'],
    seenIn: [],
    caveats: [],
  },
};
