import { BATCH_ROWS, LINK_NO_PACKET, LINK_UNDECLARED, type RecordBatch } from './batch.ts';
import type { Block } from './block.ts';
import { type BlockProblem, COMMENT_MAX_BYTES } from './facts.ts';
import { describeInterface, Interfaces, INTERFACES_MAX, sinceBase, unitsBetween } from './interfaces.ts';
import { RECORD_MAX_BYTES } from './pcap-header.ts';
import {
  BLOCK,
  BLOCK_HEAD_BYTES,
  BLOCK_MIN_BYTES,
  BLOCK_TAIL_BYTES,
  BLOCK_TOTAL,
  BLOCK_TYPE,
  CUSTOM_DATA,
  CUSTOM_MIN_BYTES,
  INTERFACE_MIN_BYTES,
  OPTION,
  PACKET_CAPTURED,
  PACKET_DATA,
  PACKET_INTERFACE,
  PACKET_MIN_BYTES,
  PACKET_ORIGINAL,
  PACKET_TIME_HIGH,
  PACKET_TIME_LOW,
  padded,
  SECRETS_BYTES,
  SECRETS_DATA,
  SECRETS_MIN_BYTES,
  SECRETS_TLS_KEY_LOG,
  SECRETS_TYPE,
  SECTION_MAJOR,
  SECTION_MIN_BYTES,
  SECTION_MINOR,
  SIMPLE_DATA,
  SIMPLE_MIN_BYTES,
  SIMPLE_ORIGINAL,
  STATISTICS_MIN_BYTES,
  SYSDIG_EVENTS,
} from './pcapng-layout.ts';
import { readNames } from './pcapng-names.ts';
import { findOption } from './pcapng-options.ts';
import { BLOCK_MAX_BYTES, BLOCK_SEARCH_BYTES, findBlockRun, sectionByteOrder } from './pcapng-resync.ts';
import { firstPacketTime } from './pcapng-first-time.ts';
import { endOfFile, type ReaderParts, type RecordReader, STEP, type Step, warnAt } from './reader.ts';
import { type CaptureClock, epochNsOf, type FileTime } from './timestamp.ts';

/** Why the walk through the blocks paused. */
const PAUSE = { rowsFull: 0, cut: 1, corrupt: 2, otherBlock: 3, none: 4, ended: 5 } as const;
type Pause = (typeof PAUSE)[keyof typeof PAUSE];

/** Blocks up to this length are looked at in one piece; of longer ones only a packet's data are, or the secrets. */
const WHOLE_BLOCK_BYTES = 512 * 1024;

const SECTION_MAJOR_READ = 1;

const text = new TextDecoder();

type OnceCode = 'undeclared-interface' | 'too-many-interfaces';

/** Walks the blocks of a pcapng file (draft-ietf-opsawg-pcapng) and hands its packets on, batch by batch. */
export class PcapngReader implements RecordReader {
  readonly format = 'pcapng';
  packets = 0;
  isWhole = false;
  readonly batch: RecordBatch;
  readonly #parts: ReaderParts;
  readonly #block: Block;
  readonly #clock: CaptureClock;
  readonly #interfaces = new Interfaces();
  #littleEndian = true;
  #row = 0;
  #pause: Pause = PAUSE.none;
  #problem: BlockProblem = 'length';
  /** Time of the last packet, for those without one. In a typed array: a field would be boxed. */
  readonly #lastNs = new Float64Array(1);
  /** What is left of a block that is only passed over. */
  #skipBytes = 0;
  #passedBytes = 0;
  /** Secrets of such a block. */
  #secrets: Uint8Array | undefined;
  #secretsFilled = 0;
  /** Warnings that are given once a file: a damaged description would cause one a packet, and push out what else there is to say. */
  readonly #said = new Set<OnceCode>();

  /** Begins at a section header, which stands at the block's `at`. */
  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#block = parts.block;
    this.#clock = parts.clock;
    this.batch = parts.batch;
    parts.batch.epochNs = (row) => this.#epochNs(row);
  }

  get resolutionDigits(): 6 | 9 {
    return this.#interfaces.resolutionDigits;
  }

  linkTypes(): number[] {
    return this.#interfaces.linkTypes();
  }

  droppedPackets(): number | null {
    return this.#interfaces.droppedPackets();
  }

  firstTime(): FileTime | undefined {
    return firstPacketTime(this.#block);
  }

  step(): Step {
    if (!this.#clock.isSet) this.#setBase();
    if (!this.#readOn()) return STEP.end;
    const { batch } = this;
    batch.comments.length = 0;
    this.#row = 0;
    this.#pause = this.#walkBlocks();
    batch.count = this.#row;
    if (this.#row === 0) return STEP.more;
    this.#lastNs[0] = batch.timeNs[this.#row - 1] ?? 0;
    batch.firstPacket = this.packets + 1;
    this.packets += this.#row;
    return STEP.rows;
  }

  /** Without a time anywhere near the beginning the base is 1970, for good: rows handed on already count from it. */
  #setBase(): void {
    const { seconds, ns } = this.firstTime() ?? { seconds: 0, ns: 0 };
    this.#clock.set(seconds, ns);
  }

  /** Goes past what the last walk paused at. The rows of that walk are gone then. */
  #readOn(): boolean {
    if (this.#pause === PAUSE.corrupt) {
      if (!this.#resynchronise()) this.#pause = PAUSE.ended;
    } else if (this.#pause === PAUSE.cut && !this.#block.advance()) {
      this.isWhole = endOfFile(this.#parts, this.packets, this.#passedBytes);
      this.#pause = PAUSE.ended;
    }
    return this.#pause !== PAUSE.ended;
  }

  #walkBlocks(): Pause {
    for (;;) {
      if (this.#skipBytes > 0 && !this.#passOver()) return PAUSE.cut;
      const pause = this.#walkPackets();
      if (pause !== PAUSE.otherBlock) return pause;
      const other = this.#readBlock();
      if (other !== PAUSE.none) return other;
    }
  }

  /** Takes Enhanced Packet Blocks (§4.3) as long as nothing about them is out of the ordinary. */
  #walkPackets(): Pause {
    const { view, end } = this.#block;
    const littleEndian = this.#littleEndian;
    const { at: starts, capturedBytes, originalBytes, timeNs, linkType, vantage, hasTime } = this.batch;
    const { count: interfaces, vantageBase, unitNs, baseHigh, baseLow, isUsed } = this.#interfaces;
    const { linkType: interfaceLinkType } = this.#interfaces;
    const { base, spanNs } = this.#clock;
    let at = this.#block.at;
    let row = this.#row;
    let pause: Pause = PAUSE.rowsFull;
    while (row < BATCH_ROWS) {
      if (end - at < PACKET_MIN_BYTES || view.getUint32(at + BLOCK_TYPE, littleEndian) !== BLOCK.enhancedPacket) {
        pause = PAUSE.otherBlock;
        break;
      }
      const total = view.getUint32(at + BLOCK_TOTAL, littleEndian);
      const id = view.getUint32(at + PACKET_INTERFACE, littleEndian);
      const captured = view.getUint32(at + PACKET_CAPTURED, littleEndian);
      const unit = id < interfaces ? (unitNs[id] ?? 0) : 0;
      const isOrdinary =
        total >= PACKET_MIN_BYTES &&
        (total & 3) === 0 &&
        total <= end - at &&
        captured <= RECORD_MAX_BYTES &&
        captured <= total - PACKET_MIN_BYTES &&
        unit > 0;
      if (!isOrdinary || view.getUint32(at + total - BLOCK_TAIL_BYTES, littleEndian) !== total) {
        pause = PAUSE.otherBlock;
        break;
      }
      const high = view.getUint32(at + PACKET_TIME_HIGH, littleEndian);
      const low = view.getUint32(at + PACKET_TIME_LOW, littleEndian);
      const ns = unitsBetween(high, low, baseHigh[id] ?? 0, baseLow[id] ?? 0) * unit - (base[1] ?? 0);
      if (ns < (spanNs[0] ?? 0)) spanNs[0] = ns;
      if (ns > (spanNs[1] ?? 0)) spanNs[1] = ns;
      starts[row] = at + PACKET_DATA;
      capturedBytes[row] = captured;
      originalBytes[row] = view.getUint32(at + PACKET_ORIGINAL, littleEndian);
      timeNs[row] = ns;
      linkType[row] = interfaceLinkType[id] ?? 0;
      vantage[row] = vantageBase + id;
      hasTime[row] = 1;
      isUsed[id] = 1;
      if (total - captured >= PACKET_MIN_BYTES + BLOCK_TAIL_BYTES) this.#readComment(row, at, captured, total);
      row++;
      at += total;
    }
    this.#block.at = at;
    this.#row = row;
    return pause;
  }

  /** Any other block, and packets with something odd: by what its lengths allow. */
  #readBlock(): Pause {
    const { view, at, end } = this.#block;
    if (end - at < BLOCK_MIN_BYTES) return PAUSE.cut;
    const type = view.getUint32(at + BLOCK_TYPE, this.#littleEndian);
    // Rows of the section before need its byte order and interfaces until they are handed on.
    if (type === BLOCK.section) return this.#row > 0 ? PAUSE.rowsFull : this.#readSection();
    const total = view.getUint32(at + BLOCK_TOTAL, this.#littleEndian);
    if (total < BLOCK_MIN_BYTES || total % 4 !== 0 || total > BLOCK_MAX_BYTES) return this.#corrupt('length');
    const wanted = total <= WHOLE_BLOCK_BYTES ? total : Math.min(total, PACKET_DATA + RECORD_MAX_BYTES);
    if (wanted > end - at) return PAUSE.cut;
    if (wanted === total && view.getUint32(at + total - BLOCK_TAIL_BYTES, this.#littleEndian) !== total)
      return this.#corrupt('lengths-disagree');
    if (!this.#take(type, total)) return this.#corrupt('length');
    this.#skipBytes = total;
    this.#passedBytes = 0;
    return this.#passOver() ? PAUSE.none : PAUSE.cut;
  }

  /** §4.1. A section's byte order is its own; its length is not needed, since blocks tell where it ends. */
  #readSection(): Pause {
    const { view, at, end } = this.#block;
    if (end - at < SECTION_MIN_BYTES) return PAUSE.cut;
    const order = sectionByteOrder(view, at);
    if (order === undefined) return this.#corrupt('byte-order');
    const littleEndian = order === 'little';
    const total = view.getUint32(at + BLOCK_TOTAL, littleEndian);
    if (total < SECTION_MIN_BYTES || total % 4 !== 0 || total > BLOCK_MAX_BYTES) return this.#corrupt('length');
    if (total <= WHOLE_BLOCK_BYTES && total > end - at) return PAUSE.cut;
    if (total <= end - at && view.getUint32(at + total - BLOCK_TAIL_BYTES, littleEndian) !== total)
      return this.#corrupt('lengths-disagree');
    const major = view.getUint16(at + SECTION_MAJOR, littleEndian);
    if (major !== SECTION_MAJOR_READ) {
      const minor = view.getUint16(at + SECTION_MINOR, littleEndian);
      warnAt(this.#parts, this.#packetsSoFar, 'section-version', { major, minor });
      return PAUSE.ended;
    }
    this.#littleEndian = littleEndian;
    this.#interfaces.clear();
    this.#skipBytes = total;
    this.#passedBytes = 0;
    return this.#passOver() ? PAUSE.none : PAUSE.cut;
  }

  /** @returns false where the block is too short for what it is to hold */
  #take(type: number, total: number): boolean {
    switch (type) {
      case BLOCK.enhancedPacket:
      case BLOCK.packet:
        return this.#takePacket(type, total);
      case BLOCK.simplePacket:
        return this.#takeSimplePacket(total);
      case BLOCK.interface:
        return this.#takeInterface(total);
      case BLOCK.custom:
      case BLOCK.customNotCopied:
        return this.#takeNumbered(total, CUSTOM_DATA, CUSTOM_MIN_BYTES);
      case BLOCK.interfaceStatistics:
        this.#takeStatistics(total);
        return true;
      case BLOCK.secrets:
        this.#takeSecrets(total);
        return true;
      case BLOCK.nameResolution:
        this.#takeNames(total);
        return true;
      default:
        if (type === BLOCK.journal || SYSDIG_EVENTS.has(type))
          return this.#takeNumbered(total, BLOCK_HEAD_BYTES, BLOCK_MIN_BYTES);
        return true;
    }
  }

  /** An enhanced or obsolete packet block, whatever its interface's resolution, declared or not. */
  #takePacket(type: number, total: number): boolean {
    if (total < PACKET_MIN_BYTES) return false;
    const { view, at } = this.#block;
    const littleEndian = this.#littleEndian;
    const captured = view.getUint32(at + PACKET_CAPTURED, littleEndian);
    if (captured > RECORD_MAX_BYTES || captured > total - PACKET_MIN_BYTES) return false;
    const id =
      type === BLOCK.packet
        ? view.getUint16(at + PACKET_INTERFACE, littleEndian)
        : view.getUint32(at + PACKET_INTERFACE, littleEndian);
    const time = this.#interfaces.timeOf(view, at, id, littleEndian);
    const row = this.#addRow(id, PACKET_DATA, captured, view.getUint32(at + PACKET_ORIGINAL, littleEndian));
    if (time === undefined) this.#warnUndeclared(id);
    else this.#setTime(row, time);
    if (total <= WHOLE_BLOCK_BYTES) this.#readComment(row, at, captured, total);
    return true;
  }

  /** §4.4: of the first interface, without a time, cut to the interface's snap length. */
  #takeSimplePacket(total: number): boolean {
    if (total < SIMPLE_MIN_BYTES) return false;
    const { view, at } = this.#block;
    const original = view.getUint32(at + SIMPLE_ORIGINAL, this.#littleEndian);
    const snapLength = this.#interfaces.count > 0 ? (this.#interfaces.snapLength[0] ?? 0) : 0;
    const kept = snapLength > 0 ? Math.min(original, snapLength) : original;
    const captured = Math.min(kept, total - SIMPLE_MIN_BYTES);
    if (captured > RECORD_MAX_BYTES) return false;
    this.#addRow(0, SIMPLE_DATA, captured, original);
    if (this.#interfaces.count === 0) this.#warnUndeclared(0);
    return true;
  }

  /** Whether it was not asked for before. */
  #once(code: OnceCode): boolean {
    if (this.#said.has(code)) return false;
    this.#said.add(code);
    return true;
  }

  #warnUndeclared(interfaceId: number): void {
    if (!this.#once('undeclared-interface')) return;
    warnAt(this.#parts, this.#packetsSoFar - 1, 'undeclared-interface', { interfaceId });
  }

  /** What is no packet, and is numbered all the same. */
  #takeNumbered(total: number, dataAt: number, minBytes: number): boolean {
    if (total < minBytes) return false;
    const bytes = total - minBytes;
    const row = this.#addRow(0, dataAt, total <= WHOLE_BLOCK_BYTES ? bytes : 0, bytes);
    this.batch.linkType[row] = LINK_NO_PACKET;
    return true;
  }

  #takeInterface(total: number): boolean {
    if (total < INTERFACE_MIN_BYTES) return false;
    const { view, at } = this.#block;
    // Options beyond the bytes that are looked at can hold no resolution: it would be the default.
    const end = at + Math.min(total, WHOLE_BLOCK_BYTES);
    if (this.#interfaces.add(view, at, end, this.#littleEndian, this.#clock)) this.#tellInterface(end);
    else this.#warnManyInterfaces();
    return true;
  }

  #warnManyInterfaces(): void {
    if (!this.#once('too-many-interfaces')) return;
    warnAt(this.#parts, this.#packetsSoFar, 'too-many-interfaces', { kept: INTERFACES_MAX });
  }

  #tellInterface(end: number): void {
    const { onInterface } = this.#parts.asides;
    if (onInterface === undefined) return;
    const { view, at } = this.#block;
    const vantage = this.#interfaces.vantageBase + this.#interfaces.count - 1;
    onInterface({ file: this.batch.file, vantage, ...describeInterface(view, at, end, this.#littleEndian) });
  }

  /** Names in longer blocks than are looked at are passed over with them. */
  #takeNames(total: number): void {
    const { onNames } = this.#parts.asides;
    if (onNames === undefined || total > WHOLE_BLOCK_BYTES) return;
    const { view, at } = this.#block;
    onNames(readNames(view, at, at + total, this.#littleEndian));
  }

  #takeStatistics(total: number): void {
    if (total < STATISTICS_MIN_BYTES || total > WHOLE_BLOCK_BYTES) return;
    const { view, at } = this.#block;
    this.#interfaces.addStatistics(view, at, at + total, this.#littleEndian);
  }

  /** §4.7: the bytes are gathered while the block is passed over, since it may be longer than what is read at once. */
  #takeSecrets(total: number): void {
    if (total < SECRETS_MIN_BYTES || this.#parts.asides.onSecrets === undefined) return;
    const { view, at } = this.#block;
    const bytes = view.getUint32(at + SECRETS_BYTES, this.#littleEndian);
    if (view.getUint32(at + SECRETS_TYPE, this.#littleEndian) !== SECRETS_TLS_KEY_LOG) return;
    if (bytes > total - SECRETS_MIN_BYTES) return;
    this.#secrets = new Uint8Array(bytes);
    this.#secretsFilled = -SECRETS_DATA;
  }

  /** Adds a row for the block at the block's `at`, with the time of the row before it. @returns the row */
  #addRow(id: number, dataAt: number, captured: number, original: number): number {
    const { batch } = this;
    const row = this.#row++;
    const isDeclared = id < this.#interfaces.count;
    batch.at[row] = this.#block.at + dataAt;
    batch.capturedBytes[row] = captured;
    batch.originalBytes[row] = original;
    batch.timeNs[row] = row > 0 ? (batch.timeNs[row - 1] ?? 0) : (this.#lastNs[0] ?? 0);
    batch.hasTime[row] = 0;
    batch.linkType[row] = isDeclared ? (this.#interfaces.linkType[id] ?? 0) : LINK_UNDECLARED;
    batch.vantage[row] = this.#interfaces.vantageBase + (isDeclared ? id : 0);
    if (isDeclared) this.#interfaces.isUsed[id] = 1;
    return row;
  }

  #setTime(row: number, time: FileTime): void {
    const { spanNs } = this.#clock;
    const ns = sinceBase(this.#clock, time);
    this.batch.timeNs[row] = ns;
    this.batch.hasTime[row] = 1;
    spanNs[0] = Math.min(spanNs[0] ?? ns, ns);
    spanNs[1] = Math.max(spanNs[1] ?? ns, ns);
  }

  #epochNs(row: number): bigint | null {
    const { batch } = this;
    if (batch.hasTime[row] !== 1) return null;
    const { view } = this.#block;
    const id = (batch.vantage[row] ?? 0) - this.#interfaces.vantageBase;
    const time = this.#interfaces.timeOf(view, (batch.at[row] ?? 0) - PACKET_DATA, id, this.#littleEndian);
    return time === undefined ? null : epochNsOf(time);
  }

  #readComment(row: number, at: number, captured: number, total: number): void {
    const { view, bytes } = this.#block;
    const options = at + PACKET_DATA + padded(captured);
    const found = findOption(view, options, at + total - BLOCK_TAIL_BYTES, this.#littleEndian, OPTION.comment);
    if (found === undefined) return;
    const kept = bytes.subarray(found.at, found.at + Math.min(found.bytes, COMMENT_MAX_BYTES));
    const comment = text.decode(kept);
    this.batch.comments.push({ row, text: comment });
    this.#parts.warnings.comment({ file: this.batch.file, packet: this.packets + row + 1, text: comment });
  }

  /** Moves on within a block that is passed over. @returns whether its end was reached */
  #passOver(): boolean {
    const { at, end, bytes } = this.#block;
    const passed = Math.min(this.#skipBytes, end - at);
    if (this.#secrets !== undefined) this.#gatherSecrets(this.#secrets, bytes.subarray(at, at + passed));
    this.#block.at += passed;
    this.#skipBytes -= passed;
    this.#passedBytes = this.#skipBytes > 0 ? this.#passedBytes + passed : 0;
    return this.#skipBytes === 0;
  }

  #gatherSecrets(into: Uint8Array, passed: Uint8Array): void {
    const from = Math.max(0, -this.#secretsFilled);
    const at = Math.max(0, this.#secretsFilled);
    into.set(passed.subarray(from, from + into.length - at), Math.min(at, into.length));
    this.#secretsFilled += passed.length;
    if (this.#secretsFilled < into.length) return;
    this.#parts.asides.onSecrets?.(into);
    this.#secrets = undefined;
  }

  get #packetsSoFar(): number {
    return this.packets + this.#row;
  }

  #corrupt(problem: BlockProblem): Pause {
    this.#problem = problem;
    return PAUSE.corrupt;
  }

  /** Moves to the next run of plausible blocks. Searches the same bytes whatever the block's size is. */
  #resynchronise(): boolean {
    const block = this.#block;
    const problem = this.#problem;
    const isFileEnd = !block.require(BLOCK_SEARCH_BYTES);
    const end = Math.min(block.end, block.at + BLOCK_SEARCH_BYTES);
    const found = findBlockRun(block.view, block.at, end, isFileEnd, this.#littleEndian);
    if (found < 0) {
      warnAt(this.#parts, this.packets, 'corrupt-block-stopped', { problem, searchedBytes: end - block.at });
      return false;
    }
    warnAt(this.#parts, this.packets, 'corrupt-block-skipped', { problem, skippedBytes: found - block.at });
    block.at = found;
    return true;
  }
}
