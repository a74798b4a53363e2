import type { Side } from '../tcp/index.ts';
import type { Mark, MarkKind } from '../trace/index.ts';
import { clientSide } from './leg.ts';
import type { Leg } from './model.ts';

/**
 * Requests that were sent on `leg` within the interval. Of streams that are kept one by one the number is exact; of folded ones the runs
 * tell, whose first and last request are known and the others taken as evenly spread.
 */
export function requestsDuring(leg: Leg, fromNs: number, toNs: number): number {
  const kept = leg.streams.filter(
    ({ sawRequest, opened }) => sawRequest && opened.timeNs >= fromNs && opened.timeNs < toNs,
  ).length;
  return leg.trace.folded.count === 0
    ? kept
    : Math.max(kept, marksDuring(leg, 'request', clientSide(leg), fromNs, toNs));
}

/** Packets of a kind that a side sent within the interval. */
export function marksDuring({ trace }: Leg, kind: MarkKind, by: Side, fromNs: number, toNs: number): number {
  const runs = trace.marks.filter((mark) => mark.kind === kind && mark.by === by);
  return Math.round(runs.reduce((sum, run) => sum + countWithin(run, fromNs, toNs), 0));
}

function countWithin({ from, to, count }: Mark, fromNs: number, toNs: number): number {
  const isWithin = (atNs: number): number => (atNs >= fromNs && atNs < toNs ? 1 : 0);
  if (count === 1) return isWithin(from.timeNs);
  const spanNs = to.timeNs - from.timeNs;
  const sharedNs = Math.max(0, Math.min(to.timeNs, toNs) - Math.max(from.timeNs, fromNs));
  const inner = spanNs === 0 ? isWithin(from.timeNs) : sharedNs / spanNs;
  return isWithin(from.timeNs) + isWithin(to.timeNs) + (count - 2) * inner;
}
