import type { Moment } from '../capture/index.ts';
import { LABEL, otherSide, type Side } from '../tcp/index.ts';
import { type LimitCounter, UNREAD_MAX } from './limits.ts';
import type { Unread } from './model.ts';
import { grown, roomFor } from './ref-table.ts';

/** Columns of a flow; 0 stands for: not. */
const COLUMN = {
  /** Up to when all of its bytes came, each in its turn. */
  readNs: 0,
  /** Its frames cannot be followed for now. */
  isLost: 1,
  /** What was acknowledged and not seen, and nothing came after it: a packet that the capture has too late is not missing. */
  endless: 2,
  endlessNs: 3,
} as const;
const COLUMNS = 4;
const FIRST_ROWS = 128;
const NONE: readonly Unread[] = [];

/** When some of what a side said was not read. Per packet it writes one cell; a list is made for a flow that lost something. */
export class UnreadBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  #cells = new Float64Array(FIRST_ROWS * COLUMNS);
  /** By flow, in order of time: beginning and end of each stretch in turn. */
  readonly #stretches = new Map<number, number[]>();

  constructor(moment: Moment, limits: LimitCounter) {
    this.#moment = moment;
    this.#limits = limits;
  }

  opened(connection: number): void {
    const room = roomFor(this.#cells.length, (2 * connection + 2) * COLUMNS);
    if (room > this.#cells.length) this.#cells = grown(this.#cells, new Float64Array(room));
    this.read(connection, 0);
    this.read(connection, 1);
  }

  release(connection: number): void {
    this.#cells.fill(0, 2 * connection * COLUMNS, (2 * connection + 2) * COLUMNS);
    this.#stretches.delete(2 * connection);
    this.#stretches.delete(2 * connection + 1);
  }

  segment(connection: number, side: Side, labels: number): void {
    if ((labels & LABEL.ackLostSegment) === 0) return;
    const row = (2 * connection + otherSide(side)) * COLUMNS;
    this.#cells[row + COLUMN.endless] = 1;
    this.#cells[row + COLUMN.endlessNs] = this.#moment.ns[0] ?? 0;
  }

  /** The next bytes of a flow were read, to the end of this packet. */
  read(connection: number, side: Side): void {
    const row = (2 * connection + side) * COLUMNS;
    this.#cells[row + COLUMN.readNs] = this.#moment.ns[0] ?? 0;
    this.#cells[row + COLUMN.endless] = 0;
  }

  /** Some of what was said since the last bytes that were read is not there to be read. */
  missed(connection: number, side: Side): void {
    const row = 2 * connection + side;
    const isLost = this.#cells[row * COLUMNS + COLUMN.isLost] === 1;
    this.#add(row, isLost, this.#cells[row * COLUMNS + COLUMN.readNs] ?? 0, this.#moment.ns[0] ?? 0);
  }

  /** Its frames can be followed no longer, or again. */
  follows(connection: number, side: Side, isLost: boolean): void {
    this.missed(connection, side);
    this.#cells[(2 * connection + side) * COLUMNS + COLUMN.isLost] = isLost ? 1 : 0;
  }

  /** @param lastNs  its last packet, until which it was unread where its frames could not be followed any more; null: it never said anything */
  of(connection: number, side: Side, lastNs: number | null): readonly Unread[] {
    const row = 2 * connection + side;
    const at = row * COLUMNS;
    const readNs = this.#cells[at + COLUMN.readNs] ?? 0;
    if (this.#cells[at + COLUMN.endless] === 1) this.#add(row, false, readNs, this.#cells[at + COLUMN.endlessNs] ?? 0);
    if (lastNs !== null && this.#cells[at + COLUMN.isLost] === 1) this.#add(row, true, readNs, lastNs);
    const list = this.#stretches.get(row);
    return list === undefined ? NONE : pairsOf(list);
  }

  /** @param goesOn  it belongs to the newest stretch, whatever was read since */
  #add(row: number, goesOn: boolean, a: number, b: number): void {
    // A clock that stepped back gives them the other way round.
    const [fromNs, toNs] = [Math.min(a, b), Math.max(a, b)];
    const list = this.#stretches.get(row);
    if (list === undefined) {
      this.#stretches.set(row, [fromNs, toNs]);
      return;
    }
    const last = list.length - 1;
    const lastFromNs = list[last - 1] ?? 0;
    const lastToNs = list[last] ?? 0;
    if (goesOn || fromNs <= lastToNs) {
      list[last - 1] = Math.min(lastFromNs, fromNs);
      list[last] = Math.max(lastToNs, toNs);
      return;
    }
    list.push(fromNs, toNs);
    if (list.length <= 2 * UNREAD_MAX) return;
    this.#limits.hit('unread-stretches-per-flow', UNREAD_MAX);
    forgetLeast(list);
  }
}

/** Takes the shortest time that was read between two of them for unread. */
function forgetLeast(list: number[]): void {
  let least = 1;
  const readNs = (end: number): number => (list[end + 1] ?? Infinity) - (list[end] ?? 0);
  for (let end = 3; end < list.length - 1; end += 2) if (readNs(end) < readNs(least)) least = end;
  list.splice(least, 2);
}

function pairsOf(list: readonly number[]): Unread[] {
  return Array.from({ length: list.length / 2 }, (_, i) => ({ fromNs: list[2 * i] ?? 0, toNs: list[2 * i + 1] ?? 0 }));
}
