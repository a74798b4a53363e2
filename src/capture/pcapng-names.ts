import type { NameRecord } from './facts.ts';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_TAIL_BYTES,
  NAMES_END,
  OPTION_HEAD_BYTES,
  OPTION_LENGTH,
  padded,
} from './pcapng-layout.ts';

/** More than any tool writes; Wireshark writes one for each address of the capture. */
const RECORDS_MAX = 4096;

/**
 * The records of the Name Resolution Block in [at, end) (draft-ietf-opsawg-pcapng §4.5), in bytes of their own, as far as they are
 * sound. Their values have no byte order.
 */
export function readNames(view: DataView, at: number, end: number, littleEndian: boolean): NameRecord[] {
  const records: NameRecord[] = [];
  const until = end - BLOCK_TAIL_BYTES;
  let record = at + BLOCK_HEAD_BYTES;
  while (record + OPTION_HEAD_BYTES <= until && records.length < RECORDS_MAX) {
    const type = view.getUint16(record, littleEndian);
    const bytes = view.getUint16(record + OPTION_LENGTH, littleEndian);
    const value = record + OPTION_HEAD_BYTES;
    if (type === NAMES_END || value + bytes > until) break;
    records.push({ type, value: new Uint8Array(view.buffer, view.byteOffset + value, bytes).slice() });
    record = value + padded(bytes);
  }
  return records;
}
