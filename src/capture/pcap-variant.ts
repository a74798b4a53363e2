import type { Block } from './block.ts';
import type { RecordLayout } from './pcap-header.ts';
import { isPlausible, isRecordRun, NO_SECONDS } from './resync.ts';

/** What old patched libpcaps wrote behind the record header, beside what the magic number tells: Red Hat 6.1, Nokia's IPSO; SuSE 6.3. */
const MORE_BYTES = [8, 4] as const;
const MORE_BYTES_MODIFIED = [4] as const;
/** Bytes in which the first records are looked at. */
const LOOKED_AT_BYTES: number = 64 * 1024;

/**
 * Some record headers are longer than the file header says: the next record tells. Where records of the usual kind follow, or none of any
 * kind do, the layout stays as it is.
 * @param block at the first record; nothing is taken from it
 */
export function fittingLayout(block: Block, layout: RecordLayout): RecordLayout {
  const isFileEnd = !block.require(LOOKED_AT_BYTES);
  const { view, at, end } = block;
  if (at === end || isRecordRun(view, at, end, isFileEnd, layout, NO_SECONDS)) return layout;
  return longerLayouts(layout).find((longer) => beginsTwice(block, isFileEnd, longer)) ?? layout;
}

function longerLayouts(layout: RecordLayout): RecordLayout[] {
  const more = layout.isModified ? MORE_BYTES_MODIFIED : MORE_BYTES;
  return more.map((bytes) => ({ ...layout, headerBytes: layout.headerBytes + bytes }));
}

/** Whether a second record, and those behind it, follow the first. */
function beginsTwice({ view, at, end }: Block, isFileEnd: boolean, layout: RecordLayout): boolean {
  const { headerBytes, capturedAt, secondsAt, littleEndian } = layout;
  if (at + headerBytes > end || !isPlausible(view, at, layout, NO_SECONDS)) return false;
  const next = at + headerBytes + view.getUint32(at + capturedAt, littleEndian);
  return isRecordRun(view, next, end, isFileEnd, layout, view.getUint32(at + secondsAt, littleEndian));
}
