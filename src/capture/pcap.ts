import { BATCH_ROWS, type RecordBatch } from './batch.ts';
import type { Block } from './block.ts';
import type { WarningLog } from './facts.ts';
import { type PcapHeader, RECORD_HEADER_BYTES, RECORD_MAX_BYTES, type RecordLayout } from './pcap-header.ts';
import { findRecordRun, NO_SECONDS, RESYNC_SEARCH_BYTES } from './resync.ts';
import { type CaptureClock, fractionUnitNs, isPlausibleTime } from './timestamp.ts';

/** Why the walk through a block's records paused. */
const PAUSE = { rowsFull: 0, cut: 1, corrupt: 2 } as const;
type Pause = (typeof PAUSE)[keyof typeof PAUSE];

/** How far the capture's base time is looked for, where the first packets have none. */
const BASE_SEARCH_BYTES = 64 * 1024;

/**
 * Walks the records behind a classic pcap file header and hands them on, batch by batch.
 * What it finds does not depend on the size of the block.
 */
export class PcapWalk {
  packets = 0;
  readonly #block: Block;
  readonly #layout: RecordLayout;
  readonly #batch: RecordBatch;
  readonly #clock: CaptureClock;
  readonly #warnings: WarningLog;
  readonly #consumer: (batch: RecordBatch) => void;
  #lastSeconds = NO_SECONDS;

  constructor(
    block: Block,
    header: PcapHeader,
    batch: RecordBatch,
    clock: CaptureClock,
    warnings: WarningLog,
    consumer: (batch: RecordBatch) => void,
  ) {
    this.#block = block;
    this.#layout = header.layout;
    this.#batch = batch;
    this.#clock = clock;
    this.#warnings = warnings;
    this.#consumer = consumer;
    batch.linkType.fill(header.linkType);
  }

  /** @returns whether the file could be followed to its end */
  run(): boolean {
    if (!this.#clock.isSet) this.#setBase();
    for (;;) {
      const pause = this.#walkBlock();
      this.#handOn();
      if (pause === PAUSE.corrupt && !this.#resynchronise()) return false;
      if (pause === PAUSE.cut && !this.#block.advance()) return this.#atEnd();
    }
  }

  /** Takes whole records from the block until its rows are full, a record is cut by the block's end, or one claims too much. */
  #walkBlock(): Pause {
    const { view, end } = this.#block;
    const { littleEndian, secondsAt, fractionAt, capturedAt, originalAt, isOrderUnsure } = this.#layout;
    const { at: starts, capturedBytes, originalBytes, timeNs } = this.#batch;
    const { base, spanNs } = this.#clock;
    const unitNs = fractionUnitNs(this.#layout.nanoseconds);
    let at = this.#block.at;
    let row = 0;
    let pause: Pause = PAUSE.rowsFull;
    while (row < BATCH_ROWS) {
      const start = at + RECORD_HEADER_BYTES;
      if (start > end) {
        pause = PAUSE.cut;
        break;
      }
      let captured = view.getUint32(at + capturedAt, littleEndian);
      let original = view.getUint32(at + originalAt, littleEndian);
      if (isOrderUnsure && captured > original) [captured, original] = [original, captured];
      if (captured > RECORD_MAX_BYTES) {
        pause = PAUSE.corrupt;
        break;
      }
      if (captured > end - start) {
        pause = PAUSE.cut;
        break;
      }
      const seconds = view.getUint32(at + secondsAt, littleEndian) - (base[0] ?? 0);
      const ns = seconds * 1e9 + (view.getUint32(at + fractionAt, littleEndian) * unitNs - (base[1] ?? 0));
      if (ns < (spanNs[0] ?? 0)) spanNs[0] = ns;
      if (ns > (spanNs[1] ?? 0)) spanNs[1] = ns;
      starts[row] = start;
      capturedBytes[row] = captured;
      originalBytes[row] = original;
      timeNs[row] = ns;
      row++;
      at = start + captured;
    }
    this.#block.at = at;
    this.#batch.count = row;
    return pause;
  }

  #handOn(): void {
    const { count, at } = this.#batch;
    if (count === 0) return;
    const lastHeader = (at[count - 1] ?? 0) - RECORD_HEADER_BYTES;
    this.#lastSeconds = this.#block.view.getUint32(lastHeader + this.#layout.secondsAt, this.#layout.littleEndian);
    this.#batch.firstPacket = this.packets + 1;
    this.packets += count;
    this.#consumer(this.#batch);
  }

  /** Moves to the next run of plausible records. Searches the same bytes whatever the block's size is. */
  #resynchronise(): boolean {
    const block = this.#block;
    const isFileEnd = !block.require(RESYNC_SEARCH_BYTES);
    const end = Math.min(block.end, block.at + RESYNC_SEARCH_BYTES);
    const found = findRecordRun(block.view, block.at, end, isFileEnd, this.#layout, this.#lastSeconds);
    const where = { file: this.#batch.file, byte: block.origin + block.at, packet: this.packets + 1 };
    const claimedBytes = block.view.getUint32(block.at + this.#layout.capturedAt, this.#layout.littleEndian);
    if (found < 0) {
      const args = { claimedBytes, searchedBytes: end - block.at };
      this.#warnings.add({ code: 'corrupt-record-stopped', ...where, args });
      return false;
    }
    this.#warnings.add({
      code: 'corrupt-record-skipped',
      ...where,
      args: { claimedBytes, skippedBytes: found - block.at },
    });
    block.at = found;
    return true;
  }

  #atEnd(): boolean {
    const block = this.#block;
    const heldBytes = block.end - block.at;
    const where = { file: this.#batch.file, byte: block.origin + block.at, packet: this.packets + 1 };
    if (block.failure !== undefined) {
      const { failure } = block.failure;
      const errno = failure.code === 'unreadable' ? failure.errno : failure.code;
      this.#warnings.add({ code: 'read-error', ...where, args: { errno } });
      return false;
    }
    if (heldBytes === 0) return true;
    this.#warnings.add({ code: 'cut-last-record', ...where, args: { heldBytes } });
    return false;
  }

  /** Sets the base to the first plausible time among the first records; to the first record's where none is; to 1970 where there is no record. */
  #setBase(): void {
    const block = this.#block;
    const { littleEndian, secondsAt, fractionAt, capturedAt, nanoseconds } = this.#layout;
    block.require(BASE_SEARCH_BYTES);
    const end = Math.min(block.end, block.at + BASE_SEARCH_BYTES);
    let base = -1;
    for (let at = block.at; at + RECORD_HEADER_BYTES <= end;) {
      if (base < 0) base = at;
      if (isPlausibleTime(block.view.getUint32(at + secondsAt, littleEndian))) {
        base = at;
        break;
      }
      at += RECORD_HEADER_BYTES + block.view.getUint32(at + capturedAt, littleEndian);
    }
    if (base < 0) return;
    const fraction = block.view.getUint32(base + fractionAt, littleEndian);
    this.#clock.set(block.view.getUint32(base + secondsAt, littleEndian), fraction * fractionUnitNs(nanoseconds));
  }
}
