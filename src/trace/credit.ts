import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import type { Stall } from './model.ts';
import { grown, roomFor } from './ref-table.ts';
import { StallNotes } from './stall-notes.ts';

/** RFC 9113 §6.9.2: what every connection, and every stream of one whose SETTINGS do not say else, begins with. */
const WINDOW_DEFAULT_BYTES: number = 2 ** 16 - 1;
const FIRST_ROWS = 256;
/** By row: the connection's window, and what its streams begin with. */
const COLUMNS = 2;
const LEFT = 0;
const INITIAL = 1;

/**
 * The flow-control windows of HTTP/2 connections (RFC 9113 §6.9), by sender: row 2c + s for side s of connection c. A window is known
 * only where the connection began in the capture and none of its bytes is missing; then it is as the sender itself counts it.
 */
export class CreditBook {
  readonly #moment: Moment;
  readonly #stalls = new StallNotes(FIRST_ROWS);
  #cells = new Float64Array(FIRST_ROWS * COLUMNS);
  #trusted = new Uint8Array(FIRST_ROWS);

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  opened(connection: number, fromStart: boolean): void {
    const row = 2 * connection;
    const room = roomFor(this.#trusted.length, row + 2);
    if (room > this.#trusted.length) {
      this.#cells = grown(this.#cells, new Float64Array(room * COLUMNS));
      this.#trusted = grown(this.#trusted, new Uint8Array(room));
      this.#stalls.grow(room);
    }
    this.#cells.fill(WINDOW_DEFAULT_BYTES, row * COLUMNS, (row + 2) * COLUMNS);
    this.#trusted.fill(fromStart ? 1 : 0, row, row + 2);
    this.#stalls.clear(row, row + 1);
  }

  /** From here on the windows of both sides are not known. */
  distrust(connection: number): void {
    this.#trusted.fill(0, 2 * connection, 2 * connection + 2);
    for (const row of [2 * connection, 2 * connection + 1]) this.#stalls.resume(row, Infinity, this.#moment);
  }

  /** SETTINGS change what all streams of the sender have, those that are open too (RFC 9113 §6.9.2), and not the connection's window. */
  begin(connection: number, sender: Side, initialBytes: number): void {
    this.#cells[(2 * connection + sender) * COLUMNS + INITIAL] = initialBytes;
  }

  /** What a stream of the sender begins with; Infinity where it is not known. */
  initialBytes(connection: number, sender: Side): number {
    const row = 2 * connection + sender;
    return this.#trusted[row] === 1 ? (this.#cells[row * COLUMNS + INITIAL] ?? Infinity) : Infinity;
  }

  spend(connection: number, sender: Side, dataBytes: number): void {
    const row = 2 * connection + sender;
    if (this.#trusted[row] !== 1 || dataBytes === 0) return;
    if (this.#change(row, -dataBytes) <= 0) this.#stalls.stop(row, this.#moment);
  }

  grant(connection: number, sender: Side, incrementBytes: number): void {
    const row = 2 * connection + sender;
    if (this.#trusted[row] === 1) this.#stalls.resume(row, this.#change(row, incrementBytes), this.#moment);
  }

  longestStall(connection: number, sender: Side): Stall | null {
    const row = 2 * connection + sender;
    return this.#stalls.longest(row, this.#trusted[row] === 1 ? (this.#cells[row * COLUMNS + LEFT] ?? 0) : Infinity);
  }

  #change(row: number, bytes: number): number {
    const left = (this.#cells[row * COLUMNS + LEFT] ?? 0) + bytes;
    this.#cells[row * COLUMNS + LEFT] = left;
    return left;
  }
}
