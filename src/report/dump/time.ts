import { formatTimestamp } from '../timestamp.ts';

const NS_PER_MICROSECOND = 1000n;

/** The time of a dump's line; null where the record has none. */
export function lineTime(epochNs: bigint | null): string | null {
  return epochNs === null ? null : formatTimestamp(epochNs, digitsOf(epochNs));
}

/** Microseconds where they tell the time in full. */
export function digitsOf(ns: bigint): 6 | 9 {
  return ns % NS_PER_MICROSECOND === 0n ? 6 : 9;
}
