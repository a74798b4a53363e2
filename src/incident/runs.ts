import type { Side } from '../tcp/index.ts';
import type { Mark, MarkKind } from '../trace/index.ts';
import { grouped } from './grouped.ts';
import { kept } from './kept.ts';
import { clientSide } from './leg.ts';
import type { Leg } from './model.ts';

/**
 * Requests that were sent on `leg` within the interval. Of streams that are kept one by one the number is exact; of folded ones the runs
 * tell, whose first and last request are known and the others taken as evenly spread.
 */
export function requestsDuring(leg: Leg, fromNs: number, toNs: number): number {
  const times = requestTimes(leg);
  const known = Math.max(0, countBefore(times, toNs) - countBefore(times, fromNs));
  return leg.trace.folded.count === 0
    ? known
    : Math.max(known, marksDuring(leg, 'request', clientSide(leg), fromNs, toNs));
}

const requestTimes = kept((leg: Leg) => {
  const sent = leg.streams.filter(({ sawRequest }) => sawRequest).map(({ opened }) => opened.timeNs);
  return Float64Array.from(sent).toSorted();
});

/** How many of the ascending times are below `limitNs`. */
function countBefore(times: Float64Array, limitNs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) < limitNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Packets of a kind that a side sent within the interval. */
export function marksDuring(leg: Leg, kind: CountedKind, by: Side, fromNs: number, toNs: number): number {
  return Math.round(runsOf(leg, kind, by).reduce((sum, run) => sum + countWithin(run, fromNs, toNs), 0));
}

/** Kinds of marks that windows count. */
const COUNTED_KINDS: readonly ['request', 'ping', 'ping-ack'] = ['request', 'ping', 'ping-ack'];
type CountedKind = (typeof COUNTED_KINDS)[number];
const COUNTED: ReadonlySet<MarkKind> = new Set<MarkKind>(COUNTED_KINDS);

/** Marks are made anew for each look at them, and most are of kinds that nobody counts: only the others are kept. */
const runsByKind = kept((leg: Leg) =>
  grouped(
    leg.trace.marks.filter(({ kind }) => COUNTED.has(kind)),
    ({ kind, by }) => `${kind} ${by}`,
  ),
);

function runsOf(leg: Leg, kind: CountedKind, by: Side): readonly Mark[] {
  return runsByKind(leg).get(`${kind} ${by}`) ?? [];
}

function countWithin({ from, to, count }: Mark, fromNs: number, toNs: number): number {
  const isWithin = (atNs: number): number => (atNs >= fromNs && atNs < toNs ? 1 : 0);
  if (count === 1) return isWithin(from.timeNs);
  const spanNs = to.timeNs - from.timeNs;
  const sharedNs = Math.max(0, Math.min(to.timeNs, toNs) - Math.max(from.timeNs, fromNs));
  const inner = spanNs === 0 ? isWithin(from.timeNs) : sharedNs / spanNs;
  return isWithin(from.timeNs) + isWithin(to.timeNs) + (count - 2) * inner;
}
