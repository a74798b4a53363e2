import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import { MARK_GAP_NS, MARKS_MAX } from './limits.ts';
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

const LANES = KINDS.length * 2;
const FIRST_RUNS = 4;
/** A run's cells, side by side: what a packet touches is one place in memory. */
const RUN = { fromNs: 0, toNs: 1, fromPacket: 2, toPacket: 3, lane: 4, count: 5 } as const;
const RUN_CELLS = 6;

/**
 * The runs of like packets of one connection. When MARKS_MAX are in use the gap that separates two runs doubles
 * and neighbours melt together, so an hour and a year of traffic take the same room.
 */
export class MarkLog {
  #gapNs = MARK_GAP_NS;
  #used = 0;
  #cells = new Float64Array(FIRST_RUNS * RUN_CELLS);
  readonly #newest = new Int16Array(LANES).fill(-1);

  add(kind: number, side: Side, moment: Moment): void {
    const lane = 2 * kind + side;
    const run = this.#newest[lane] ?? -1;
    const nowNs = moment.ns[0] ?? 0;
    const at = run * RUN_CELLS;
    if (run < 0 || nowNs - (this.#cells[at + RUN.toNs] ?? 0) >= this.#gapNs) {
      this.#start(lane, moment);
      return;
    }
    this.#cells[at + RUN.toNs] = nowNs;
    this.#cells[at + RUN.toPacket] = packed(moment);
    this.#cells[at + RUN.count] = (this.#cells[at + RUN.count] ?? 0) + 1;
  }

  all(): Mark[] {
    return Array.from({ length: this.#used }, (_, run) => this.#mark(run * RUN_CELLS)).sort(
      (a, b) => a.from.timeNs - b.from.timeNs || a.from.packet - b.from.packet,
    );
  }

  #start(lane: number, moment: Moment): void {
    while (this.#used >= MARKS_MAX) this.#melt();
    const run = this.#used++;
    const at = run * RUN_CELLS;
    const room = roomFor(this.#cells.length, at + RUN_CELLS);
    if (room > this.#cells.length) this.#cells = grown(this.#cells, new Float64Array(room));
    this.#cells[at + RUN.fromNs] = this.#cells[at + RUN.toNs] = moment.ns[0] ?? 0;
    this.#cells[at + RUN.fromPacket] = this.#cells[at + RUN.toPacket] = packed(moment);
    this.#cells[at + RUN.count] = 1;
    this.#cells[at + RUN.lane] = lane;
    this.#newest[lane] = run;
  }

  /** Doubles the gap and joins what is now one run; once the gap exceeds the capture, one run a lane is left. */
  #melt(): void {
    this.#gapNs *= 2;
    this.#newest.fill(-1);
    let kept = 0;
    for (let run = 0; run < this.#used; run++) {
      const at = run * RUN_CELLS;
      const lane = this.#cells[at + RUN.lane] ?? 0;
      const into = this.#newest[lane] ?? -1;
      if (into >= 0 && this.#isNear(into * RUN_CELLS, at)) {
        this.#join(into * RUN_CELLS, at);
      } else {
        this.#cells.copyWithin(kept * RUN_CELLS, at, at + RUN_CELLS);
        this.#newest[lane] = kept++;
      }
    }
    this.#used = kept;
  }

  #isNear(earlier: number, later: number): boolean {
    return (this.#cells[later + RUN.fromNs] ?? 0) - (this.#cells[earlier + RUN.toNs] ?? 0) < this.#gapNs;
  }

  #join(into: number, from: number): void {
    this.#cells[into + RUN.toNs] = this.#cells[from + RUN.toNs] ?? 0;
    this.#cells[into + RUN.toPacket] = this.#cells[from + RUN.toPacket] ?? 0;
    this.#cells[into + RUN.count] = (this.#cells[into + RUN.count] ?? 0) + (this.#cells[from + RUN.count] ?? 0);
  }

  #mark(at: number): Mark {
    const cell = (column: number): number => this.#cells[at + column] ?? 0;
    const lane = cell(RUN.lane);
    const nowhere = { file: 0, packet: 0, timeNs: 0 };
    return {
      kind: KINDS[lane >> 1] ?? 'data',
      by: (lane & 1) === 0 ? 0 : 1,
      from: unpackedRef(cell(RUN.fromNs), cell(RUN.fromPacket)) ?? nowhere,
      to: unpackedRef(cell(RUN.toNs), cell(RUN.toPacket)) ?? nowhere,
      count: cell(RUN.count),
    };
  }
}
