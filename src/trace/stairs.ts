import type { Moment } from '../capture/index.ts';
import {
  type LimitCounter,
  STAIR_FLOOR_NS,
  STAIR_RISE,
  STAIR_STEPS_LEAST,
  STAIR_STEPS_MAX,
  STAIR_STEPS_TOTAL,
} from './limits.ts';
import type { Ref, Step } from './model.ts';
import { grown, type RefTable, roomFor } from './ref-table.ts';
import { Share } from './share.ts';

const FIRST_ROWS = 128;

/**
 * For each flow the silences as heard from its sender that were longer than all before, and those that were the longest of the idle ones:
 * running maxima, each STAIR_RISE higher than the last.
 *
 * The first silence of P or more is always a running maximum, so that these few steps tell, within STAIR_RISE, when a timer of P that every
 * packet of the sender restarts would first have fired, for every P from STAIR_FLOOR_NS on.
 */
export class StairBook {
  readonly #limits: LimitCounter;
  /** By flow: the least silence that makes another step; the least idle one, which is never more. */
  #wantedNs = new Float64Array(FIRST_ROWS).fill(STAIR_FLOOR_NS);
  #wantedIdleNs = new Float64Array(FIRST_ROWS).fill(STAIR_FLOOR_NS);
  /** By flow: 1 where its receiver had bytes in flight when the flow's last packet was seen. */
  #inFlight = new Uint8Array(FIRST_ROWS);
  readonly #steps = new Map<number, Step[]>();
  readonly #share = new Share(STAIR_STEPS_MAX, STAIR_STEPS_LEAST, STAIR_STEPS_TOTAL);

  constructor(limits: LimitCounter) {
    this.#limits = limits;
  }

  opened(connection: number): void {
    const rows = this.#inFlight.length;
    const room = roomFor(rows, 2 * connection + 2);
    if (room === rows) return;
    this.#inFlight = grown(this.#inFlight, new Uint8Array(room));
    this.#wantedNs = grown(this.#wantedNs, new Float64Array(room).fill(STAIR_FLOOR_NS));
    this.#wantedIdleNs = grown(this.#wantedIdleNs, new Float64Array(room).fill(STAIR_FLOOR_NS));
  }

  release(connection: number): void {
    for (const row of [2 * connection, 2 * connection + 1]) {
      this.#wantedNs[row] = this.#wantedIdleNs[row] = STAIR_FLOOR_NS;
      this.#inFlight[row] = 0;
      this.#share.give(this.#steps.get(row)?.length ?? 0);
      this.#steps.delete(row);
    }
  }

  /**
   * A packet of flow `row`, whose sender's last packet before is in `sent` still.
   * @param ackedAll  after it, nothing that the receiver sent is unacknowledged
   */
  packet(row: number, ackedAll: boolean, moment: Moment, sent: RefTable, column: number): void {
    const gapNs = (moment.ns[0] ?? 0) - sent.ns(row, column);
    if (gapNs >= (this.#wantedIdleNs[row] ?? 0)) this.#climb(row, gapNs, sent.get(row, column));
    this.#inFlight[row] = ackedAll ? 0 : 1;
  }

  /** The steps of flow `row`, the silence in which the capture ends among them. Call once, at the end. */
  finish(row: number, last: Ref | null, endNs: number): readonly Step[] {
    if (last !== null && endNs - last.timeNs >= (this.#wantedIdleNs[row] ?? 0))
      this.#climb(row, endNs - last.timeNs, last);
    return this.#steps.get(row) ?? NO_STEPS;
  }

  /** @param from null for the flow's first packet, which follows nothing */
  #climb(row: number, gapNs: number, from: Ref | null): void {
    const inFlight = this.#inFlight[row] === 1;
    const isHighest = gapNs >= (this.#wantedNs[row] ?? 0);
    if (from === null || (inFlight && !isHighest)) return;
    const steps = this.#steps.get(row) ?? [];
    if (!this.#share.allows(steps.length)) {
      this.#limits.hit('stair-steps-per-flow', this.#share.bound);
      return;
    }
    this.#share.take();
    steps.push({ from, gapNs, inFlight });
    this.#steps.set(row, steps);
    if (isHighest) this.#wantedNs[row] = gapNs * STAIR_RISE;
    if (!inFlight) this.#wantedIdleNs[row] = gapNs * STAIR_RISE;
  }
}

const NO_STEPS: readonly Step[] = [];

/**
 * When a timer of `timerNs` that every packet of the sender restarts would first have fired, in nanoseconds since the capture's base time.
 * @param timerNs  at least STAIR_FLOOR_NS; a silence up to STAIR_RISE shorter counts as one of this length
 * @param idleOnly  the timer runs only where the receiver had nothing in flight, as Linux's keep-alive clock does
 * @returns null: never in this capture
 */
export function firstFiresAt(steps: readonly Step[], timerNs: number, idleOnly: boolean): number | null {
  for (const { from, gapNs, inFlight } of steps) {
    if (gapNs * STAIR_RISE > timerNs && !(idleOnly && inFlight)) return from.timeNs + Math.min(timerNs, gapNs);
  }
  return null;
}
