/** Things in order of time: those of an interval are looked up and not searched for. */
export class ByTime<Item> {
  readonly items: readonly Item[];
  readonly #times: Float64Array;

  constructor(items: readonly Item[], timeNsOf: (item: Item) => number) {
    this.items = items.toSorted((a, b) => timeNsOf(a) - timeNsOf(b));
    this.#times = Float64Array.from(this.items, timeNsOf);
  }

  /** Both ends belong to it. */
  between(fromNs: number, toNs: number): readonly Item[] {
    return this.items.slice(this.indexOf(fromNs), this.endOf(toNs));
  }

  count(fromNs: number, toNs: number): number {
    return Math.max(0, this.endOf(toNs) - this.indexOf(fromNs));
  }

  /** Of the first that is not before `ns`. */
  indexOf(ns: number): number {
    return this.#bisect((timeNs) => timeNs < ns);
  }

  /** Behind the last that is not after `ns`. */
  endOf(ns: number): number {
    return this.#bisect((timeNs) => timeNs <= ns);
  }

  #bisect(isBefore: (timeNs: number) => boolean): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#times[middle] ?? Infinity)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
