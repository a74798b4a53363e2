import { grown, roomFor } from './ref-table.ts';

const FIRST_ROWS = 64;

/**
 * Rows of doubles of one width in one array. An array for each owner would cost two more cache misses at each touch: its header lies
 * elsewhere, and its elements a third place away. Rows are never given back: their owners are used again.
 */
export class CellPool {
  /** Another array after `take`: to be read anew at each use. */
  cells: Float64Array;
  readonly #width: number;
  #used = 0;

  constructor(width: number, firstRows: number = FIRST_ROWS) {
    this.#width = width;
    this.cells = new Float64Array(firstRows * width);
  }

  /** @returns the index of a new row's first cell; its cells are 0 */
  take(): number {
    const at = this.#used;
    this.#used += this.#width;
    const room = roomFor(this.cells.length, this.#used);
    if (room > this.cells.length) this.cells = grown(this.cells, new Float64Array(room));
    return at;
  }
}
