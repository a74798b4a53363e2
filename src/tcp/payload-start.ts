import { FLAG, type Segment } from '../decode/index.ts';

/** So much of a payload is marked: four words, in the cache line of its header or the next one. All of it would double what a packet costs. */
const MARKED_BYTES = 16;
const LENGTH_BITS = 5;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
/** Odd, so that payloads that differ in one word have other sums. The words are multiplied side by side: a chain would cost twice as much. */
const FACTORS = { word0: 0x9e3779b1, word4: 0x85ebca6b, word8: 0xc2b2ae35, word12: 0x2545f491 } as const;

/** No payload, or none that is of the stream. */
export const UNMARKED = 0;

/** A mark of a segment's first captured bytes: a hash, and how many they are in the lower bits. UNMARKED where there are none. */
export function markOf(segment: Segment, view: DataView): number {
  const at = segment.payloadAt;
  const bytes = segment.payloadEnd - at;
  // What a RST carries is no stream data (RFC 9293 §3.5.3).
  if (bytes <= 0 || (segment.flags & FLAG.rst) !== 0) return UNMARKED;
  if (bytes < MARKED_BYTES) return (hashOfFew(view, at, segment.payloadEnd) & ~LENGTH_MASK) | bytes;
  const first = Math.imul(view.getInt32(at), FACTORS.word0) + Math.imul(view.getInt32(at + 4), FACTORS.word4);
  const second = Math.imul(view.getInt32(at + 8), FACTORS.word8) + Math.imul(view.getInt32(at + 12), FACTORS.word12);
  const hash = (first + second) | 0;
  return ((hash ^ (hash >>> 16)) & ~LENGTH_MASK) | MARKED_BYTES;
}

/** Whether two marks are of other bytes. Not told where they are of more and of fewer bytes, or one of none. */
export function differs(mark: number, other: number): boolean {
  return mark !== other && ((mark ^ other) & LENGTH_MASK) === 0;
}

function hashOfFew(view: DataView, at: number, end: number): number {
  let hash = 0;
  for (let byte = at; byte < end; byte++) hash = Math.imul(hash ^ view.getUint8(byte), FACTORS.word0);
  return hash ^ (hash >>> 16);
}
