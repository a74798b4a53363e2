import type { Side } from '../tcp/index.ts';
import type { Mark, Ref } from '../trace/index.ts';
import { clientSide } from './leg.ts';
import type { Leg } from './model.ts';
import { overAt } from './stream-fate.ts';

/** What a side sent as by a clock while the connection was idle, and is not seen to send any more. */
export interface LostRhythm {
  readonly by: 'probe' | 'ping';
  /** How long it waited before the next one. */
  readonly everyNs: number;
  /** Its first and its last. */
  readonly packets: readonly [Ref, Ref];
}

/** So many that are due and not seen are no packets that the capture happened to lose. */
const UNSEEN_MIN = 3;

/**
 * `side` kept an idle connection alive, and is not seen to, for three times as long, to the end of the capture, though it is idle and open. A kernel does
 * not leave out a probe of an idle connection, nor one that sent more PINGs in a row than gRPC allows its next while a stream is open. Null: it did not, or still does.
 */
function lostRhythm(leg: Leg, side: Side): LostRhythm | null {
  const { trace, closed, watchedToNs } = leg;
  if (closed.how !== 'open' || trace.closes.length > 0 || trace.flows[side].lostByCapture > 0) return null;
  // Nothing is probed while something is in flight, or waits for a window.
  if (trace.flows.some(({ inFlightBytes, zeroWindowSince }) => inFlightBytes > 0 || zeroWindowSince !== null))
    return null;
  const silence = trace.silences.at(-1);
  if (silence?.to !== null) return null;
  const rhythm = probing(leg, side) ?? pinging(leg, side, silence.from);
  return rhythm !== null && watchedToNs - silence.from.timeNs >= UNSEEN_MIN * rhythm.everyNs ? rhythm : null;
}

function probing({ trace }: Leg, side: Side): LostRhythm | null {
  const { keepAlive, keepAliveAnswered } = trace.flows[side];
  if (keepAlive?.timeNs == null || keepAliveAnswered === 0) return null;
  return { by: 'probe', everyNs: keepAlive.timeNs, packets: [keepAlive.first, keepAlive.last] };
}

/** Fewer show no rhythm. */
const PINGS_MIN = 3;
/** A PING sooner than this after something else measures how fast that went (gRPC's bandwidth estimate), and keeps nothing alive. */
const IDLE_BEFORE_NS = 1e9;

/** By the longest time between two of its PINGs into a silence, and from the last of them to the silence that lasts. */
function pinging(leg: Leg, side: Side, silentFrom: Ref): LostRhythm | null {
  if (leg.streams.every((stream) => overAt(stream, leg.serverSide) !== null)) return null;
  const pings = idlePings(leg.trace.marks, side);
  const [first] = pings;
  const last = pings.at(-1);
  if (first === undefined || last === undefined || pings.length < PINGS_MIN) return null;
  const moments = [...pings, silentFrom].map(({ timeNs }) => timeNs);
  const everyNs = moments.reduce((longest, ns, i) => Math.max(longest, ns - (moments[i - 1] ?? ns)), 0);
  return { by: 'ping', everyNs, packets: [first, last] };
}

/** Behind these of its own gRPC's core allows two PINGs and then no more (`http2.max_pings_without_data`): only more than that in a row are a rhythm. */
const ALLOWS_MORE: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>(['data', 'request', 'response']);

function idlePings(marks: readonly Mark[], side: Side): Ref[] {
  let pings: Ref[] = [];
  let spokenNs = -Infinity;
  for (const { kind, by, from, to, count } of marks) {
    if (by === side && ALLOWS_MORE.has(kind)) pings = [];
    if (kind === 'ping' && by === side && count === 1 && from.timeNs - spokenNs >= IDLE_BEFORE_NS) pings.push(from);
    spokenNs = Math.max(spokenNs, to.timeNs);
  }
  return pings;
}

/** The gateway's, of a connection to an upstream: what it sends is not seen any more. Whom that hurts is not known, nor whether it has noticed. */
export function gatewayUnseenToEnd(leg: Leg): LostRhythm | null {
  return leg.role === 'upstream' ? lostRhythm(leg, clientSide(leg)) : null;
}

/** The upstream's own. */
export function upstreamUnheardToEnd(leg: Leg): LostRhythm | null {
  return leg.role === 'upstream' ? lostRhythm(leg, leg.serverSide) : null;
}
