import type { Report, Timestamp } from '../model.ts';
import { parseTimestamp } from '../timestamp.ts';

/** Microseconds since the capture's first packet, with the nanoseconds as a fraction; never negative. */
export type MicrosecondsOf = (at: Timestamp) => number;

const NS_PER_US = 1000;

export function microsecondsSince({ capture }: Report): MicrosecondsOf {
  const start = parseTimestamp(capture.start ?? '') ?? 0n;
  return (at) => Math.max(0, Number((parseTimestamp(at) ?? start) - start) / NS_PER_US);
}
