/** A connection as it was when it was queued. */
export interface Queued {
  readonly connection: number;
  /** Its place in the order of first packets: the number alone may be another's by now. */
  readonly nth: number;
}

/** A queue whose front moves on: taking costs a constant, amortised. */
export class Queue {
  #entries: Queued[] = [];
  #head = 0;

  get length(): number {
    return this.#entries.length - this.#head;
  }

  push(entry: Queued): void {
    this.#entries.push(entry);
  }

  /** Drops what is not wanted any more. */
  retain(isWanted: (entry: Queued) => boolean): void {
    this.#entries = this.#entries.slice(this.#head).filter(isWanted);
    this.#head = 0;
  }

  shift(): Queued | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#head++;
    // Cut off when it is half of the array: each entry is moved at most once for each time it is kept.
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }
}
