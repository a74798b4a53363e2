import { BATCH_ROWS, type RecordBatch } from './batch.ts';
import type { Block } from './block.ts';
import { type PcapHeader, RECORD_MAX_BYTES, type RecordLayout } from './pcap-header.ts';
import { fittingLayout } from './pcap-variant.ts';
import { endOfFile, type ReaderParts, type RecordReader, STEP, type Step, warnAt } from './reader.ts';
import { findRecordRun, NO_SECONDS, RESYNC_SEARCH_BYTES } from './resync.ts';
import { type CaptureClock, epochNsOf, type FileTime, fractionUnitNs, isPlausibleTime } from './timestamp.ts';

/** Why the walk through a block's records paused. */
const PAUSE = { rowsFull: 0, cut: 1, corrupt: 2, ended: 3 } as const;
type Pause = (typeof PAUSE)[keyof typeof PAUSE];

/** How far the capture's base time is looked for, where the first packets have none. */
export const BASE_SEARCH_BYTES: number = 64 * 1024;

/** Walks the records behind a classic pcap file header and hands them on, batch by batch. */
export class PcapReader implements RecordReader {
  readonly format = 'pcap';
  packets = 0;
  isWhole = false;
  /** Classic pcap has no place to say so. */
  readonly isMerged = false;
  readonly batch: RecordBatch;
  readonly resolutionDigits: 6 | 9;
  readonly #parts: ReaderParts;
  readonly #block: Block;
  #layout: RecordLayout;
  readonly #linkType: number;
  readonly #snapLength: number;
  readonly #clock: CaptureClock;
  #isTold = false;
  #pause: Pause = PAUSE.rowsFull;
  #lastSeconds = NO_SECONDS;

  constructor(parts: ReaderParts, { layout, linkType, snapLength }: PcapHeader) {
    this.#parts = parts;
    this.#block = parts.block;
    this.#layout = layout;
    this.#linkType = linkType;
    this.#snapLength = snapLength;
    this.#clock = parts.clock;
    this.batch = parts.batch;
    this.resolutionDigits = layout.nanoseconds ? 9 : 6;
    parts.batch.linkType.fill(linkType);
    parts.batch.epochNs = (row) => epochNsOf(this.#timeAt((this.batch.at[row] ?? 0) - this.#layout.headerBytes));
  }

  linkTypes(): number[] {
    return [this.#linkType];
  }

  /** Classic pcap has no place for it. */
  droppedPackets(): null {
    return null;
  }

  step(): Step {
    if (!this.#clock.isSet) this.#setBase();
    if (!this.#isTold) this.#begin();
    if (!this.#readOn()) return STEP.end;
    this.#pause = this.#walkBlock();
    const { count } = this.batch;
    if (count === 0) return STEP.more;
    this.batch.firstPacket = this.packets + 1;
    this.packets += count;
    return STEP.rows;
  }

  #begin(): void {
    this.#isTold = true;
    this.#layout = fittingLayout(this.#block, this.#layout);
    this.#parts.asides.onInterface?.({
      file: this.batch.file,
      vantage: 0,
      linkType: this.#linkType,
      snapLength: this.#snapLength,
      name: null,
      resolutionDigits: this.resolutionDigits,
    });
  }

  /** Goes past what the last walk paused at. The rows of that walk are gone then. */
  #readOn(): boolean {
    if (this.#pause === PAUSE.corrupt) {
      if (!this.#resynchronise()) this.#pause = PAUSE.ended;
    } else if (this.#pause === PAUSE.cut && !this.#block.advance()) {
      this.isWhole = endOfFile(this.#parts, this.packets);
      this.#pause = PAUSE.ended;
    }
    return this.#pause !== PAUSE.ended;
  }

  /** Takes whole records from the block until its rows are full, a record is cut by the block's end, or one claims too much. */
  #walkBlock(): Pause {
    const { view, end } = this.#block;
    const { littleEndian, secondsAt, fractionAt, capturedAt, originalAt, isOrderUnsure, headerBytes } = this.#layout;
    const { at: starts, capturedBytes, originalBytes, timeNs } = this.batch;
    const { base, spanNs } = this.#clock;
    const unitNs = fractionUnitNs(this.#layout.nanoseconds);
    let at = this.#block.at;
    let row = 0;
    let pause: Pause = PAUSE.rowsFull;
    while (row < BATCH_ROWS) {
      const start = at + headerBytes;
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
    this.batch.count = row;
    if (row > 0) this.#lastSeconds = view.getUint32((starts[row - 1] ?? 0) - headerBytes + secondsAt, littleEndian);
    return pause;
  }

  /** Moves to the next run of plausible records. Searches the same bytes whatever the block's size is. */
  #resynchronise(): boolean {
    const block = this.#block;
    const isFileEnd = !block.require(RESYNC_SEARCH_BYTES);
    const end = Math.min(block.end, block.at + RESYNC_SEARCH_BYTES);
    const found = findRecordRun(block.view, block.at, end, isFileEnd, this.#layout, this.#lastSeconds);
    const claimedBytes = block.view.getUint32(block.at + this.#layout.capturedAt, this.#layout.littleEndian);
    if (found < 0) {
      const searchedBytes = end - block.at;
      warnAt(this.#parts, this.packets, 'corrupt-record-stopped', { claimedBytes, searchedBytes });
      return false;
    }
    const skippedBytes = found - block.at;
    warnAt(this.#parts, this.packets, 'corrupt-record-skipped', { claimedBytes, skippedBytes });
    block.at = found;
    return true;
  }

  #setBase(): void {
    const first = this.firstTime();
    if (first !== undefined) this.#clock.set(first.seconds, first.ns);
  }

  firstTime(): FileTime | undefined {
    const block = this.#block;
    block.require(BASE_SEARCH_BYTES);
    const { littleEndian, secondsAt, capturedAt, headerBytes } = fittingLayout(block, this.#layout);
    const end = Math.min(block.end, block.at + BASE_SEARCH_BYTES);
    let first = -1;
    for (let at = block.at; at + headerBytes <= end;) {
      if (first < 0) first = at;
      if (isPlausibleTime(block.view.getUint32(at + secondsAt, littleEndian))) return this.#timeAt(at);
      at += headerBytes + block.view.getUint32(at + capturedAt, littleEndian);
    }
    return first < 0 ? undefined : this.#timeAt(first);
  }

  #timeAt(at: number): FileTime {
    const { view } = this.#block;
    const { littleEndian, secondsAt, fractionAt, nanoseconds } = this.#layout;
    const ns = view.getUint32(at + fractionAt, littleEndian) * fractionUnitNs(nanoseconds);
    return { seconds: view.getUint32(at + secondsAt, littleEndian), ns };
  }
}
