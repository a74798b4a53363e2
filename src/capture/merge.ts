import type { RecordBatch } from './batch.ts';
import type { CaptureFile } from './capture-file.ts';
import type { WarningLog } from './facts.ts';

/** Files that are open at one time, each with a block of its own; more than overlap in any rotated set. */
export const OPEN_FILES_MAX = 64;

/**
 * Several files as one, in the order of their packets' times.
 *
 * Within a file the order stays, whatever its times say, so that a clock set back is still seen as one. Ties go to the file given first.
 * Memory follows the files that overlap in time, and is bounded by OPEN_FILES_MAX.
 */
export class Merge {
  readonly #files: readonly CaptureFile[];
  readonly #warnings: WarningLog;
  readonly #late = new Set<CaptureFile>();
  #untilNs = Number.POSITIVE_INFINITY;
  #isFirst = true;

  constructor(files: readonly CaptureFile[], warnings: WarningLog) {
    this.#files = files;
    this.#warnings = warnings;
  }

  /** The file whose packets come next: one to be opened, to be read on, or with rows; undefined at the end. */
  next(): CaptureFile | undefined {
    const earliest = this.#earliest(false);
    if (earliest === undefined || earliest.isOpen || this.#openCount() < OPEN_FILES_MAX) return earliest;
    this.#warnLate(earliest);
    return this.#earliest(true);
  }

  /** Hands on the rows of the file that `next` gave, as far as no other file's come before them. */
  handOn(file: CaptureFile, consumer: (batch: RecordBatch) => void): void {
    file.handOn(this.#untilNs, this.#isFirst, consumer);
  }

  /** Also notes the second earliest, which bounds what the earliest may hand on. */
  #earliest(onlyOpen: boolean): CaptureFile | undefined {
    let earliest: CaptureFile | undefined;
    let earliestNs = Number.POSITIVE_INFINITY;
    this.#untilNs = Number.POSITIVE_INFINITY;
    this.#isFirst = true;
    for (const file of this.#files) {
      if (file.isEnded || (onlyOpen && !file.isOpen)) continue;
      const { headNs } = file;
      if (earliest === undefined || headNs < earliestNs) {
        this.#untilNs = earliest === undefined ? Number.POSITIVE_INFINITY : earliestNs;
        this.#isFirst = earliest === undefined;
        earliest = file;
        earliestNs = headNs;
      } else if (headNs < this.#untilNs) {
        this.#untilNs = headNs;
        this.#isFirst = true;
      }
    }
    return earliest;
  }

  #openCount(): number {
    return this.#files.reduce((sum, file) => sum + (file.isOpen ? 1 : 0), 0);
  }

  #warnLate(file: CaptureFile): void {
    if (this.#late.has(file)) return;
    this.#late.add(file);
    const place = { file: file.index, byte: null, packet: null };
    this.#warnings.add('too-many-at-once', place, { atOnce: OPEN_FILES_MAX });
  }
}
