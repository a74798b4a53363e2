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
  return leg.trace.folded.count === 0 ? known : Math.max(known, spreadRequests(leg, fromNs, toNs));
}

/** The same, as far as it is sure. */
export function requestBounds(leg: Leg, fromNs: number, toNs: number): Bounds {
  const times = requestTimes(leg);
  const known = countBefore(times, toNs) - countBefore(times, fromNs);
  if (leg.trace.folded.count === 0) return { least: known, most: known };
  const { least, most } = countDuring(leg, 'request', clientSide(leg), fromNs, toNs);
  return { least: Math.max(known, least), most: Math.max(known, most) };
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

/** How many packets of a kind a side sent within the interval, as far as the runs tell: those that lie across its ends leave it open. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

export function isOpenEnded({ least, most }: Bounds): boolean {
  return most > least;
}

/** Packets of a kind that a side sent from `fromNs` until before `toNs`. */
export function countDuring(leg: Leg, kind: CountedKind, by: Side, fromNs: number, toNs: number): Bounds {
  let [least, most] = [0, 0];
  for (const run of runsOf(leg, kind, by)) {
    if (run.to.timeNs < fromNs || run.from.timeNs >= toNs) continue;
    const isInside = run.from.timeNs >= fromNs && run.to.timeNs < toNs;
    const ends = endsWithin(run, fromNs, toNs);
    least += isInside ? run.count : ends;
    most += isInside ? run.count : ends + run.count - 2;
  }
  return { least, most };
}

/** Requests within the interval, the folded ones taken as evenly spread. */
function spreadRequests(leg: Leg, fromNs: number, toNs: number): number {
  const runs = runsOf(leg, 'request', clientSide(leg));
  return Math.round(runs.reduce((sum, run) => sum + spreadWithin(run, fromNs, toNs), 0));
}

/** Kinds of marks that windows count. */
const COUNTED_KINDS: readonly ['request', 'ping', 'ping-ack', 'keep-alive', 'keep-alive-ack', 'retransmission'] = [
  'request',
  'ping',
  'ping-ack',
  'keep-alive',
  'keep-alive-ack',
  'retransmission',
];
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

/** Of a run's first packet and its last, those within; one packet is both. */
function endsWithin({ from, to, count }: Mark, fromNs: number, toNs: number): number {
  const isWithin = (atNs: number): number => (atNs >= fromNs && atNs < toNs ? 1 : 0);
  return isWithin(from.timeNs) + (count === 1 ? 0 : isWithin(to.timeNs));
}

function spreadWithin(run: Mark, fromNs: number, toNs: number): number {
  const ends = endsWithin(run, fromNs, toNs);
  if (run.count <= 2) return ends;
  const spanNs = run.to.timeNs - run.from.timeNs;
  const sharedNs = Math.max(0, Math.min(run.to.timeNs, toNs) - Math.max(run.from.timeNs, fromNs));
  return ends + (run.count - 2) * (spanNs === 0 ? Math.min(ends, 1) : sharedNs / spanNs);
}
