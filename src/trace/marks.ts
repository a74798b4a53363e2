import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import { MARK_GAP_NS, MARKS_MAX } from './limits.ts';
import type { Mark, MarkKind } from './model.ts';
import { grown } from './ref-column.ts';

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

/**
 * The runs of like packets of one connection. When MARKS_MAX are in use the gap that separates two runs doubles
 * and neighbours melt together, so an hour and a year of traffic take the same room.
 */
export class MarkLog {
  #gapNs = MARK_GAP_NS;
  #used = 0;
  #lane = new Uint8Array(FIRST_RUNS);
  #fromNs = new Float64Array(FIRST_RUNS);
  #toNs = new Float64Array(FIRST_RUNS);
  #fromPacket = new Int32Array(FIRST_RUNS);
  #toPacket = new Int32Array(FIRST_RUNS);
  #fromFile = new Int32Array(FIRST_RUNS);
  #toFile = new Int32Array(FIRST_RUNS);
  #count = new Int32Array(FIRST_RUNS);
  readonly #newest = new Int16Array(LANES).fill(-1);

  add(kind: number, side: Side, moment: Moment): void {
    const lane = 2 * kind + side;
    const run = this.#newest[lane] ?? -1;
    const nowNs = moment.ns[0] ?? 0;
    if (run >= 0 && nowNs - (this.#toNs[run] ?? 0) < this.#gapNs) this.#extend(run, moment, nowNs);
    else this.#start(lane, moment, nowNs);
  }

  all(): Mark[] {
    return Array.from({ length: this.#used }, (_, run) => this.#mark(run)).sort(
      (a, b) => a.from.timeNs - b.from.timeNs || a.from.packet - b.from.packet,
    );
  }

  #extend(run: number, moment: Moment, nowNs: number): void {
    this.#toNs[run] = nowNs;
    this.#toPacket[run] = moment.packet;
    this.#toFile[run] = moment.file;
    this.#count[run] = (this.#count[run] ?? 0) + 1;
  }

  #start(lane: number, moment: Moment, nowNs: number): void {
    while (this.#used >= MARKS_MAX) this.#melt();
    if (this.#used >= this.#lane.length) this.#grow(this.#lane.length * 2);
    const run = this.#used++;
    this.#lane[run] = lane;
    this.#fromNs[run] = nowNs;
    this.#fromPacket[run] = moment.packet;
    this.#fromFile[run] = moment.file;
    this.#count[run] = 0;
    this.#newest[lane] = run;
    this.#extend(run, moment, nowNs);
  }

  /** Doubles the gap and joins what is now one run. At least MARKS_MAX / 2 rows are free once the gap exceeds the capture. */
  #melt(): void {
    this.#gapNs *= 2;
    this.#newest.fill(-1);
    let kept = 0;
    for (let run = 0; run < this.#used; run++) {
      const lane = this.#lane[run] ?? 0;
      const into = this.#newest[lane] ?? -1;
      if (into >= 0 && (this.#fromNs[run] ?? 0) - (this.#toNs[into] ?? 0) < this.#gapNs) {
        this.#toNs[into] = this.#toNs[run] ?? 0;
        this.#toPacket[into] = this.#toPacket[run] ?? 0;
        this.#toFile[into] = this.#toFile[run] ?? 0;
        this.#count[into] = (this.#count[into] ?? 0) + (this.#count[run] ?? 0);
      } else {
        this.#move(run, kept);
        this.#newest[lane] = kept++;
      }
    }
    this.#used = kept;
  }

  #move(from: number, to: number): void {
    for (const column of [
      this.#fromNs,
      this.#toNs,
      this.#fromPacket,
      this.#toPacket,
      this.#fromFile,
      this.#toFile,
      this.#count,
      this.#lane,
    ]) {
      column[to] = column[from] ?? 0;
    }
  }

  #grow(runs: number): void {
    this.#lane = grown(this.#lane, new Uint8Array(runs));
    this.#fromNs = grown(this.#fromNs, new Float64Array(runs));
    this.#toNs = grown(this.#toNs, new Float64Array(runs));
    this.#fromPacket = grown(this.#fromPacket, new Int32Array(runs));
    this.#toPacket = grown(this.#toPacket, new Int32Array(runs));
    this.#fromFile = grown(this.#fromFile, new Int32Array(runs));
    this.#toFile = grown(this.#toFile, new Int32Array(runs));
    this.#count = grown(this.#count, new Int32Array(runs));
  }

  #mark(run: number): Mark {
    const lane = this.#lane[run] ?? 0;
    return {
      kind: KINDS[lane >> 1] ?? 'data',
      by: (lane & 1) === 0 ? 0 : 1,
      from: { file: this.#fromFile[run] ?? 0, packet: this.#fromPacket[run] ?? 0, timeNs: this.#fromNs[run] ?? 0 },
      to: { file: this.#toFile[run] ?? 0, packet: this.#toPacket[run] ?? 0, timeNs: this.#toNs[run] ?? 0 },
      count: this.#count[run] ?? 0,
    };
  }
}
