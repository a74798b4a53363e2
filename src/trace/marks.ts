import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import { MARK_GAP_NS, MARKS_MAX, MARKS_TOTAL } from './limits.ts';
import type { Mark, MarkKind } from './model.ts';
import { grown, packed, roomFor, unpackedRef } from './ref-table.ts';

const KINDS = [
  'syn',
  'syn-ack',
  'fin',
  'rst',
  'request',
  'response',
  'data',
  'ping',
  'ping-ack',
  'goaway',
  'rst-stream',
  'keep-alive',
  'keep-alive-ack',
  'retransmission',
] as const satisfies readonly MarkKind[];

/** Kind numbers for the wire pass. */
export const MARK = Object.fromEntries(KINDS.map((kind, number) => [kind, number])) as Readonly<
  Record<MarkKind, number>
>;

/** A lane is a kind by a side. One run a lane is what is left when all of a connection's runs have melted together. */
const LANES = KINDS.length * 2;
/** A run's cells, side by side: what a packet touches is one place in memory. `next`: the connection's next run; 0: none. */
const RUN = { fromNs: 0, toNs: 1, fromPacket: 2, toPacket: 3, lane: 4, count: 5, next: 6 } as const;
const RUN_CELLS = 7;
/** Per connection: its first and last run, and how many there are, before the newest run of each lane. */
const LIST = { head: 0, tail: 1, used: 2, newest: 3 } as const;
const LIST_CELLS = LIST.newest + LANES;
const FIRST_RUNS = 256;
const FIRST_ROWS = 64;
const NOWHERE = { file: 0, packet: 0, timeNs: 0 };

/**
 * The runs of like packets of all connections, in one pool: chains through it, one a connection. When a connection's share is used up
 * the gap that separates two of its runs doubles and neighbours melt together, so that an hour and a year take the same room.
 * Run 0 is never used.
 */
export class MarkBook {
  #cells = new Float64Array(FIRST_RUNS * RUN_CELLS);
  #fresh = 1;
  #free = 0;
  #runs = 0;
  #lists = new Int32Array(FIRST_ROWS * LIST_CELLS);
  #gapsNs = new Float64Array(FIRST_ROWS);

  /** Makes room for a connection, which has no runs yet. */
  opened(connection: number): void {
    const rows = roomFor(this.#gapsNs.length, connection + 1);
    if (rows > this.#gapsNs.length) {
      this.#gapsNs = grown(this.#gapsNs, new Float64Array(rows));
      this.#lists = grown(this.#lists, new Int32Array(rows * LIST_CELLS));
    }
    this.#gapsNs[connection] = MARK_GAP_NS;
  }

  /** Gives back all runs of a connection. */
  release(connection: number): void {
    const list = connection * LIST_CELLS;
    const { next } = RUN;
    for (let run = this.#lists[list + LIST.head] ?? 0; run !== 0;) {
      const after = this.#cells[run * RUN_CELLS + next] ?? 0;
      this.#give(run);
      run = after;
    }
    this.#lists.fill(0, list, list + LIST_CELLS);
  }

  add(connection: number, kind: number, side: Side, moment: Moment): void {
    const lane = 2 * kind + side;
    const run = this.#lists[connection * LIST_CELLS + LIST.newest + lane] ?? 0;
    const nowNs = moment.ns[0] ?? 0;
    const at = run * RUN_CELLS;
    if (run === 0 || nowNs - (this.#cells[at + RUN.toNs] ?? 0) >= (this.#gapsNs[connection] ?? 0)) {
      this.#start(connection, lane, moment);
      return;
    }
    this.#cells[at + RUN.toNs] = nowNs;
    this.#cells[at + RUN.toPacket] = packed(moment);
    this.#cells[at + RUN.count] = (this.#cells[at + RUN.count] ?? 0) + 1;
  }

  /** The runs of a connection, ordered by their first packet. */
  of(connection: number): Mark[] {
    const marks: Mark[] = [];
    for (let run = this.#lists[connection * LIST_CELLS + LIST.head] ?? 0; run !== 0;) {
      marks.push(this.#mark(run * RUN_CELLS));
      run = this.#cells[run * RUN_CELLS + RUN.next] ?? 0;
    }
    return marks.sort((a, b) => a.from.timeNs - b.from.timeNs || a.from.packet - b.from.packet);
  }

  #start(connection: number, lane: number, moment: Moment): void {
    const list = connection * LIST_CELLS;
    while ((this.#lists[list + LIST.used] ?? 0) >= this.#share) this.#melt(connection);
    const run = this.#take();
    const at = run * RUN_CELLS;
    const cells = this.#cells;
    cells[at + RUN.fromNs] = cells[at + RUN.toNs] = moment.ns[0] ?? 0;
    cells[at + RUN.fromPacket] = cells[at + RUN.toPacket] = packed(moment);
    cells[at + RUN.count] = 1;
    cells[at + RUN.lane] = lane;
    cells[at + RUN.next] = 0;
    const tail = this.#lists[list + LIST.tail] ?? 0;
    if (tail === 0) this.#lists[list + LIST.head] = run;
    else cells[tail * RUN_CELLS + RUN.next] = run;
    this.#lists[list + LIST.tail] = run;
    this.#lists[list + LIST.newest + lane] = run;
    this.#lists[list + LIST.used] = (this.#lists[list + LIST.used] ?? 0) + 1;
  }

  /** Runs that one connection may have now: MARKS_MAX while the pool is half empty, few as it fills up. More than one a lane, so that melting always makes room. */
  get #share(): number {
    return this.#runs < MARKS_TOTAL / 2 ? MARKS_MAX : 2 * LANES;
  }

  #take(): number {
    this.#runs++;
    const free = this.#free;
    if (free !== 0) {
      this.#free = this.#cells[free * RUN_CELLS + RUN.next] ?? 0;
      return free;
    }
    const run = this.#fresh++;
    const room = roomFor(this.#cells.length, (run + 1) * RUN_CELLS);
    if (room > this.#cells.length) this.#cells = grown(this.#cells, new Float64Array(room));
    return run;
  }

  #give(run: number): void {
    this.#runs--;
    this.#cells[run * RUN_CELLS + RUN.next] = this.#free;
    this.#free = run;
  }

  /** Doubles the gap and joins what is now one run; once the gap exceeds the capture, one run a lane is left. */
  #melt(connection: number): void {
    const list = connection * LIST_CELLS;
    const lists = this.#lists;
    const gapNs = (this.#gapsNs[connection] ?? MARK_GAP_NS) * 2;
    this.#gapsNs[connection] = gapNs;
    for (let lane = 0; lane < LANES; lane++) lists[list + LIST.newest + lane] = 0;
    let kept = 0;
    for (let run = lists[list + LIST.head] ?? 0; run !== 0;) {
      const at = run * RUN_CELLS;
      const after = this.#cells[at + RUN.next] ?? 0;
      const lane = list + LIST.newest + (this.#cells[at + RUN.lane] ?? 0);
      const into = lists[lane] ?? 0;
      if (into !== 0 && this.#isNear(into * RUN_CELLS, at, gapNs)) {
        this.#join(into * RUN_CELLS, at);
        this.#cells[kept * RUN_CELLS + RUN.next] = after;
        this.#give(run);
        lists[list + LIST.used] = (lists[list + LIST.used] ?? 0) - 1;
      } else {
        lists[lane] = run;
        kept = run;
      }
      run = after;
    }
    lists[list + LIST.tail] = kept;
  }

  #isNear(earlier: number, later: number, gapNs: number): boolean {
    return (this.#cells[later + RUN.fromNs] ?? 0) - (this.#cells[earlier + RUN.toNs] ?? 0) < gapNs;
  }

  #join(into: number, from: number): void {
    this.#cells[into + RUN.toNs] = this.#cells[from + RUN.toNs] ?? 0;
    this.#cells[into + RUN.toPacket] = this.#cells[from + RUN.toPacket] ?? 0;
    this.#cells[into + RUN.count] = (this.#cells[into + RUN.count] ?? 0) + (this.#cells[from + RUN.count] ?? 0);
  }

  #mark(at: number): Mark {
    const cell = (column: number): number => this.#cells[at + column] ?? 0;
    const lane = cell(RUN.lane);
    return {
      kind: KINDS[lane >> 1] ?? 'data',
      by: (lane & 1) === 0 ? 0 : 1,
      from: unpackedRef(cell(RUN.fromNs), cell(RUN.fromPacket)) ?? NOWHERE,
      to: unpackedRef(cell(RUN.toNs), cell(RUN.toPacket)) ?? NOWHERE,
      count: cell(RUN.count),
    };
  }
}
