import { ByTime } from './by-time.ts';

/** Both ends belong to it. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Intervals that may overlap each other: whether any holds some of another one is looked up and not searched for. */
export class Spans {
  readonly #byStart: ByTime<Span>;
  /** Of each and all that began before it. */
  readonly #latestEndNs: Float64Array;

  constructor(spans: readonly Span[]) {
    this.#byStart = new ByTime(spans, ({ fromNs }) => fromNs);
    let latestNs = -Infinity;
    this.#latestEndNs = Float64Array.from(this.#byStart.items, ({ toNs }) => (latestNs = Math.max(latestNs, toNs)));
  }

  overlap(fromNs: number, toNs: number): boolean {
    const begun = this.#byStart.endOf(toNs);
    return (this.#latestEndNs[begun - 1] ?? -Infinity) >= fromNs;
  }
}
