import type { Moment } from '../capture/index.ts';
import type { Segment } from '../decode/index.ts';
import { type ConnectionFacts, DID, isResent, type Side } from '../tcp/index.ts';
import type { RoundTrips } from './model.ts';
import { grown, roomFor } from './ref-table.ts';

/**
 * Columns of a flow: stream offset that an acknowledgement is waited for (0: none), since when, and what was measured; the timestamp that it has
 * to echo, where bytes were sent again since (NaN: any).
 */
const COLUMN = { offset: 0, sinceNs: 1, leastNs: 2, mostNs: 3, samples: 4, tsVal: 5 } as const;
const COLUMNS = 6;
const FIRST_ROWS = 128;
/** A flow's scale is known after so many; later ones would cost and tell nothing. */
const SAMPLES_MAX = 64;

/**
 * How long data wait for their acknowledgement, seen from where the capture was taken: one segment a flow is timed at a time. Which of two
 * sendings is acknowledged the timestamps option tells (RFC 7323 §4.1); without it nothing is timed that was sent again (Karn's algorithm, RFC 6298 §3).
 */
export class RoundTripBook {
  readonly #moment: Moment;
  readonly #tcp: ConnectionFacts;
  #cells = new Float64Array(FIRST_ROWS * COLUMNS);

  constructor(moment: Moment, tcp: ConnectionFacts) {
    this.#moment = moment;
    this.#tcp = tcp;
  }

  opened(connection: number): void {
    const room = roomFor(this.#cells.length, (2 * connection + 2) * COLUMNS);
    if (room > this.#cells.length) this.#cells = grown(this.#cells, new Float64Array(room));
  }

  release(connection: number): void {
    this.#cells.fill(0, 2 * connection * COLUMNS, (2 * connection + 2) * COLUMNS);
  }

  segment(connection: number, side: Side, labels: number, did: number, segment: Segment): void {
    const cells = this.#cells;
    const own = (2 * connection + side) * COLUMNS;
    const other = (2 * connection + (1 - side)) * COLUMNS;
    if ((did & DID.ackAdvanced) !== 0 && cells[other + COLUMN.offset] !== 0)
      this.#answer(connection, side, other, segment);
    if ((did & DID.payload) === 0) {
      if (labels !== 0 && isResent(labels, did)) this.#again(own, segment);
      return;
    }
    if (labels !== 0 || cells[own + COLUMN.offset] !== 0 || (cells[own + COLUMN.samples] ?? 0) >= SAMPLES_MAX) return;
    cells[own + COLUMN.offset] = this.#tcp.sentOffset(connection, side);
    cells[own + COLUMN.sinceNs] = this.#moment.ns[0] ?? 0;
    cells[own + COLUMN.tsVal] = Number.NaN;
  }

  /** What is waited for is timed from now on, if its acknowledgement can tell that it answers this sending. */
  #again(at: number, segment: Segment): void {
    const cells = this.#cells;
    if (segment.hasTimestamps === 0) cells[at + COLUMN.offset] = 0;
    cells[at + COLUMN.sinceNs] = this.#moment.ns[0] ?? 0;
    cells[at + COLUMN.tsVal] = segment.tsVal;
  }

  #answer(connection: number, by: Side, at: number, segment: Segment): void {
    const cells = this.#cells;
    if (this.#tcp.ackedOffset(connection, by === 0 ? 1 : 0) < (cells[at + COLUMN.offset] ?? 0)) return;
    cells[at + COLUMN.offset] = 0;
    const tsVal = cells[at + COLUMN.tsVal] ?? 0;
    if (tsVal === tsVal && segment.tsEcr !== tsVal) return;
    const tookNs = (this.#moment.ns[0] ?? 0) - (cells[at + COLUMN.sinceNs] ?? 0);
    // The file may have the acknowledgement before its data.
    if (tookNs < 0) return;
    const samples = cells[at + COLUMN.samples] ?? 0;
    cells[at + COLUMN.samples] = samples + 1;
    if (samples === 0 || tookNs < (cells[at + COLUMN.leastNs] ?? 0)) cells[at + COLUMN.leastNs] = tookNs;
    if (tookNs > (cells[at + COLUMN.mostNs] ?? 0)) cells[at + COLUMN.mostNs] = tookNs;
  }

  /** Of a side's data; null where none was timed. */
  of(connection: number, side: Side): RoundTrips | null {
    const at = (2 * connection + side) * COLUMNS;
    const samples = this.#cells[at + COLUMN.samples] ?? 0;
    if (samples === 0) return null;
    return { samples, leastNs: this.#cells[at + COLUMN.leastNs] ?? 0, mostNs: this.#cells[at + COLUMN.mostNs] ?? 0 };
  }
}
