import { BATCH_ROWS, LINK_NO_PACKET, LINK_UNDECLARED } from './batch.ts';
import { COMMENT_MAX_BYTES } from './facts.ts';
import { type Interfaces, sinceBase, unitsBetween } from './interfaces.ts';
import { RECORD_MAX_BYTES } from './pcap-header.ts';
import {
  BLOCK,
  BLOCK_TAIL_BYTES,
  BLOCK_TOTAL,
  BLOCK_TYPE,
  OPTION,
  PACKET_CAPTURED,
  PACKET_DATA,
  PACKET_INTERFACE,
  PACKET_MIN_BYTES,
  PACKET_ORIGINAL,
  PACKET_TIME_HIGH,
  PACKET_TIME_LOW,
  padded,
  SIMPLE_DATA,
  SIMPLE_MIN_BYTES,
  SIMPLE_ORIGINAL,
  WHOLE_BLOCK_BYTES,
} from './pcapng-layout.ts';
import { findOption } from './pcapng-options.ts';
import { type ReaderParts, warnAt } from './reader.ts';
import { epochNsOf, type FileTime } from './timestamp.ts';

const text = new TextDecoder();

/** Makes rows of the batch of the blocks that Wireshark numbers. Each `take` reads the block at the block's `at`. */
export class PcapngRows {
  /** Rows handed on. */
  packets = 0;
  /** Rows of the batch that is being filled. */
  count = 0;
  readonly #parts: ReaderParts;
  readonly #interfaces: Interfaces;
  /** Time of the last packet, for those without one. In a typed array: a field would be boxed. */
  readonly #lastNs = new Float64Array(1);
  /** A damaged description would cause a warning a packet, and push out what else there is to say. */
  #isUndeclaredSaid = false;

  constructor(parts: ReaderParts, interfaces: Interfaces) {
    this.#parts = parts;
    this.#interfaces = interfaces;
    parts.batch.epochNs = (row) => this.#epochNs(row);
  }

  /** Packets of the file so far, with those not yet handed on. */
  get soFar(): number {
    return this.packets + this.count;
  }

  /** Begins a batch; the rows of the last one are gone. */
  clear(): void {
    this.#parts.batch.comments.length = 0;
    this.count = 0;
  }

  /** Hands on what was taken since `clear`. @returns whether that is anything */
  handOn(): boolean {
    const { batch } = this.#parts;
    batch.count = this.count;
    if (this.count === 0) return false;
    this.#lastNs[0] = batch.timeNs[this.count - 1] ?? 0;
    batch.firstPacket = this.packets + 1;
    this.packets += this.count;
    this.count = 0;
    return true;
  }

  /**
   * Takes Enhanced Packet Blocks (§4.3) as long as nothing about them is out of the ordinary.
   * @returns whether the batch is full; else another block stands at `at`, or one that is odd or cut
   */
  takeOrdinary(): boolean {
    const { block, batch, clock } = this.#parts;
    const { view, end } = block;
    const { at: starts, capturedBytes, originalBytes, timeNs, linkType, vantage, hasTime } = batch;
    const { count: interfaces, littleEndian, vantageBase, unitNs, baseHigh, baseLow, isUsed } = this.#interfaces;
    const { linkType: interfaceLinkType } = this.#interfaces;
    const { base, spanNs } = clock;
    let { at } = block;
    let row = this.count;
    while (row < BATCH_ROWS) {
      if (end - at < PACKET_MIN_BYTES || view.getUint32(at + BLOCK_TYPE, littleEndian) !== BLOCK.enhancedPacket) break;
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
      if (!isOrdinary || view.getUint32(at + total - BLOCK_TAIL_BYTES, littleEndian) !== total) break;
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
    block.at = at;
    this.count = row;
    return row === BATCH_ROWS;
  }

  /**
   * An enhanced or obsolete packet block, whatever its interface's resolution, declared or not.
   * @returns false where it is too short for what it is to hold, as of each `take`
   */
  takePacket(type: number, total: number): boolean {
    if (total < PACKET_MIN_BYTES) return false;
    const { view, at } = this.#parts.block;
    const { littleEndian } = this.#interfaces;
    const captured = view.getUint32(at + PACKET_CAPTURED, littleEndian);
    if (captured > RECORD_MAX_BYTES || captured > total - PACKET_MIN_BYTES) return false;
    const id =
      type === BLOCK.packet
        ? view.getUint16(at + PACKET_INTERFACE, littleEndian)
        : view.getUint32(at + PACKET_INTERFACE, littleEndian);
    const time = this.#interfaces.timeOf(view, at, id);
    const row = this.#add(id, PACKET_DATA, captured, view.getUint32(at + PACKET_ORIGINAL, littleEndian));
    if (time === undefined) this.#warnUndeclared(id);
    else this.#setTime(row, time);
    if (total <= WHOLE_BLOCK_BYTES) this.#readComment(row, at, captured, total);
    return true;
  }

  /** §4.4: of the first interface, without a time, cut to the interface's snap length. */
  takeSimplePacket(total: number): boolean {
    if (total < SIMPLE_MIN_BYTES) return false;
    const { view, at } = this.#parts.block;
    const { count, littleEndian } = this.#interfaces;
    const original = view.getUint32(at + SIMPLE_ORIGINAL, littleEndian);
    const snapLength = count > 0 ? (this.#interfaces.snapLength[0] ?? 0) : 0;
    const kept = snapLength > 0 ? Math.min(original, snapLength) : original;
    const captured = Math.min(kept, total - SIMPLE_MIN_BYTES);
    if (captured > RECORD_MAX_BYTES) return false;
    this.#add(0, SIMPLE_DATA, captured, original);
    if (count === 0) this.#warnUndeclared(0);
    return true;
  }

  /** What is no packet, and is numbered all the same. */
  takeNumbered(total: number, dataAt: number, minBytes: number): boolean {
    if (total < minBytes) return false;
    const bytes = total - minBytes;
    const row = this.#add(0, dataAt, total <= WHOLE_BLOCK_BYTES ? bytes : 0, bytes);
    this.#parts.batch.linkType[row] = LINK_NO_PACKET;
    return true;
  }

  /** Adds a row for the block at the block's `at`, with the time of the row before it. @returns the row */
  #add(id: number, dataAt: number, captured: number, original: number): number {
    const { batch, block } = this.#parts;
    const row = this.count++;
    const isDeclared = id < this.#interfaces.count;
    batch.at[row] = block.at + dataAt;
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
    const { batch, clock } = this.#parts;
    const { spanNs } = clock;
    const ns = sinceBase(clock, time);
    batch.timeNs[row] = ns;
    batch.hasTime[row] = 1;
    spanNs[0] = Math.min(spanNs[0] ?? ns, ns);
    spanNs[1] = Math.max(spanNs[1] ?? ns, ns);
  }

  #epochNs(row: number): bigint | null {
    const { batch, block } = this.#parts;
    if (batch.hasTime[row] !== 1) return null;
    const id = (batch.vantage[row] ?? 0) - this.#interfaces.vantageBase;
    const time = this.#interfaces.timeOf(block.view, (batch.at[row] ?? 0) - PACKET_DATA, id);
    return time === undefined ? null : epochNsOf(time);
  }

  #warnUndeclared(interfaceId: number): void {
    if (this.#isUndeclaredSaid) return;
    this.#isUndeclaredSaid = true;
    warnAt(this.#parts, this.soFar - 1, 'undeclared-interface', { interfaceId });
  }

  #readComment(row: number, at: number, captured: number, total: number): void {
    const { batch, block, warnings } = this.#parts;
    const { view, bytes } = block;
    const options = at + PACKET_DATA + padded(captured);
    const { littleEndian } = this.#interfaces;
    const found = findOption(view, options, at + total - BLOCK_TAIL_BYTES, littleEndian, OPTION.comment);
    if (found === undefined) return;
    const kept = bytes.subarray(found.at, found.at + Math.min(found.bytes, COMMENT_MAX_BYTES));
    const comment = text.decode(kept);
    batch.comments.push({ row, text: comment });
    warnings.comment({ file: batch.file, packet: this.packets + row + 1, text: comment });
  }
}
