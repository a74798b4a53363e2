/** Continuation bytes that are followed: 4 x 7 bits and the prefix stay below 2^29, more than any length or index that makes sense. */
const INTEGER_MAX_CONTINUATION_BYTES = 4;

/** Where a decoder stands in a field block, and the integer that it read last. */
export class Cursor {
  /** Offset of the next byte. */
  next = 0;
  value = 0;
}

/**
 * Reads one HPACK integer (RFC 7541 §5.1) whose prefix is in the byte at `cursor.next`, which lies before `end`.
 * @param prefixBits  1..8
 * @returns true, with the number in `cursor.value` and the offset after it in `cursor.next`;
 *          false where the bytes end first, or above INTEGER_MAX_CONTINUATION_BYTES. `cursor` is unchanged then.
 */
export function readInteger(view: DataView, end: number, prefixBits: number, cursor: Cursor): boolean {
  const most = (1 << prefixBits) - 1;
  let at = cursor.next;
  let value = view.getUint8(at++) & most;
  if (value === most) {
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift === 7 * INTEGER_MAX_CONTINUATION_BYTES) return false;
      const byte = view.getUint8(at++);
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
  }
  cursor.next = at;
  cursor.value = value;
  return true;
}
