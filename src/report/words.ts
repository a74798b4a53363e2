import type { Finding, FindingArgs, FindingCode } from '../incident/index.ts';
import { durationText } from './duration.ts';
import type { Connection, Timestamp } from './model.ts';
import { clockText, counted, middleCut, named } from './words/phrase.ts';
import { icmpText } from './words/icmp.ts';
import { weaknessText } from './words/trust.ts';

/** What a title may need beside its arguments. */
export interface TitleContext {
  readonly connections: ReadonlyMap<string, Connection>;
  /** Nanoseconds since the capture's base time, as the report writes it. */
  readonly timeText: (ns: number) => Timestamp;
}

/** The finding's connection by name, other connections by name, spans and moments as text. */
interface About {
  readonly self: string;
  readonly name: (id: string) => string;
  readonly span: (ns: number) => string;
  readonly clock: (ns: number) => string;
}

type Titles = { readonly [C in FindingCode]: (args: FindingArgs[C], about: About) => string };

const DEBUG_MAX = 60;

/** One sentence per finding. A code without one does not compile. */
const TITLES: Titles = {
  'upstream-unanswered': ({ retransmissions, spanNs, stillOpen }, { self, span }) =>
    `${self} left ${counted(retransmissions, 'retransmission')} unanswered for ${span(spanNs)}` +
    (stillOpen ? ', still so when the capture ends' : ''),
  'upstream-silent': ({ quietNs, deadBeside }, { self, span, name }) =>
    deadBeside === null
      ? `${self} sent nothing for ${span(quietNs)}, though a bookmark was due each minute`
      : `${self} sent nothing for ${span(quietNs)}; nothing tests this connection, but its server is dead on ` +
        `${name(deadBeside)}, and heard nowhere since`,
  'upstream-mute-gateway': ({ upstreamPackets, spanNs, lastGatewayPacketNs }, { self, span, clock }) =>
    `${self}: only the upstream is seen, ${counted(upstreamPackets, 'packet')} in ${span(spanNs)}; ` +
    `the gateway's last packet was at ${clock(lastGatewayPacketNs)}`,
  'acknowledged-in-vain': ({ by, retransmissions, spanNs }, { self, span }) =>
    `${self}: the ${by === 'server' ? 'upstream' : 'gateway'} sent acknowledged bytes again, ` +
    `${counted(retransmissions, 'time')} in ${span(spanNs)}: what acknowledges them does not arrive`,
  'upstream-probes-unanswered': ({ probes, intervalNs, thenClosed }, { self, span }) =>
    `${self} answered none of ${counted(probes, 'keep-alive probe')}` +
    (intervalNs === null ? '' : `, one each ${span(intervalNs)}`) +
    (thenClosed ? '; then the gateway closed the connection' : ''),
  'upstream-reset': ({ openStreams, clientTold }, { self }) =>
    `${self} reset the connection with ${counted(openStreams, 'stream')} open; ` +
    (clientTold ? 'the client was told' : 'nothing in the capture tells the client'),
  'upstream-closed': ({ streams, waitedNs }, { self, span }) =>
    `${self} closed the connection; ${counted(streams, 'client stream')} stayed open on it for ${span(waitedNs)}`,
  'upstream-refused': ({ attempts }, { self }) => `${self} refused ${counted(attempts, 'connection attempt')}`,
  'connect-unanswered': ({ syns, spanNs }, { self, span }) =>
    `${self} answered none of ${counted(syns, 'SYN')} in ${span(spanNs)}`,
  'goaway-not-propagated': ({ lastStreamId, waitedNs, streams }, { self, span }) =>
    `${self} said GOAWAY (last stream ${lastStreamId}); ${counted(streams, 'stream')} waited on for ` +
    `${span(waitedNs)} and the client was not told`,
  'streams-on-dead-connection': ({ requests }, { self }) =>
    `${counted(requests, 'request')} went into ${self} after it had died`,
  'alternative-unused': ({ alternative, windowNs }, { name, span }) =>
    `${name(alternative)} was alive all through the window of ${span(windowNs)} and got no request`,
  'gateway-made-response': ({ status, count }, { self }) =>
    `${self}: ${counted(count, 'response')} ${status} with no upstream response behind: made by the gateway`,
  'watch-overdue': ({ timeoutSeconds, openNs }, { self, span }) =>
    `${self}: a watch that asked for ${timeoutSeconds} s was still open after ${span(openNs)}`,
  'stale-but-alive': ({ quietNs, unanswered }, { self, span }) =>
    unanswered === 0
      ? `${self} answers at TCP and HTTP/2, but brought no data and no bookmark for ${span(quietNs)}`
      : `${self} acknowledged ${counted(unanswered, 'request')} at TCP and answered none, for ${span(quietNs)} at most`,
  'idle-timeout-cut': ({ quietNs, by }, { self, span }) =>
    `${self}: the gateway cut a healthy, quiet stream after ${span(quietNs)} ` +
    `(${by === 'goaway' ? 'GOAWAY' : 'RST_STREAM'}), consistent with an idle timeout`,
  'ping-answered-by-gateway': ({ pings, windowNs }, { self, span }) =>
    `${self}: the gateway answered ${counted(pings, 'PING')} of the client in the ${span(windowNs)} in which ` +
    'the upstream was dead; a PING checks the gateway only',
  'ping-unanswered': ({ pings }, { self }) =>
    `${self}: ${counted(pings, 'PING')} without an answer, and the connection was kept`,
  'client-gone': ({ tries }, { self }) =>
    `${self} stopped answering (${counted(tries, 'try', 'tries')}): here the client went away, not the upstream`,
  'recovered-loss': ({ retransmissions, spanNs }, { self, span }) =>
    `${self}: ${counted(retransmissions, 'retransmission')} in ${span(spanNs)}, then acknowledged; degraded, not dead`,
  'retry-refused-stream': ({ streams, retried }, { self }) =>
    `${self}: ${counted(streams, 'stream')} refused before being processed and safe to retry; ${retried} retried`,
  'zero-window-stall': ({ spanNs }, { self, span }) =>
    `${self}: the receive window was closed for ${span(spanNs)}; the reader is slow, not the sender`,
  'too-many-pings': ({ debug }, { self }) =>
    `${self}: GOAWAY ENHANCE_YOUR_CALM "${middleCut(debug, DEBUG_MAX)}": pings came too often`,
  'reset-not-from-peer': ({ ttl, usualTtl }, { self }) =>
    `${self}: the RST has TTL ${ttl}, the peer's other packets ${usualTtl}; a middlebox may have made it`,
  'icmp-error': ({ count, ipVersion, type, icmpCode, about }, { self }) =>
    `${self}: ${counted(count, 'ICMP error')} about packets of the ${about}: ${icmpText(ipVersion, type, icmpCode)}`,
  'capture-trust': ({ weakness, count }, { self }) => `${self}: ${weaknessText(weakness, count)}`,
};

/** The sentence of a finding. */
export function findingTitle(finding: Finding, { connections, timeText }: TitleContext): string {
  const name = (id: string): string => named(id, connections);
  const self = finding.connection === null ? 'The capture' : name(finding.connection);
  return titleOf(finding.code, finding.args, {
    self,
    name,
    span: (ns) => durationText(ns / 1e9),
    clock: (ns) => clockText(timeText(ns)),
  });
}

function titleOf<C extends FindingCode>(code: C, args: FindingArgs[C], about: About): string {
  return TITLES[code](args, about);
}
