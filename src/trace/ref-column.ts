import type { Moment } from '../capture/index.ts';
import type { Ref } from './model.ts';

const FIRST_ROWS = 256;

/** A growing column of packet references: three typed arrays, so that setting one allocates nothing. Packet 0 means: none yet. */
export class RefColumn {
  ns: Float64Array = new Float64Array(FIRST_ROWS);
  packet: Int32Array = new Int32Array(FIRST_ROWS);
  file: Int32Array = new Int32Array(FIRST_ROWS);

  /** Makes room for `rows` rows; the caller grows all columns of a table together. */
  grow(rows: number): void {
    this.ns = grown(this.ns, new Float64Array(rows));
    this.packet = grown(this.packet, new Int32Array(rows));
    this.file = grown(this.file, new Int32Array(rows));
  }

  set(row: number, moment: Moment): void {
    this.ns[row] = moment.ns[0] ?? 0;
    this.packet[row] = moment.packet;
    this.file[row] = moment.file;
  }

  copy(row: number, from: RefColumn): void {
    this.ns[row] = from.ns[row] ?? 0;
    this.packet[row] = from.packet[row] ?? 0;
    this.file[row] = from.file[row] ?? 0;
  }

  copyRow(row: number, from: RefColumn, fromRow: number): void {
    this.ns[row] = from.ns[fromRow] ?? 0;
    this.packet[row] = from.packet[fromRow] ?? 0;
    this.file[row] = from.file[fromRow] ?? 0;
  }

  clear(row: number): void {
    this.packet[row] = 0;
  }

  has(row: number): boolean {
    return (this.packet[row] ?? 0) !== 0;
  }

  get(row: number): Ref | null {
    const packet = this.packet[row] ?? 0;
    return packet === 0 ? null : { file: this.file[row] ?? 0, packet, timeNs: this.ns[row] ?? 0 };
  }
}

/** The packet being read, as a value. */
export function refOf(moment: Moment): Ref {
  return { file: moment.file, packet: moment.packet, timeNs: moment.ns[0] ?? 0 };
}

/** The longer array with the shorter one's content at its start. */
export function grown<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Rows to hold at least `wanted`, by doubling, so that growth costs a constant per row. */
export function rowsFor(have: number, wanted: number): number {
  let rows = Math.max(have, FIRST_ROWS);
  while (rows < wanted) rows *= 2;
  return rows;
}
