export const LF = 0x0a;
export const CR = 0x0d;
const WORD_BYTES = 4;
const LF_IN_EACH_BYTE = 0x0a0a0a0a;
const ONE_IN_EACH_BYTE = 0x01010101;
/** The top bit of each byte, as a signed word. */
const TOP_OF_EACH_BYTE: number = 0x80808080 | 0;

/**
 * Offset of the first LF, by the word: heads are long, with a token of a kilobyte in them that is not read.
 * @returns -1 where there is none before `end`
 */
export function findLineFeed(view: DataView, at: number, end: number): number {
  let next = at;
  for (; next <= end - WORD_BYTES; next += WORD_BYTES) {
    // A byte that is LF becomes zero, and subtracting one from a zero byte sets its top bit; a byte above it may be set too, never one alone.
    const word = view.getInt32(next) ^ LF_IN_EACH_BYTE;
    if (((word - ONE_IN_EACH_BYTE) & ~word & TOP_OF_EACH_BYTE) !== 0) break;
  }
  for (; next < end; next++) if (view.getUint8(next) === LF) return next;
  return -1;
}

/** Whether a byte is a part of a line's end. */
export function isLineEnd(byte: number): boolean {
  return byte === CR || byte === LF;
}

/** Offset after the empty line that ends a head (RFC 9112 §2.2: a lone LF may stand for CRLF); 0 where it is not there. */
export function endOfHead(view: DataView, at: number, end: number): number {
  for (let lf = findLineFeed(view, at, end); lf >= 0; lf = findLineFeed(view, lf + 1, end)) {
    const after = lf + 1 < end && view.getUint8(lf + 1) === CR ? lf + 2 : lf + 1;
    if (after < end && view.getUint8(after) === LF) return after + 1;
  }
  return 0;
}
