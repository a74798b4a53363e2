import type { Leg } from '../../incident/index.ts';
import { otherSide } from '../../tcp/index.ts';
import type { Debt } from '../../trace/index.ts';
import type { Ladder } from '../model.ts';
import { type Frame, partyOf, placeOf, secondsOf, timeAt } from './frame.ts';

/** Of a leg that stutters for ever those with most tries tell enough; the rest is in the count of retransmissions. */
const LADDERS_MAX = 16;

/** RFC 6298 §5.5: each timeout doubles the next; timers round, and the answer to an earlier try may move one. */
const DOUBLE_LEAST = 1.6;
const DOUBLE_MOST = 2.6;
/** Linux's TCP_RTO_MAX, where the ladder goes on in equal steps. */
const CAP_SECONDS = 120;
const CAP_TOLERANCE = 0.1;
const GAPS_TO_TELL = 3;

const ENDS = { answered: 'ack', rst: 'rst', open: 'open' } as const satisfies Record<Debt['end'], Ladder['endedBy']>;

/** What either side sent again and again, each time as one event, in order of time; at most LADDERS_MAX, those with most tries. */
export function laddersOf(frame: Frame, leg: Leg): Ladder[] {
  const resent = leg.trace.debts.filter(({ elicits }) => elicits.retransmissions > 0 || elicits.syns > 1);
  const kept = new Set(resent.toSorted((a, b) => b.tries - a.tries).slice(0, LADDERS_MAX));
  return resent.filter((debt) => kept.has(debt)).map((debt) => ladderOf(frame, leg, debt));
}

function ladderOf(frame: Frame, { serverSide }: Leg, { owedBy, firstElicit, tries, attempts, end }: Debt): Ladder {
  const gaps = attempts.slice(1).map((ref, at) => secondsOf(ref.timeNs - (attempts[at]?.timeNs ?? ref.timeNs)));
  const { packet: firstPacket, file } = placeOf(frame, firstElicit);
  return {
    by: partyOf(serverSide, otherSide(owedBy)),
    at: timeAt(frame, firstElicit.timeNs),
    firstPacket,
    ...(file === undefined ? {} : { firstFile: file }),
    tries,
    gaps,
    doubling: gaps.length < GAPS_TO_TELL ? null : gaps.slice(1).every((gap, at) => isDoubled(gaps[at] ?? 0, gap)),
    endedBy: ENDS[end],
  };
}

function isDoubled(before: number, gap: number): boolean {
  const isCapped =
    Math.abs(gap - CAP_SECONDS) <= CAP_SECONDS * CAP_TOLERANCE &&
    before * DOUBLE_MOST >= CAP_SECONDS &&
    gap >= before * (1 - CAP_TOLERANCE);
  return isCapped || (gap >= before * DOUBLE_LEAST && gap <= before * DOUBLE_MOST);
}
