import { HEADROOM_BYTES } from './block.ts';
import {
  BLOCK,
  BLOCK_MIN_BYTES,
  BLOCK_TAIL_BYTES,
  BLOCK_TOTAL,
  BLOCK_TYPE,
  BYTE_ORDER_MAGIC,
  SECTION_BYTE_ORDER,
  SECTION_MIN_BYTES,
} from './pcapng-layout.ts';

/** How far behind a corrupt block the next good one is looked for: as far as bytes can be kept together. */
export const BLOCK_SEARCH_BYTES: number = HEADROOM_BYTES;

/** Wireshark refuses larger ones too. */
export const BLOCK_MAX_BYTES: number = 16 * 1024 * 1024;

/** Plausible blocks in a row that count as found. Each says its length twice, so one of random bytes passes with about 2^-60. */
const RUN_BLOCKS = 2;

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(BLOCK));

/** Byte order of the section whose header stands at `at`, with SECTION_MIN_BYTES there; undefined where it is none. */
export function sectionByteOrder(view: DataView, at: number): 'little' | 'big' | undefined {
  if (view.getUint32(at + SECTION_BYTE_ORDER, true) === BYTE_ORDER_MAGIC) return 'little';
  return view.getUint32(at + SECTION_BYTE_ORDER, false) === BYTE_ORDER_MAGIC ? 'big' : undefined;
}

/**
 * Finds the first offset after `at` from which RUN_BLOCKS plausible blocks follow, or fewer that end with the file.
 * @param end        where the bytes to look at end
 * @param isFileEnd  nothing follows `end` in the file
 * @returns offset of the first of them; -1 where there is none
 */
export function findBlockRun(
  view: DataView,
  at: number,
  end: number,
  isFileEnd: boolean,
  littleEndian: boolean,
): number {
  for (let candidate = at + 1; candidate + BLOCK_MIN_BYTES <= end; candidate++) {
    if (isRun(view, candidate, end, isFileEnd, littleEndian)) return candidate;
  }
  return -1;
}

function isRun(view: DataView, start: number, end: number, isFileEnd: boolean, littleEndian: boolean): boolean {
  let at = start;
  let order = littleEndian;
  for (let blocks = 0; blocks < RUN_BLOCKS; blocks++) {
    if (at === end) return isFileEnd;
    if (at + BLOCK_MIN_BYTES > end) return false;
    const type = view.getUint32(at + BLOCK_TYPE, order);
    if (!KNOWN_TYPES.has(type)) return false;
    if (type === BLOCK.section) {
      const found = at + SECTION_MIN_BYTES > end ? undefined : sectionByteOrder(view, at);
      if (found === undefined) return false;
      order = found === 'little';
    }
    const total = view.getUint32(at + BLOCK_TOTAL, order);
    if (total % 4 !== 0 || total < BLOCK_MIN_BYTES || at + total > end) return false;
    if (view.getUint32(at + total - BLOCK_TAIL_BYTES, order) !== total) return false;
    at += total;
  }
  return true;
}
