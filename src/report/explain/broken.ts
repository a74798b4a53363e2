import type { FindingCode } from '../../incident/index.ts';
import type { Explanation, ExplainingCode } from './explanation.ts';

/** Codes that are a window's proof, or an upstream in trouble. */
export const BROKEN: Readonly<Record<Exclude<FindingCode, ExplainingCode>, Explanation>> = {
  'upstream-unanswered': {
    meaning:
      'The gateway sent data, a FIN or an HTTP/2 PING to the upstream, sent it again and again, and never got an acknowledgement. ' +
      'The peer, its host or the way to it is gone.',
    evidence:
      'The same sequence numbers on the upstream leg at growing gaps (0.2 s, doubling to 120 s on Linux), without an ACK: three tries ' +
      'and three seconds, or fewer where the gateway then gave up.',
    todo: [
      'Look at the upstream host and the path to it at that time: restart, drain, firewall rule, route.',
      'Bound it: TCP_USER_TIMEOUT or HTTP/2 PINGs towards the upstream (Envoy: connection_keepalive, both interval and timeout). ' +
        'TCP keep-alive alone does not help here: Linux sends no probe while anything is in flight.',
    ],
    seenIn: ['istio/istio#33466', 'istio/istio#38476', 'linkerd/linkerd2#13023', 'kubernetes/kubernetes#87615'],
    caveats: [
      'Left to itself the kernel gives up after tcp_retries2 tries, about 15 minutes by default.',
      'Acknowledgements that took another way than past the capture look the same; then only one direction is captured, and the report says so.',
    ],
  },
  'upstream-mute-gateway': {
    meaning:
      "Only the upstream's packets are seen: it sends again and probes, and the gateway acknowledges nothing, though its packets were seen here " +
      'before. Something drops what the gateway sends, before the capture sees it or just behind.',
    evidence:
      "Retransmissions or probes by the upstream without an ACK, after the gateway's last packet on that connection.",
    todo: [
      "Look for a rule in the gateway's own OUTPUT chain or network policy: tcpdump taps behind it, so dropped packets never appear.",
      'Bound it with TCP keep-alive or HTTP/2 PINGs from the gateway; count from the last packet that still arrives.',
    ],
    seenIn: [],
    caveats: [
      'A capture that has one direction only looks alike; it is told apart by whether the gateway was ever seen on this connection.',
      'Each packet that still arrives from the upstream restarts the keep-alive clock, so a leg dead one way is given up late.',
    ],
  },
  'acknowledged-in-vain': {
    meaning:
      'One side sends again what this capture shows acknowledged: the acknowledgements get lost between the point of capture and the sender.',
    evidence: 'A retransmission of bytes below an ACK that is in the capture, again and again.',
    todo: [
      'Look at the way from the point of capture to the sender: filters, asymmetric routes, connection tracking.',
      'Capture at the sender too; both files in one run are merged by time.',
    ],
    seenIn: [],
    caveats: ['A few such packets are ordinary (an ACK was lost); it counts from three tries and three seconds on.'],
  },
  'upstream-probes-unanswered': {
    meaning: "The gateway's TCP keep-alive probes went unanswered: the upstream was gone while nothing was in flight.",
    evidence:
      'Zero- or one-byte segments just below the next sequence number, at a stable interval, without an answer; often a RST or FIN by the gateway after the last.',
    todo: [
      'This is the net that works. Time until it closes is time + probes x interval: lower them where that is too long.',
      'Look at the upstream host at the time of its last packet.',
    ],
    seenIn: [],
    caveats: [
      'In a capture that began while the connection was idle Wireshark calls such probes duplicate ACKs.',
      'With anything in flight no probe is sent: then upstream-unanswered, and about 15 minutes.',
    ],
  },
  'upstream-reset': {
    meaning:
      'The upstream reset an open connection. Where the client was told at once, that is a failure and no hang; where not, its streams wait for nothing.',
    evidence:
      "A RST from the upstream's side that its peer would accept (RFC 9293 §3.10.7.4), not one that answers a SYN.",
    todo: [
      "Look at the upstream's log for that second: a crash or a restart resets, a drain should not.",
      'Where reset-not-from-peer is found as well, look for a middlebox instead.',
    ],
    seenIn: [],
    caveats: ['That nothing tells the client says only that the capture has no such packet.'],
  },
  'upstream-closed': {
    meaning:
      "The upstream closed its connection in an orderly way, and the gateway left the client's streams open on it: they cannot get an answer any more.",
    evidence: 'A FIN or RST by the upstream, and client streams carried by it that stay without reset or response.',
    todo: ['Report it to the gateway: a closed upstream connection has to end the streams on it.'],
    seenIn: [],
    caveats: [
      'Where bytes of the client leg are missing from the capture, the word to the client may be among them; then this is not told.',
    ],
  },
  'upstream-refused': {
    meaning: 'The upstream host answered connection attempts with RST: it is up, and nothing listens on that port.',
    evidence: 'SYNs of the gateway, each answered by a RST.',
    todo: [
      'Look whether the server process runs, and whether the gateway has the right address: a rolling restart leaves old ones behind.',
      'Let the gateway try another endpoint (retries on connect-failure, outlier detection).',
    ],
    seenIn: ['kubernetes/kubernetes#99602'],
    caveats: ['It is critical only where a client waited; refusals that were retried elsewhere at once hurt nobody.'],
  },
  'connect-unanswered': {
    meaning:
      'SYNs to the upstream were never answered: the host is gone, or the way to it is cut, while clients stay connected.',
    evidence: 'The same SYN at 1, 2, 4, … seconds without SYN-ACK or RST.',
    todo: [
      "Look at the host, the routes and the gateway's list of endpoints.",
      "Shorten the gateway's connect timeout and let it try another endpoint.",
    ],
    seenIn: ['kubernetes/kubernetes#99602', 'cilium/cilium#12859', 'cilium/cilium#38937'],
    caveats: ['Linux retries for about two minutes; the gateway gives up earlier as a rule (Envoy: 5 s).'],
  },
  'goaway-not-propagated': {
    meaning:
      'The upstream said GOAWAY: no new streams here. Streams stayed on the connection or new requests waited for it, and the client never heard.',
    evidence:
      'GOAWAY on the upstream leg with a last stream below the waiting ones, and nothing of it on the client leg.',
    todo: [
      'Bound the age of upstream connections (max_connection_duration), or update the gateway.',
      'Requests above the last stream were not processed and are safe to send again (RFC 9113 §6.8).',
    ],
    seenIn: ['envoyproxy/envoy#40691'],
    caveats: ['Streams up to the last stream may finish in their own time: they are not counted.'],
  },
  'streams-on-dead-connection': {
    meaning:
      'The gateway went on sending new requests into a connection that acknowledged nothing: each new one hangs as well.',
    evidence: 'HEADERS on the upstream leg after its death began.',
    todo: [
      'Health checks or HTTP/2 PINGs take such a connection out of use; a load balancer policy by itself does not.',
      'Count the requests: they are the harm that a quicker net would have spared.',
    ],
    seenIn: ['envoyproxy/envoy#32670'],
    caveats: ['Where the capture does not see what the gateway sends, there may have been more.'],
  },
  'alternative-unused': {
    meaning:
      'Another upstream connection was open for the whole window, showed no sign of death and got no request: the requests could have gone there.',
    evidence:
      'Packets of that connection before or in the window, nothing on it that stayed unanswered, and no request on any connection to its server.',
    todo: [
      'Active or passive health checks move traffic; without them a gateway stays with the connection that it has.',
    ],
    seenIn: [],
    caveats: [
      'A server that the capture never shows cannot be named.',
      'One that was idle all the while may have died unnoticed.',
      'Whether it would have been allowed to serve these requests (another route, another cluster) the packets do not tell.',
    ],
  },
  'gateway-made-response': {
    meaning:
      'The client got an error that no upstream sent: the gateway made it itself. It is the only word of the trouble that the client hears.',
    evidence: '408, 502, 503, 504 or grpc-status 14 on the client leg, with no matching response on an upstream leg.',
    todo: ["Look at the gateway's access log for its response flags at that time; they name the reason."],
    seenIn: [],
    caveats: [
      'It rests on the status and the missing upstream response; of the body no more is read than which of the known reasons it gives.',
    ],
  },
  'watch-overdue': {
    meaning:
      'A watch was still open long after the timeout that it asked for, or after its bookmarks stopped. The apiserver enforces that timeout, so a dead one cannot: the client waits on.',
    evidence:
      'A request with watch=1 and timeoutSeconds=N on the client leg, open for N seconds and a minute of grace; or one that asked for bookmarks, got data for most ' +
      'of a minute, and then nothing for three and a half.',
    todo: ['Do not rely on timeoutSeconds as a safety net; bound the upstream leg instead.'],
    seenIn: [],
    caveats: [
      'Some servers ignore the parameter or set a floor of their own (--min-request-timeout).',
      'Where bookmarks were due, a reader that takes nothing more (flow-control-stall) is not counted.',
    ],
  },
  'upstream-silent': {
    meaning:
      'The upstream fell silent where something was due, and nothing tests the connection. That is a reason to look, and no proof: at most "suspect".',
    evidence:
      'A watch that had a rhythm of bookmarks, or of events, and lost it; a quiet response whose server leaves another connection unanswered; requests of clients that got no ' +
      'answer and were seen leaving the gateway on no connection, while the gateway sends nothing on one that had served them; input into a tunnel (exec, attach, ' +
      'port-forward) that the gateway passed on before, and now does not; or keep-alive probes or PINGs of the upstream itself, of which three are due and none came.',
    todo: [
      'Capture for longer: the next PING, probe or request on this connection decides.',
      'Switch on TCP keep-alive or HTTP/2 PINGs towards the upstream, so that silence becomes proof.',
    ],
    seenIn: ['istio/istio#36818', 'istio/istio#59023', 'envoyproxy/envoy#3028'],
    caveats: ['Nothing may simply have happened: a watch without bookmarks may be quiet for hours.'],
  },
  'stale-but-alive': {
    meaning:
      "The upstream's kernel answers and its HTTP/2 layer may, but no data, no bookmark and no response come: the process is hung, or cut off from its own store.",
    evidence:
      'ACKs and PING answers go on; bookmarks stopped, requests that were acknowledged at TCP have no response, or responses began and stopped.',
    todo: [
      'Look at the upstream process itself: stopped, in a deadlock, its etcd out of reach. Its own health endpoint may say so.',
      'TCP keep-alive and PINGs cannot see this. A request timeout and active health checks can.',
      'Where responses began and stopped: see whether the path lets large packets through (`ping -M do -s 1472`; ICMP "fragmentation needed" may be filtered).',
    ],
    seenIn: ['kubernetes/kubernetes#89488', 'etcd-io/etcd#8673'],
    caveats: ['A slow answer looks the same until it comes; the grace is a threshold (--response-grace).'],
  },
};
