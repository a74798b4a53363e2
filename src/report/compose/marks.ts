import type { Leg } from '../../incident/index.ts';
import type { Mark as TraceMark, MarkKind as TraceMarkKind } from '../../trace/index.ts';
import type { Mark } from '../model.ts';
import { type Frame, partyOf, timeAt } from './frame.ts';

/** All marks of a report: about 2 MB of JSON. Connections in a window keep all of theirs. */
const MARKS_MAX = 10_000;
/** A connection keeps at least these, whatever the number of connections. */
const MARKS_PER_CONNECTION_MIN = 4;

/** Which marks stay where not all can: the rarer and more telling first. */
const WEIGHT = {
  rst: 0,
  goaway: 1,
  'rst-stream': 2,
  fin: 3,
  retransmission: 4,
  syn: 5,
  'syn-ack': 6,
  'keep-alive': 7,
  request: 8,
  response: 9,
  ping: 10,
  'keep-alive-ack': 11,
  'ping-ack': 12,
  data: 13,
} as const satisfies Record<TraceMarkKind, number>;

/** How many marks a connection outside of all windows may keep. */
export function marksShare(connections: number): number {
  return Math.max(MARKS_PER_CONNECTION_MIN, Math.floor(MARKS_MAX / Math.max(connections, 1)));
}

/** The marks of a leg in order of time, at most `limit`. */
export function marksOf(frame: Frame, leg: Leg, limit: number): Mark[] {
  return chosen(leg.trace.marks, limit).map((mark) => markOf(frame, leg, mark));
}

/** Without spreading: an object made so has a hidden class of its own, which took more memory than the marks. */
function markOf(frame: Frame, leg: Leg, { from, to, by, kind, count }: TraceMark): Mark {
  const mark: Mark = {
    packet: from.packet,
    at: timeAt(frame, from.timeNs),
    by: partyOf(leg.serverSide, by),
    kind,
    count,
    until: timeAt(frame, to.timeNs),
    lastPacket: to.packet,
  };
  if (!frame.manyFiles) return mark;
  mark.file = from.file;
  mark.lastFile = to.file;
  return mark;
}

function chosen(marks: readonly TraceMark[], limit: number): readonly TraceMark[] {
  if (marks.length <= limit) return marks;
  const kept = new Set(marks.toSorted((a, b) => WEIGHT[a.kind] - WEIGHT[b.kind]).slice(0, limit));
  return marks.filter((mark) => kept.has(mark));
}
