/** What all flows together may keep, or spend. */
export class Budget {
  /** How often there was no room. */
  refused = 0;
  #left: number;

  constructor(amount: number) {
    this.#left = amount;
  }

  /** @returns whether there was room; then `give` brings it back */
  take(amount: number): boolean {
    if (amount > this.#left) {
      this.refused++;
      return false;
    }
    this.#left -= amount;
    return true;
  }

  give(amount: number): void {
    this.#left += amount;
  }
}
