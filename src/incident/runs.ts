import type { Side } from '../tcp/index.ts';
import type { Mark, MarkKind } from '../trace/index.ts';
import { clientSide } from './leg.ts';
import type { Leg } from './model.ts';

/**
 * Requests that were sent on `leg` within the interval. Of streams that are kept one by one the number is exact; of folded ones the runs
 * tell, whose first and last request are known and the others taken as evenly spread.
 */
export function requestsDuring(leg: Leg, fromNs: number, toNs: number): number {
  const times = requestTimes(leg);
  const kept = Math.max(0, countBefore(times, toNs) - countBefore(times, fromNs));
  return leg.trace.folded.count === 0
    ? kept
    : Math.max(kept, marksDuring(leg, 'request', clientSide(leg), fromNs, toNs));
}

/** Asked of each leg once for every window. */
const REQUEST_TIMES = new WeakMap<Leg, Float64Array>();

function requestTimes(leg: Leg): Float64Array {
  const known = REQUEST_TIMES.get(leg);
  if (known !== undefined) return known;
  const sent = leg.streams.filter(({ sawRequest }) => sawRequest).map(({ opened }) => opened.timeNs);
  const times = Float64Array.from(sent).toSorted();
  REQUEST_TIMES.set(leg, times);
  return times;
}

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
export function marksDuring(leg: Leg, kind: MarkKind, by: Side, fromNs: number, toNs: number): number {
  return Math.round(runsOf(leg, kind, by).reduce((sum, run) => sum + countWithin(run, fromNs, toNs), 0));
}

/** Asked of each leg once for every window, too, and marks are made anew for each look at them. */
const RUNS = new WeakMap<Leg, Map<string, readonly Mark[]>>();

function runsOf(leg: Leg, kind: MarkKind, by: Side): readonly Mark[] {
  const key = `${kind} ${by}`;
  const ofLeg = RUNS.get(leg) ?? new Map<string, readonly Mark[]>();
  RUNS.set(leg, ofLeg);
  const known = ofLeg.get(key);
  if (known !== undefined) return known;
  const runs = leg.trace.marks.filter((mark) => mark.kind === kind && mark.by === by);
  ofLeg.set(key, runs);
  return runs;
}

function countWithin({ from, to, count }: Mark, fromNs: number, toNs: number): number {
  const isWithin = (atNs: number): number => (atNs >= fromNs && atNs < toNs ? 1 : 0);
  if (count === 1) return isWithin(from.timeNs);
  const spanNs = to.timeNs - from.timeNs;
  const sharedNs = Math.max(0, Math.min(to.timeNs, toNs) - Math.max(from.timeNs, fromNs));
  const inner = spanNs === 0 ? isWithin(from.timeNs) : sharedNs / spanNs;
  return isWithin(from.timeNs) + isWithin(to.timeNs) + (count - 2) * inner;
}
