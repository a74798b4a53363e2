import type { RecordBatch } from './batch.ts';
import type { Asides, CaptureWarningArgs, FileFacts, WarningLog } from './facts.ts';
import type { CaptureClock, FileTime } from './timestamp.ts';
import type { Block } from './block.ts';

/** What one step of reading gave. */
export const STEP = {
  /** The batch has rows. */
  rows: 0,
  /** No row yet; there may be some after the next step. */
  more: 1,
  /** The file has ended, or cannot be followed further. */
  end: 2,
} as const;
export type Step = (typeof STEP)[keyof typeof STEP];

/**
 * Reads the records of one file, whatever its format, a batch at a time.
 *
 * A step takes at most STEP_BYTES from the source, so that a source which must be waited for can be filled before it.
 * What it finds does not depend on the size of the block.
 */
export interface RecordReader {
  readonly format: FileFacts['format'];
  /** Filled by `step`; valid until the next one. */
  readonly batch: RecordBatch;
  /** Rows handed out so far. */
  readonly packets: number;
  /** False where the file ended within a record or could not be followed to its end; known after STEP.end. */
  readonly isWhole: boolean;
  readonly resolutionDigits: 6 | 9;
  /** LINKTYPE_ numbers of the packets so far. */
  linkTypes(): number[];
  /** What the capturing system said it dropped; null where it said nothing. */
  droppedPackets(): number | null;
  /** A program that merges captures wrote it, as it says. */
  readonly isMerged: boolean;
  /** The first plausible time among the first records; else the first time; undefined where there is none. Takes nothing from the block. */
  firstTime(): FileTime | undefined;
  /** Reads on. Sets the clock's base first, where no other file has. */
  step(): Step;
}

/** What a reader needs besides its format's header. */
export interface ReaderParts {
  readonly block: Block;
  readonly batch: RecordBatch;
  readonly clock: CaptureClock;
  readonly warnings: WarningLog;
  readonly asides: Asides;
}

/** Adds a warning about the record at the block's `at`, which would be the packet after `packets`. */
export function warnAt<C extends keyof CaptureWarningArgs>(
  { block, batch, warnings }: ReaderParts,
  packets: number,
  code: C,
  args: CaptureWarningArgs[C],
): void {
  warnings.add(code, { file: batch.file, byte: block.origin + block.at, packet: packets + 1 }, args);
}

/**
 * Says how the file ended, its reader having met the end of the source with unread bytes or none.
 * @param passedBytes  how much of the last record was read already and is no longer held
 * @returns whether it is whole
 */
export function endOfFile(parts: ReaderParts, packets: number, passedBytes = 0): boolean {
  const { block } = parts;
  const heldBytes = passedBytes + block.end - block.at;
  if (block.failure !== undefined) {
    const { failure } = block.failure;
    const errno = failure.code === 'unreadable' ? failure.errno : failure.code;
    warnAt(parts, packets, 'read-error', { errno });
    return false;
  }
  if (block.source.isStopped === true) {
    warnAt(parts, packets, 'interrupted', {});
    return false;
  }
  const { damage } = block.source;
  if (damage !== undefined) {
    warnAt(parts, packets, damage.kind === 'cut' ? 'compressed-cut' : 'compressed-damaged', damage);
    return false;
  }
  if (heldBytes === 0) return true;
  warnAt(parts, packets, 'cut-last-record', { heldBytes });
  return false;
}
