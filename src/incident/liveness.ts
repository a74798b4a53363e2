import { otherSide, type Side } from '../tcp/index.ts';
import type { Debt, Flow, TraceConnection } from '../trace/index.ts';
import type { Leg, LivenessInterval, LivenessState } from './model.ts';
import type { Thresholds } from './thresholds.ts';

/** Which state shows where several hold: the later in this list. */
const PRECEDENCE = [
  'alive',
  'idle',
  'closing',
  'unanswered',
  'dead',
  'closed',
] as const satisfies readonly LivenessState[];

interface Span {
  readonly fromNs: number;
  readonly toNs: number;
  readonly state: LivenessState;
  readonly debtor: Side | null;
}

/** One direction is not in the capture at all, and the other shows more than SYNs, or the refusal of one: the capture cannot tell what was answered. */
export function isOneSided({ flows, handshake, closes }: TraceConnection): boolean {
  const isAttempt = handshake.syn !== null || closes.some(({ answersSyn }) => answersSyn);
  return flows.some((flow, side) => {
    const other = flows[side === 0 ? 1 : 0];
    return flow.packets === 0 && other.packets > 0 && (other.bytes > 0 || !isAttempt);
  });
}

/** Some of what this side said is not in the capture: that it said nothing cannot be told. */
export function lacksBytes({ gapBytes, snaplenBytes }: Flow): boolean {
  return gapBytes + snaplenBytes > 0;
}

/** All that this side said in that time is in the capture and was read: what it did not say then, it did not say. */
export function isRead({ unread }: Flow, fromNs: number, toNs: number): boolean {
  return unread.every((missed) => missed.toNs < fromNs || missed.fromNs > toNs);
}

/** Tries without an answer that nobody can explain away any more: enough of them, for long enough (contract §3). */
export function isDead(trace: TraceConnection, debt: Debt, watchedToNs: number, thresholds: Thresholds): boolean {
  if (isOneSided(trace)) return false;
  const endNs = debt.endAt?.timeNs ?? watchedToNs;
  return debt.tries >= thresholds.deadTries && endNs - debt.firstElicit.timeNs >= thresholds.deadAfterNs;
}

/**
 * The states of a connection from its first packet to the end of the capture, without gaps: alive, idle (nobody owes anything),
 * unanswered (from the first elicit of a debt), dead (the same debt once proven, dated back), closing (a FIN or GOAWAY), closed.
 */
export function livenessOf(
  trace: TraceConnection,
  serverSide: Side,
  closed: Leg['closed'],
  watchedToNs: number,
  thresholds: Thresholds,
): readonly LivenessInterval[] {
  const fromNs = trace.first.timeNs;
  const endNs = Math.max(watchedToNs, trace.last.timeNs);
  const spans: Span[] = [{ fromNs, toNs: endNs, state: 'alive', debtor: null }];
  for (const debt of trace.debts) {
    const state = isDead(trace, debt, watchedToNs, thresholds) ? 'dead' : 'unanswered';
    spans.push({ fromNs: debt.firstElicit.timeNs, toNs: debt.endAt?.timeNs ?? endNs, state, debtor: debt.owedBy });
  }
  for (const silence of trace.silences) {
    const idleFromNs = silence.from.timeNs + thresholds.idleAfterNs;
    const toNs = silence.to?.timeNs ?? endNs;
    if (toNs > idleFromNs) spans.push({ fromNs: idleFromNs, toNs, state: 'idle', debtor: null });
  }
  const closing = [
    ...trace.goaways.map((goaway) => goaway.at),
    ...trace.closes.filter((close) => close.kind === 'fin').map((close) => close.at),
  ];
  for (const at of closing) spans.push({ fromNs: at.timeNs, toNs: endNs, state: 'closing', debtor: null });
  // A connection that timed out is dead until its end is seen; an attempt that did was never one.
  const isOver = closed.how !== 'timeout' || trace.flows[serverSide].packets === 0;
  if (closed.at !== null && isOver)
    spans.push({ fromNs: closed.at.timeNs, toNs: endNs, state: 'closed', debtor: null });
  // A clock that stepped back leaves spans of negative length, which say nothing.
  const sound = spans
    .filter((span) => span.toNs >= span.fromNs)
    .map((span) => ({ ...span, fromNs: Math.max(span.fromNs, fromNs) }));
  const intervals = flatten(sound, serverSide);
  return intervals.length > 0 ? intervals : [{ fromNs, toNs: endNs, state: 'alive', owedBy: null }];
}

/** Sweeps over all borders once: n log n in the number of episodes. */
function flatten(spans: readonly Span[], serverSide: Side): LivenessInterval[] {
  const borders = spans.flatMap((span) => [
    { atNs: span.fromNs, span, by: 1 },
    { atNs: span.toNs, span, by: -1 },
  ]);
  borders.sort((a, b) => a.atNs - b.atNs || a.by - b.by);
  const depth = new Map<LivenessState, [number, number, number]>(PRECEDENCE.map((state) => [state, [0, 0, 0]]));
  const intervals: LivenessInterval[] = [];
  let atNs = borders[0]?.atNs ?? 0;
  for (const border of borders) {
    if (border.atNs > atNs) append(intervals, atNs, border.atNs, depth, serverSide);
    atNs = border.atNs;
    const counts = depth.get(border.span.state);
    if (counts !== undefined) counts[border.span.debtor ?? 2] += border.by;
  }
  // Copied to its size: a list that has grown has room for sixteen more.
  return intervals.slice();
}

function append(
  intervals: LivenessInterval[],
  fromNs: number,
  toNs: number,
  depth: ReadonlyMap<LivenessState, readonly [number, number, number]>,
  serverSide: Side,
): void {
  const state = PRECEDENCE.findLast((candidate) => (depth.get(candidate) ?? [0, 0, 0]).some((count) => count > 0));
  if (state === undefined) return;
  const counts = depth.get(state) ?? [0, 0, 0];
  const owedBy = debtorOf(counts, serverSide);
  const last = intervals.at(-1);
  if (last !== undefined && last.state === state && last.owedBy === owedBy && last.toNs === fromNs) {
    intervals[intervals.length - 1] = { ...last, toNs };
  } else {
    intervals.push({ fromNs, toNs, state, owedBy });
  }
}

function debtorOf(counts: readonly [number, number, number], serverSide: Side): LivenessInterval['owedBy'] {
  const server = counts[serverSide] > 0;
  const client = counts[otherSide(serverSide)] > 0;
  if (server && client) return 'both';
  return server ? 'server' : client ? 'client' : null;
}
