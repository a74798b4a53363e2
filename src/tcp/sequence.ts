import { FLAG, type Segment } from '../decode/index.ts';

/**
 * All 32-bit arithmetic of the program. Sequence numbers are int32 here (the wire's unsigned numbers `| 0`):
 * distances across 2^32 come out right because subtraction wraps where the numbers wrap (RFC 9293 §3.4).
 */

/** The largest window that scaling can express: 65,535 << 14, just under 2^30 (RFC 7323 §2.3). */
export const WINDOW_MAX_BYTES: number = 2 ** 30;

/** Signed distance from one sequence number to another; exact while it is under 2^31 either way. */
export function seqDiff(from: number, to: number): number {
  return (to - from) | 0;
}

/** The sequence number `bytes` further on. */
export function seqAdd(seq: number, bytes: number): number {
  return (seq + bytes) | 0;
}

/** Distance forward, 0 to 2^32 - 1, for the case that it is known to be forward. */
export function seqAhead(from: number, to: number): number {
  return (to - from) >>> 0;
}

/** SEG.LEN: payload plus one each for SYN and FIN (RFC 9293 §3.3.1). */
export function segmentBytes(segment: Segment): number {
  const flags = segment.flags;
  return segment.payloadBytes + ((flags >> 1) & 1) + (flags & FLAG.fin);
}

/** The sequence number of the payload's first byte: one after a SYN. */
export function payloadSeq(segment: Segment): number {
  return (segment.seq + ((segment.flags >> 1) & 1)) | 0;
}
