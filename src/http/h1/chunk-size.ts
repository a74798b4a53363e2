import { CR, LF } from './line-feed.ts';

const CRLF_BYTES = 2;
/** 16 MB in one chunk; those that are searched for are events of a watch. */
const SEARCHED_MAX_DIGITS = 6;

/** The value of a hexadecimal digit (RFC 9112 §7.1), -1 for another byte. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

/**
 * Whether a segment begins with a whole chunk (RFC 9112 §7.1): how a watch is found again after a gap or a missing start. A digit and two
 * line ends at the right places turn up in random bytes once in 2^35 offsets; that each event of a watch is a chunk in a segment of its
 * own makes the search short.
 */
export function beginsChunks(view: DataView, at: number, end: number): boolean {
  let next = at;
  for (let chunks = 0; next < end; chunks++) {
    let size = 0;
    let digit = hexDigit(view.getUint8(next));
    const last = Math.min(end, next + SEARCHED_MAX_DIGITS);
    const first = next;
    while (digit >= 0 && next < last) {
      size = size * 16 + digit;
      next++;
      digit = next < last ? hexDigit(view.getUint8(next)) : -1;
    }
    if (next === first || !isLineEnd(view, next, end)) return false;
    // Its end is elsewhere, or the body's is here: what came before has to do.
    if (size === 0 || next + CRLF_BYTES + size + CRLF_BYTES > end) return chunks > 0;
    next += CRLF_BYTES + size;
    if (!isLineEnd(view, next, end)) return false;
    next += CRLF_BYTES;
  }
  return next > at;
}

function isLineEnd(view: DataView, at: number, end: number): boolean {
  return end - at >= CRLF_BYTES && view.getUint8(at) === CR && view.getUint8(at + 1) === LF;
}
