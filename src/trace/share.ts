/**
 * How many things of one kind a connection may keep: `most` while all connections together keep fewer than `total`, `least` from then on.
 * So one connection that fails for hours is told at length, and ten thousand of them still fit: never more than
 * `total + least * connections`.
 */
export class Share {
  readonly most: number;
  readonly #least: number;
  readonly #total: number;
  #taken = 0;

  constructor(most: number, least: number, total: number) {
    this.most = most;
    this.#least = least;
    this.#total = total;
  }

  /** Whether a connection that has `have` may keep one more; it then has to `take` it. */
  allows(have: number): boolean {
    return have < this.bound;
  }

  /** What a connection may keep as things are. */
  get bound(): number {
    return this.#taken < this.#total ? this.most : this.#least;
  }

  take(): void {
    this.#taken++;
  }

  give(count: number): void {
    this.#taken -= count;
  }
}
