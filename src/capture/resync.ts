import { HEADROOM_BYTES } from './block.ts';
import { RECORD_MAX_BYTES, type RecordLayout } from './pcap-header.ts';

/** How far behind a corrupt record the next good one is looked for: as far as bytes can be kept together. */
export const RESYNC_SEARCH_BYTES: number = HEADROOM_BYTES;

/** Plausible records in a row that count as found. One header of random bytes passes with about 2^-56. */
const RUN_RECORDS = 3;

/** Neighbours in a capture are closer in time than this. */
const NEIGHBOUR_SECONDS = 24 * 60 * 60;

/** Where no good record came before. */
export const NO_SECONDS = -1;

/**
 * Finds the first offset after `at` from which a run of plausible records follows: RUN_RECORDS of them, or fewer that reach the file's end.
 * A capture within a capture (a copied pcap file in a payload) could pass; its times would have to be near too.
 * @param end          where the bytes to look at end
 * @param isFileEnd    nothing follows `end` in the file
 * @param nearSeconds  the second of the last good record, or NO_SECONDS
 * @returns offset of the first record of the run; -1 where there is none
 */
export function findRecordRun(
  view: DataView,
  at: number,
  end: number,
  isFileEnd: boolean,
  layout: RecordLayout,
  nearSeconds: number,
): number {
  for (let candidate = at + 1; candidate + layout.headerBytes <= end; candidate++) {
    if (isRecordRun(view, candidate, end, isFileEnd, layout, nearSeconds)) return candidate;
  }
  return -1;
}

/**
 * Whether a run of plausible records begins at `start`.
 * @param nearSeconds  the second of the record before, or NO_SECONDS
 */
export function isRecordRun(
  view: DataView,
  start: number,
  end: number,
  isFileEnd: boolean,
  layout: RecordLayout,
  nearSeconds: number,
): boolean {
  let at = start;
  let seconds = nearSeconds;
  for (let records = 0; records < RUN_RECORDS; records++) {
    if (at === end) return isFileEnd && records > 0;
    // A cut last record ends a run only behind two whole ones: its own length proves nothing.
    if (at + layout.headerBytes > end) return isFileEnd && at < end && records > 1;
    if (!isPlausible(view, at, layout, seconds)) return false;
    seconds = view.getUint32(at + layout.secondsAt, layout.littleEndian);
    at += layout.headerBytes + view.getUint32(at + layout.capturedAt, layout.littleEndian);
    if (at > end) return isFileEnd && records > 1;
  }
  return true;
}

/** Whether a record header of a capture stands at `at`. */
export function isPlausible(view: DataView, at: number, layout: RecordLayout, nearSeconds: number): boolean {
  const { littleEndian } = layout;
  const captured = view.getUint32(at + layout.capturedAt, littleEndian);
  if (captured > RECORD_MAX_BYTES) return false;
  const original = view.getUint32(at + layout.originalAt, littleEndian);
  if (original < captured || original > RECORD_MAX_BYTES) return false;
  const fraction = view.getUint32(at + layout.fractionAt, littleEndian);
  if (fraction >= (layout.nanoseconds ? 1_000_000_000 : 1_000_000)) return false;
  const seconds = view.getUint32(at + layout.secondsAt, littleEndian);
  if (nearSeconds === NO_SECONDS) return seconds > 0;
  return Math.abs(seconds - nearSeconds) <= NEIGHBOUR_SECONDS;
}
