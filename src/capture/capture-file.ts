import { createBatch, type RecordBatch } from './batch.ts';
import { Block, BLOCK_BYTES, HEADROOM_BYTES } from './block.ts';
import type { Asides, FileFacts, WarningLog } from './facts.ts';
import { MAGIC_BYTES } from './magic.ts';
import { openCapture } from './open.ts';
import { openReader } from './open-reader.ts';
import { type RecordReader, STEP } from './reader.ts';
import type { Source } from './source.ts';
import type { CaptureClock, FileTime } from './timestamp.ts';

/** More than a step takes from its source: the most that is kept together, and a block behind it. */
const STEP_BYTES = HEADROOM_BYTES + 2 * BLOCK_BYTES;

/** What the files of one capture share. */
export interface Shared {
  readonly clock: CaptureClock;
  readonly warnings: WarningLog;
  readonly asides: Asides;
  /** Blocks of files that have ended, for those that begin: their memory is not given back at once. */
  readonly spareBlocks: ArrayBuffer[];
}

interface Opened {
  readonly source: Source;
  readonly block: Block;
  readonly batch: RecordBatch;
  readonly reader: RecordReader;
}

/**
 * One file of a capture: opened to see what it is and when it begins, closed again where that is possible, and read when its turn comes.
 * So a rotated set of any length needs one block, and files that overlap in time need one each.
 */
export class CaptureFile {
  /** Index in the capture. */
  index = 0;
  isEnded = false;
  #isBegun = false;
  readonly path: string;
  readonly #shared: Shared;
  #opened: Opened | undefined;
  #facts: FileFacts | undefined;
  #first: FileTime | undefined;
  #row = 0;
  #rowsEnd = 0;

  constructor(path: string, shared: Shared) {
    this.path = path;
    this.#shared = shared;
  }

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** Whether there are rows that were not handed on. */
  get hasRows(): boolean {
    return this.#row < this.#rowsEnd;
  }

  /** Known after `probe`; undefined where no packet has a time. */
  get first(): FileTime | undefined {
    return this.#first;
  }

  /** Bytes of the file that were read so far. */
  get bytesRead(): number {
    return this.#opened?.source.bytesRead ?? this.#facts?.bytes ?? 0;
  }

  /** Null where it is a pipe, or was not opened yet. */
  sizeBytes: number | null = null;

  /** The time of the next row, in nanoseconds since the capture's base; -Infinity where it must be read to know. */
  get headNs(): number {
    if (this.hasRows) return this.#opened?.batch.timeNs[this.#row] ?? 0;
    if (this.isOpen) return Number.NEGATIVE_INFINITY;
    const { base } = this.#shared.clock;
    if (this.#first === undefined) return Number.POSITIVE_INFINITY;
    return (this.#first.seconds - (base[0] ?? 0)) * 1e9 + (this.#first.ns - (base[1] ?? 0));
  }

  /** Opens it and tells its format. Throws CaptureError where it cannot be analysed. */
  async open(): Promise<void> {
    if (this.#opened !== undefined) return;
    const source = await openCapture(this.path);
    try {
      await source.arrive?.(MAGIC_BYTES);
      const block = new Block(source, BLOCK_BYTES, this.#shared.spareBlocks.pop());
      const batch = createBatch(block.view, this.index);
      const reader = openReader({ ...this.#shared, block, batch });
      this.#opened = { source, block, batch, reader };
      this.sizeBytes = source.sizeBytes;
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** Looks when it begins. A file is closed again; a pipe could not be opened a second time, and stays. */
  async probe(): Promise<void> {
    await this.open();
    if (this.#opened === undefined) return;
    const { reader, source } = this.#opened;
    await source.arrive?.(STEP_BYTES);
    this.#first = reader.firstTime();
    if (source.sizeBytes === null) return;
    this.close();
  }

  /** Waits until it can be read on; undefined where that is so. */
  arrive(): Promise<void> | undefined {
    return this.#opened?.source.arrive?.(STEP_BYTES);
  }

  /** Reads on: rows, or none yet, or its end. Throws CaptureError where it fails before the first record. */
  step(): void {
    if (this.#opened === undefined) return;
    const { reader, batch, block } = this.#opened;
    batch.file = this.index;
    this.#isBegun = true;
    const step = reader.step();
    this.#row = 0;
    this.#rowsEnd = step === STEP.rows ? batch.count : 0;
    if (step !== STEP.end) return;
    if (block.failure !== undefined && reader.packets === 0) throw block.failure;
    this.isEnded = true;
    this.close();
  }

  /**
   * Hands on the rows up to the first that is later than `untilNs`.
   * @param isFirst  rows of that very time are handed on too: of files with equal times, the first given comes first
   */
  handOn(untilNs: number, isFirst: boolean, consumer: (batch: RecordBatch) => void): void {
    if (this.#opened === undefined) return;
    const { batch } = this.#opened;
    const { timeNs } = batch;
    let row = this.#row;
    if (untilNs === Number.POSITIVE_INFINITY) row = this.#rowsEnd;
    else while (row < this.#rowsEnd && ((timeNs[row] ?? 0) < untilNs || (isFirst && timeNs[row] === untilNs))) row++;
    batch.firstRow = this.#row;
    batch.count = row;
    this.#row = row;
    consumer(batch);
  }

  /**
   * Ends the reading from outside and says so. Of a pipe what has come already is still handed on: it may be all there is.
   */
  interrupt(consumer: (batch: RecordBatch) => void): void {
    if (this.#opened === undefined || this.isEnded) return;
    const { source } = this.#opened;
    if (source.stop !== undefined) {
      source.stop();
      this.#drain(consumer);
      return;
    }
    const { block } = this.#opened;
    const packet = this.#packetsRead();
    const byte = this.hasRows ? null : block.origin + block.at;
    const place = { file: this.index, byte, packet: packet + 1 };
    this.#shared.warnings.add('interrupted', place, {});
  }

  #drain(consumer: (batch: RecordBatch) => void): void {
    while (!this.isEnded) {
      if (this.hasRows) this.handOn(Number.POSITIVE_INFINITY, true, consumer);
      else this.step();
    }
  }

  close(): void {
    if (this.#opened === undefined) return;
    const { source, block } = this.#opened;
    this.#facts = this.facts();
    source.close();
    this.#shared.spareBlocks.push(block.buffer);
    this.#opened = undefined;
  }

  facts(): FileFacts {
    if (this.#opened === undefined) {
      if (this.#facts === undefined) throw new Error(`${this.path} was never opened`);
      return this.#isBegun ? this.#facts : { ...this.#facts, bytes: 0, linkTypes: [], truncated: true };
    }
    const { source, reader } = this.#opened;
    return {
      path: this.path,
      format: reader.format,
      bytes: source.bytesRead,
      packets: this.#packetsRead(),
      linkTypes: reader.linkTypes(),
      truncated: !reader.isWhole,
      compression: source.compression,
      resolutionDigits: reader.resolutionDigits,
      droppedPackets: reader.droppedPackets(),
      isMerged: reader.isMerged,
    };
  }

  /** Without the rows that were read and not handed on. */
  #packetsRead(): number {
    return (this.#opened?.reader.packets ?? 0) - (this.#rowsEnd - this.#row);
  }
}
