import type { Moment } from '../capture/index.ts';
import type { Stall } from './model.ts';
import { RefTable } from './ref-table.ts';

/** Of a sender: since when it is stopped; the longest time before, from and to. */
const SINCE = 0;
const LONGEST_FROM = 1;
const LONGEST_TO = 2;
const COLUMNS = 3;

/** When senders had spent a flow-control window: one row each. Nothing is allocated once there is room. */
export class StallNotes {
  readonly #refs: RefTable;

  /** @param rows to begin with: the two sides of a stream */
  constructor(rows = 2) {
    this.#refs = new RefTable(COLUMNS, rows);
  }

  grow(rows: number): void {
    this.#refs.grow(rows);
  }

  clear(row0 = 0, row1 = 1): void {
    for (let column = 0; column < COLUMNS; column++) {
      this.#refs.clear(row0, column);
      this.#refs.clear(row1, column);
    }
  }

  /** The window is spent by the packet in hand. */
  stop(row: number, moment: Moment): void {
    if (!this.#refs.has(row, SINCE)) this.#refs.set(row, SINCE, moment);
  }

  /** The window is so large now; Infinity where that is not known any more, so that it is not known since when either. */
  resume(row: number, windowBytes: number, moment: Moment): void {
    const refs = this.#refs;
    if (windowBytes <= 0 || !refs.has(row, SINCE)) return;
    const longestNs = refs.has(row, LONGEST_FROM) ? refs.ns(row, LONGEST_TO) - refs.ns(row, LONGEST_FROM) : 0;
    if (windowBytes !== Infinity && (moment.ns[0] ?? 0) - refs.ns(row, SINCE) > longestNs) {
      refs.copy(row, LONGEST_FROM, refs, row, SINCE);
      refs.set(row, LONGEST_TO, moment);
    }
    refs.clear(row, SINCE);
  }

  /** The one that lasts to the end of the capture, else the longest; null where there was none. */
  longest(row: number, windowBytes: number): Stall | null {
    const since = windowBytes > 0 ? null : this.#refs.get(row, SINCE);
    if (since !== null) return { from: since, to: null };
    const from = this.#refs.get(row, LONGEST_FROM);
    return from === null ? null : { from, to: this.#refs.get(row, LONGEST_TO) };
  }
}
