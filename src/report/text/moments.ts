import type { Report, Timestamp } from '../model.ts';
import { parseTimestamp } from '../timestamp.ts';

/** Seconds since the capture's first packet; 0 where the text is no time. */
export type SecondsOf = (at: Timestamp) => number;

export function secondsSince({ capture }: Report): SecondsOf {
  const start = parseTimestamp(capture.start ?? '') ?? 0n;
  return (at) => {
    const ns = parseTimestamp(at);
    return ns === null ? 0 : Number(ns - start) / 1e9;
  };
}
