/** What happens at one moment of the simulated time. */
type Happening = () => void;

/** Things to happen, soonest first; a binary heap, ties in the order they were added. */
export class Agenda {
  readonly #heap: { readonly timeUs: number; readonly order: number; readonly run: Happening }[] = [];
  #added = 0;
  /** The simulated time: that of the happening which runs. */
  nowUs = 0;

  /** Lets `run` happen `inUs` microseconds from now. */
  after(inUs: number, run: Happening): void {
    const heap = this.#heap;
    const entry = { timeUs: this.nowUs + inUs, order: this.#added++, run };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  /** Runs what comes next. @returns false where nothing is left */
  step(): boolean {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return false;
    if (first !== last) this.#sink(last);
    this.nowUs = first.timeUs;
    first.run();
    return true;
  }

  #sink(entry: { readonly timeUs: number; readonly order: number; readonly run: Happening }): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const left = heap[below];
      if (left === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, left)) below += 1;
      const child = heap[below];
      if (child === undefined || isBefore(entry, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = entry;
  }
}

interface Dated {
  readonly timeUs: number;
  readonly order: number;
}

function isBefore(a: Dated, b: Dated): boolean {
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.order < b.order);
}
