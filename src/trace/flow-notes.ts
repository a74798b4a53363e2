import type { Moment } from '../capture/index.ts';
import { DIRECTION, FLAG, type Segment } from '../decode/index.ts';
import { LABEL, type Side } from '../tcp/index.ts';
import type { ResetMarks } from './model.ts';
import { grown, roomFor } from './ref-table.ts';

/** Columns of a flow. TTLs are stored plus one, so that 0 means: none seen. */
const COLUMN = {
  gapBytes: 0,
  snaplenBytes: 1,
  lostByCapture: 2,
  ttlMin: 3,
  ttlMax: 4,
  sentByUs: 5,
  gotByUs: 6,
  /** Identification of the last packet, plus one. */
  ipId: 7,
  timestamps: 8,
  /** Timestamp of the first packet, plus one; -1: it had none. */
  initialStamp: 9,
} as const;
const COLUMNS = 10;
const FIRST_ROWS = 128;
/** A receiver acknowledges every second full segment (RFC 9293 §3.8.6.3); offloading and thinning make that fewer. */
const PAYLOADS_AN_ACK_MAX = 64;
/** What opens and closes a connection. */
const TURNS: number = FLAG.syn | FLAG.fin | FLAG.rst;

/** Counters and ranges of flows that nothing is decided by while reading: one row of doubles each, row 2c + s for side s of connection c. */
export class FlowNotes {
  /** Segments without SYN, FIN and RST: those without payload, and all others. */
  #bareAcks = 0;
  #withPayload = 0;
  #cells = new Float64Array(FIRST_ROWS * COLUMNS);
  /** In which flow bytes were last found missing, and at which packet. */
  readonly #lastGap = { row: -1, packet: 0, file: 0 };

  /** Not where there are so few that they slipped through a filter, or came from another file. */
  get hasBareAcks(): boolean {
    return this.#bareAcks > 0 && this.#bareAcks * PAYLOADS_AN_ACK_MAX >= this.#withPayload;
  }

  opened(connection: number): void {
    const room = roomFor(this.#cells.length, (2 * connection + 2) * COLUMNS);
    if (room > this.#cells.length) this.#cells = grown(this.#cells, new Float64Array(room));
  }

  release(connection: number): void {
    this.#cells.fill(0, 2 * connection * COLUMNS, (2 * connection + 2) * COLUMNS);
  }

  segment(connection: number, side: Side, labels: number, segment: Segment): void {
    if (segment.payloadBytes > 0) this.#withPayload++;
    else if ((segment.flags & TURNS) === 0) this.#bareAcks++;
    const cells = this.#cells;
    const own = (2 * connection + side) * COLUMNS;
    if (cells[own + COLUMN.initialStamp] === 0)
      cells[own + COLUMN.initialStamp] = segment.hasTimestamps === 0 ? -1 : (segment.tsVal >>> 0) + 1;
    // A reset may come from a middlebox: it says nothing of the peer's own.
    if ((segment.flags & FLAG.rst) === 0) {
      const ttl = segment.ttl + 1;
      const least = cells[own + COLUMN.ttlMin] ?? 0;
      if (ttl < least || least === 0) cells[own + COLUMN.ttlMin] = ttl;
      if (ttl > (cells[own + COLUMN.ttlMax] ?? 0)) cells[own + COLUMN.ttlMax] = ttl;
      cells[own + COLUMN.ipId] = segment.ipId + 1;
      if (segment.hasTimestamps !== 0) cells[own + COLUMN.timestamps] = 1;
    }
    const other = (2 * connection + (1 - side)) * COLUMNS;
    if ((labels & LABEL.ackLostSegment) !== 0)
      cells[other + COLUMN.lostByCapture] = (cells[other + COLUMN.lostByCapture] ?? 0) + 1;
    if (segment.direction === DIRECTION.fromUs) cells[own + COLUMN.sentByUs] = 1;
    else if (segment.direction === DIRECTION.toUs) cells[other + COLUMN.gotByUs] = 1;
  }

  /** Bytes are missing in a flow, or were cut off by the snap length. */
  gap(connection: number, side: Side, bytes: number, bySnaplen: boolean, moment: Moment): void {
    this.#lastGap.row = 2 * connection + side;
    this.#lastGap.packet = moment.packet;
    this.#lastGap.file = moment.file;
    const at = (2 * connection + side) * COLUMNS + (bySnaplen ? COLUMN.snaplenBytes : COLUMN.gapBytes);
    this.#cells[at] = (this.#cells[at] ?? 0) + bytes;
  }

  /** What is told now of that side was held until bytes before it were given up for lost. */
  isBehindGap(connection: number, side: Side, moment: Moment): boolean {
    const { row, packet, file } = this.#lastGap;
    return row === 2 * connection + side && packet === moment.packet && file === moment.file;
  }

  gapBytes(connection: number, side: Side): number {
    return this.#cell(connection, side, COLUMN.gapBytes);
  }

  snaplenBytes(connection: number, side: Side): number {
    return this.#cell(connection, side, COLUMN.snaplenBytes);
  }

  lostByCapture(connection: number, side: Side): number {
    return this.#cell(connection, side, COLUMN.lostByCapture);
  }

  ttlRange(connection: number, side: Side): { min: number; max: number } | null {
    const max = this.#cell(connection, side, COLUMN.ttlMax);
    return max === 0 ? null : { min: this.#cell(connection, side, COLUMN.ttlMin) - 1, max: max - 1 };
  }

  initialStamp(connection: number, side: Side): number | null {
    const stamp = this.#cell(connection, side, COLUMN.initialStamp);
    return stamp <= 0 ? null : stamp - 1;
  }

  /**
   * Whose address the capturing host itself has, as far as cooked headers told. A router gets both sides' packets, which are not for it: that
   * they come to it says something only where it is one side that gets them.
   */
  localSide(connection: number): Side | 'both' | null {
    const zero = this.#isLocal(connection, 0);
    const one = this.#isLocal(connection, 1);
    if (zero) return one ? 'both' : 0;
    return one ? 1 : null;
  }

  /** What a RST bears, beside what its side's other packets bore. */
  resetMarks(connection: number, side: Side, rst: Segment): ResetMarks {
    const last = this.#cell(connection, side, COLUMN.ipId);
    return {
      ipId: rst.ipId < 0 ? null : rst.ipId,
      lastIpId: last === 0 ? null : last - 1,
      window: rst.window,
      timestamps: rst.hasTimestamps !== 0,
      usualTimestamps: this.#cell(connection, side, COLUMN.timestamps) === 1,
    };
  }

  #isLocal(connection: number, side: Side): boolean {
    if (this.#cell(connection, side, COLUMN.sentByUs) === 1) return true;
    const got = this.#cell(connection, side, COLUMN.gotByUs) === 1;
    return got && this.#cell(connection, side === 0 ? 1 : 0, COLUMN.gotByUs) !== 1;
  }

  #cell(connection: number, side: Side, column: number): number {
    return this.#cells[(2 * connection + side) * COLUMNS + column] ?? 0;
  }
}
