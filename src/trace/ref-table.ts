import type { Moment } from '../capture/index.ts';
import type { Ref } from './model.ts';

const FIRST_ROWS = 256;
/** A reference takes two cells: its time, and `file * FILE_FACTOR + packet`, exact below 2^53. 0 there means: no packet yet. */
const CELLS = 2;
const FILE_FACTOR: number = 2 ** 32;

/**
 * A growing table of packet references, all columns of a row side by side: what one packet touches is one place in memory,
 * and setting a reference allocates nothing.
 */
export class RefTable {
  readonly #stride: number;
  #cells: Float64Array;

  constructor(columns: number, firstRows: number = FIRST_ROWS) {
    this.#stride = columns * CELLS;
    this.#cells = new Float64Array(firstRows * this.#stride);
  }

  /** Makes room for `rows` rows, by doubling, so that growth costs a constant per row. */
  grow(rows: number): void {
    const cells = roomFor(this.#cells.length, rows * this.#stride);
    if (cells > this.#cells.length) this.#cells = grown(this.#cells, new Float64Array(cells));
  }

  set(row: number, column: number, moment: Moment): void {
    const at = row * this.#stride + column * CELLS;
    this.#cells[at] = moment.ns[0] ?? 0;
    this.#cells[at + 1] = packed(moment);
  }

  /** Copies a reference from another place, of this table or another. */
  copy(row: number, column: number, from: RefTable, fromRow: number, fromColumn: number): void {
    const at = row * this.#stride + column * CELLS;
    const fromAt = fromRow * from.#stride + fromColumn * CELLS;
    this.#cells[at] = from.#cells[fromAt] ?? 0;
    this.#cells[at + 1] = from.#cells[fromAt + 1] ?? 0;
  }

  clear(row: number, column: number): void {
    this.#cells[row * this.#stride + column * CELLS + 1] = 0;
  }

  has(row: number, column: number): boolean {
    return this.#cells[row * this.#stride + column * CELLS + 1] !== 0;
  }

  /** Its time; meaningless where there is none. */
  ns(row: number, column: number): number {
    return this.#cells[row * this.#stride + column * CELLS] ?? 0;
  }

  /** Its file's index; 0 where there is none. */
  file(row: number, column: number): number {
    return Math.floor((this.#cells[row * this.#stride + column * CELLS + 1] ?? 0) / FILE_FACTOR);
  }

  get(row: number, column: number): Ref | null {
    const at = row * this.#stride + column * CELLS;
    return unpackedRef(this.#cells[at] ?? 0, this.#cells[at + 1] ?? 0);
  }
}

/**
 * A class, not a literal: what a literal makes the engine puts among the old objects once most of it has lived long, as the references of a trace
 * do, and then also those of marks, which are made anew for each look at them. Nobody collected those before the report was written.
 */
class PacketRef implements Ref {
  readonly file: number;
  readonly packet: number;
  readonly timeNs: number;

  constructor(file: number, packet: number, timeNs: number) {
    this.file = file;
    this.packet = packet;
    this.timeNs = timeNs;
  }
}

/** The packet being read, as a value. */
export function refOf(moment: Moment): Ref {
  return new PacketRef(moment.file, moment.packet, moment.ns[0] ?? 0);
}

/** File and packet number of the packet being read, in one cell. */
export function packed(moment: Moment): number {
  return moment.file * FILE_FACTOR + moment.packet;
}

/** A reference from its two cells; null where the second says that there is none. */
export function unpackedRef(timeNs: number, cell: number): Ref | null {
  if (cell === 0) return null;
  const packet = cell % FILE_FACTOR;
  return new PacketRef((cell - packet) / FILE_FACTOR, packet, timeNs);
}

/** The longer array with the shorter one's content at its start. */
export function grown<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Room for at least `wanted`, by doubling. */
export function roomFor(have: number, wanted: number): number {
  let room = Math.max(have, 1);
  while (room < wanted) room *= 2;
  return room;
}

/** The sooner of two packets; the one that is there where the other is not. */
export function sooner(a: Ref | null, b: Ref | null): Ref | null {
  if (a === null || b === null) return a ?? b;
  return b.timeNs < a.timeNs ? b : a;
}

/** The later of two packets, likewise. */
export function later(a: Ref | null, b: Ref | null): Ref | null {
  if (a === null || b === null) return a ?? b;
  return a.timeNs > b.timeNs ? a : b;
}
