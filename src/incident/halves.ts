import { otherSide, type Side } from '../tcp/index.ts';
import type {
  Close,
  Flow,
  Goaway,
  Mark,
  Ref,
  SaidAlert,
  Silence,
  Trace,
  TraceConnection,
  TraceStream,
} from '../trace/index.ts';
import { grouped } from './grouped.ts';
import { lacksBytes } from './liveness.ts';
import { earliest, latest } from './stream-fate.ts';

/** A SYN and its answer, seen under two names, are this close: both are this host's own. */
const ANSWERED_WITHIN_NS = 0.01e9;

/** Two connections of one direction each that are one: what the client says, and what it hears, under another name of the server. */
export interface Halves {
  readonly asking: TraceConnection;
  readonly answering: TraceConnection;
  /** Side of the client, in either. */
  readonly asker: Side;
  readonly listener: Side;
}

/**
 * Connections of which address translation shows each direction under a name of its own, as REDIRECT on the client's own host does: the
 * same end of the client, one direction each, the handshake's answer at once (contract §3, Connections).
 */
export function halvesOf({ connections }: Trace): readonly Halves[] {
  const answers = connections.flatMap((connection) => {
    const speaker = onlySpeaker(connection);
    return speaker === null || connection.handshake.synAck === null
      ? []
      : [{ connection, key: endOf(connection, otherSide(speaker)) }];
  });
  const answering = grouped(answers, ({ key }) => key);
  return connections.flatMap((asking) => {
    const asker = onlySpeaker(asking);
    const { syn } = asking.handshake;
    if (asker === null || syn === null) return [];
    const fitting = (answering.get(endOf(asking, asker)) ?? []).filter(({ connection }) => {
      const afterNs = (connection.handshake.synAck?.timeNs ?? -Infinity) - syn.timeNs;
      return afterNs >= 0 && afterNs <= ANSWERED_WITHIN_NS;
    });
    const other = fitting[0]?.connection;
    const speaker = other === undefined ? null : onlySpeaker(other);
    if (other === undefined || speaker === null || fitting.length > 1) return [];
    return [{ asking, answering: other, asker, listener: otherSide(speaker) }];
  });
}

function onlySpeaker({ flows }: TraceConnection): Side | null {
  const [zero, one] = flows;
  if (zero.packets > 0 === one.packets > 0) return null;
  return zero.packets > 0 ? 0 : 1;
}

function endOf({ endpoints }: TraceConnection, side: Side): string {
  return `${endpoints[side].ip} ${endpoints[side].port}`;
}

/**
 * The two as one, under the name by which the client asked. What one direction alone cannot tell of debts is not known of both either: an
 * answer was seen under the other name.
 */
export function joined({ asking, answering, asker, listener }: Halves): TraceConnection {
  const turned = (side: Side): Side => (side === listener ? asker : otherSide(asker));
  const speaks = withAnswers(asking.flows[asker], answering);
  const hears = withAnswers(answering.flows[otherSide(listener)], asking);
  const closes: Close[] = [...asking.closes, ...answering.closes.map((close) => ({ ...close, by: turned(close.by) }))];
  const goaways: Goaway[] = answering.goaways.map((goaway) => ({ ...goaway, by: turned(goaway.by) }));
  const alerts: SaidAlert[] = answering.tlsAlerts.map((alert) => ({ ...alert, by: turned(alert.by) }));
  const marks: Mark[] = [...asking.marks, ...answering.marks.map((mark) => ({ ...mark, by: turned(mark.by) }))];
  return {
    ...asking,
    last: latest([asking.last, answering.last]) ?? asking.last,
    handshake: { ...asking.handshake, synAck: answering.handshake.synAck },
    proxiedFor: asking.proxiedFor ?? answering.proxiedFor,
    protocol: asking.protocol === 'unknown' ? answering.protocol : asking.protocol,
    flows: asker === 0 ? [speaks, hears] : [hears, speaks],
    closes: closes.toSorted(byTime),
    goaways: [...asking.goaways, ...goaways].toSorted(byTime),
    tlsAlerts: [...asking.tlsAlerts, ...alerts].toSorted(byTime),
    marks: marks.toSorted((a, b) => a.from.timeNs - b.from.timeNs),
    debts: [],
    slowPings: [],
    silences: bothSilent(asking.silences, answering.silences),
  };
}

function byTime(a: { readonly at: Ref }, b: { readonly at: Ref }): number {
  return a.at.timeNs - b.at.timeNs;
}

/** The answers to a side's PINGs and probes stand in the other half; what was never acknowledged there is in flight nowhere. */
function withAnswers(flow: Flow, other: TraceConnection): Flow {
  const acks = other.marks.reduce((sum, { kind, count }) => sum + (kind === 'ping-ack' ? count : 0), 0);
  const pingsAnswered = Math.min(flow.pings, acks);
  // What is acknowledged here and not seen stands in the other half, too.
  const unread = lacksBytes(flow) ? flow.unread : [];
  return { ...flow, pingsAnswered, lostByCapture: 0, unread, inFlightBytes: 0 };
}

/** Where both directions were quiet. */
function bothSilent(a: readonly Silence[], b: readonly Silence[]): Silence[] {
  return a.flatMap((one) =>
    b.flatMap((two) => {
      const from = latest([one.from, two.from]);
      const to = earliest([one.to, two.to]);
      return from !== null && (to === null || to.timeNs > from.timeNs) ? [{ from, to }] : [];
    }),
  );
}

/** A request of the one half with its response of the other. */
export function joinedStream(request: TraceStream, response: TraceStream, { asker, listener }: Halves): TraceStream {
  const server = otherSide(listener);
  const pair = <T>(of: readonly [T, T], told: readonly [T, T]): readonly [T, T] =>
    asker === 0 ? [of[0], told[server]] : [told[server], of[1]];
  const { reset } = response;
  return {
    ...request,
    status: response.status,
    statusAt: response.statusAt,
    grpcStatus: response.grpcStatus,
    dataBytes: pair(request.dataBytes, response.dataBytes),
    lastData: pair(request.lastData, response.lastData),
    longestPause: pair(request.longestPause, response.longestPause),
    ended: pair(request.ended, response.ended),
    windowSpent: [null, null],
    reset: request.reset ?? (reset === null ? null : { ...reset, by: otherSide(asker) }),
    partners: [...request.partners, ...response.partners],
  };
}
