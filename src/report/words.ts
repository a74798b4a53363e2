import type { FindingArgs, FindingCode } from '../incident/index.ts';
import { durationText } from './duration.ts';
import type { Connection, Finding, Party, Timestamp } from './model.ts';
import { idleDropText } from './words/idle-drop.ts';
import { clockText, counted, middleCut, named, namedClient, partyText } from './words/phrase.ts';
import { icmpText } from './words/icmp.ts';
import { reasonText } from './words/reason.ts';
import { resetMarksText } from './words/reset-marks.ts';
import { silenceText } from './words/silence.ts';
import { staleText } from './words/stale.ts';
import { statusText } from './words/status.ts';
import { streamName } from './words/stream-name.ts';
import { toldText } from './words/telling.ts';
import { weaknessText } from './words/trust.ts';

/** Arguments that are a moment and not a span. */
type Moment = 'lastGatewayPacketNs';

/** The arguments in the report's units: `spanNs` is there as `spanSeconds`, a moment as `…At`. */
type Told<Args> = {
  readonly [
    Name in keyof Args as Name extends `${infer Stem}Ns` ? `${Stem}${Name extends Moment ? 'At' : 'Seconds'}` : Name
  ]: Name extends Moment ? Timestamp : Args[Name];
};

/** The finding's connection by name, other connections by name, spans and moments as text. */
interface About {
  readonly self: string;
  /** The same by its client's end, where the finding is of a window's client. */
  readonly client: string;
  /** ` of stream 7`; empty where the finding is of none. */
  readonly stream: string;
  /** `the gateway`: who a side of the finding's connection is. */
  readonly party: (side: Party) => string;
  readonly name: (id: string) => string;
  readonly span: (seconds: number) => string;
  readonly clock: (at: Timestamp) => string;
}

type Titles = { readonly [C in FindingCode]: (args: Told<FindingArgs[C]>, about: About) => string };

const DEBUG_MAX = 60;
/** One sentence per finding. A code without one does not compile. */
const TITLES: Titles = {
  'upstream-unanswered': ({ retransmissions, spanSeconds, stillOpen }, { self, span }) =>
    `${self} left ${counted(retransmissions, 'retransmission')} unanswered, sent over ${span(spanSeconds)}` +
    (stillOpen ? '; no answer until the capture ends' : ''),
  'upstream-silent': (args, { self, span, name }) => `${self}${silenceText(args, span, name)}`,
  'upstream-mute-gateway': ({ upstreamPackets, spanSeconds, lastGatewayPacketAt }, { self, span, clock }) =>
    `${self}: only the upstream is seen, ${counted(upstreamPackets, 'packet')} in ${span(spanSeconds)}; ` +
    `the gateway's last packet was at ${clock(lastGatewayPacketAt)}`,
  'acknowledged-in-vain': ({ by, retransmissions, spanSeconds }, { self, span }) =>
    `${self}: the ${by === 'server' ? 'upstream' : 'gateway'} sent acknowledged bytes again, ` +
    `${counted(retransmissions, 'time')} in ${span(spanSeconds)}: what acknowledges them does not arrive`,
  'upstream-probes-unanswered': ({ probes, intervalSeconds, thenClosed }, { self, span }) =>
    `${self} answered none of ${counted(probes, 'keep-alive probe')}` +
    (intervalSeconds === null ? '' : `, one each ${span(intervalSeconds)}`) +
    (thenClosed ? '; then the gateway closed the connection' : ''),
  'upstream-reset': ({ openStreams, ...told }, { self, span }) =>
    `${self} reset the connection with ${counted(openStreams, 'stream')} open; ${toldText(told, span)}`,
  'upstream-closed': ({ streams, waitedSeconds }, { self, span }) =>
    `${self} closed the connection; ${counted(streams, 'client stream')} stayed open on it for ${span(waitedSeconds)}`,
  'upstream-refused': ({ attempts }, { self }) => `${self} refused ${counted(attempts, 'connection attempt')}`,
  'connect-unanswered': ({ syns, spanSeconds, answeredInVain }, { self, span }) =>
    answeredInVain
      ? `${self} answered, and the gateway sent its SYN again all the same, ${counted(syns, 'SYN')} in ${span(spanSeconds)}: the answers do not arrive`
      : `${self} answered none of ${counted(syns, 'SYN')} in ${span(spanSeconds)}`,
  'goaway-not-propagated': ({ lastStreamId, waitedSeconds, streams }, { self, span }) =>
    `${self} said GOAWAY (last stream ${lastStreamId}); ${counted(streams, 'stream')} waited on for ` +
    `${span(waitedSeconds)} and the client was not told`,
  'streams-on-dead-connection': ({ requests }, { self }) =>
    `${counted(requests, 'request')} went into ${self} after it had died`,
  'alternative-unused': ({ alternative, windowSeconds }, { name, span }) =>
    `${name(alternative)} was open all through the window of ${span(windowSeconds)}, not seen to die, and got no request`,
  'gateway-made-response': ({ status, grpcStatus, count, reason }, { self }) =>
    `${self}: ${counted(count, 'response')} ${statusText(status, grpcStatus)} with no upstream response behind: made by the gateway${reasonText(reason)}`,
  'watch-overdue': ({ timeoutSeconds, openSeconds, bookmarksQuietSeconds: quiet }, { self, span }) =>
    `${self}: a watch${timeoutSeconds === null ? '' : ` that asked for ${timeoutSeconds} s`} was still open after ${span(openSeconds)}` +
    (typeof quiet === 'number' ? `, and got nothing for ${span(quiet)}, though a bookmark was due each minute` : ''),
  'stale-but-alive': (args, { self, span }) => `${self}${staleText(args, span)}`,
  'idle-timeout-cut': ({ quietSeconds, by }, { self, span }) =>
    by === 'goaway'
      ? `${self}: the gateway said GOAWAY after ${span(quietSeconds)} without a request, response or data, consistent with an idle timeout`
      : `${self}: the gateway cut a healthy, quiet stream after ${span(quietSeconds)} (RST_STREAM), consistent with an idle timeout`,
  'ping-answered-by-gateway': ({ pings, windowSeconds }, { client, span }) =>
    `${client}: the gateway answered ${counted(pings, 'PING')} of the client in the ${span(windowSeconds)} in which ` +
    'the upstream connection was dead; a PING checks the gateway only',
  'ping-unanswered': ({ pings, thenClosed }, { self }) =>
    `${self}: ${counted(pings, 'PING')} without an answer, ` +
    (thenClosed ? 'and then whoever had asked closed the connection' : 'and the connection was kept'),
  'client-gone': ({ tries }, { self }) =>
    `${self} stopped answering (${counted(tries, 'try', 'tries')}): here the client went away, not the upstream`,
  'recovered-loss': ({ retransmissions, spanSeconds }, { self, span }) =>
    `${self}: ${counted(retransmissions, 'retransmission')} in ${span(spanSeconds)}, then acknowledged; degraded, not dead`,
  'retry-refused-stream': ({ streams, retried }, { self }) =>
    `${self}: ${counted(streams, 'stream')} refused before being processed and safe to retry; ${retried} retried`,
  'zero-window-stall': ({ spanSeconds }, { self, span }) =>
    `${self}: the receive window was closed for ${span(spanSeconds)}; the reader is slow, not the sender`,
  'flow-control-stall': ({ reader, window, streams, spanSeconds, stillOpen }, { self, stream, span, party }) =>
    `${self}: ${window === 'stream' ? `the HTTP/2 window${stream} was` : `the connection's HTTP/2 window, and with it ${counted(streams, 'open stream')}, was`} ` +
    `spent for ${span(spanSeconds)} and ${party(reader)} gave no WINDOW_UPDATE` +
    `${stillOpen ? ', still so when the capture ends' : ''}: the reader stalls, not the sender`,
  'middlebox-idle-drop': ({ gapSeconds, survivedSeconds, met }, { self, span }) =>
    `${self} was silent for ${span(gapSeconds)}, then its first packet was ${met === 'reset' ? 'answered by RST' : 'never answered'}: ` +
    idleDropText(gapSeconds, survivedSeconds),
  'too-many-pings': ({ debug }, { self }) =>
    `${self}: GOAWAY ENHANCE_YOUR_CALM "${middleCut(debug, DEBUG_MAX)}": pings came too often`,
  'reset-not-from-peer': (args, { self }) =>
    args.ttl === args.usualTtl
      ? `${self}: after a RST its side sent on; a middlebox, or a firewall at the peer, may have made the RST${resetMarksText(args)}`
      : `${self}: the RST has TTL ${args.ttl}, the peer's other packets ${args.usualTtl}; a middlebox may have made it${resetMarksText(args)}`,
  'icmp-error': ({ count, ipVersion, type, icmpCode, about }, { self }) =>
    `${self}: ${counted(count, 'ICMP error')} about packets of the ${about}: ${icmpText(ipVersion, type, icmpCode)}`,
  'capture-trust': ({ weakness, count }, { self }) => `${self}: ${weaknessText(weakness, count)}`,
};

/** Whether a finding of this code has a sentence: a report may come from another version. */
export function isFindingCode(code: string): code is FindingCode {
  return Object.hasOwn(TITLES, code);
}

/** The sentence of a finding, from what the report has of it; its code where it has none. */
export function findingTitle(
  { code, connection, stream, tunnel, args }: Pick<Finding, 'code' | 'connection' | 'stream' | 'tunnel' | 'args'>,
  connections: ReadonlyMap<string, Connection>,
): string {
  const name = (id: string): string => named(id, connections);
  const self = connection === null ? 'The capture' : name(connection);
  if (!isFindingCode(code)) return `${self}: ${code}`;
  return titleOf(code, args, {
    self,
    client: connection === null ? self : namedClient(connection, connections),
    stream: stream === null ? '' : ` of stream ${streamName(stream, tunnel)}`,
    party: (side) => partyText(connections.get(connection ?? '')?.role ?? 'other', side),
    name,
    span: durationText,
    clock: clockText,
  });
}

/** What `compose/finding.ts` made of a code's arguments is what its sentence takes: TypeScript cannot see the two belong together. */
function titleOf<C extends FindingCode>(code: C, args: Finding['args'], about: About): string {
  return TITLES[code](args as Told<FindingArgs[C]>, about);
}
