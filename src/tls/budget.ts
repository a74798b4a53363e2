/** Bytes that all flows together may keep. */
export class Budget {
  /** How often there was no room. */
  refused = 0;
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns whether there was room; then `give` has to bring it back */
  take(bytes: number): boolean {
    if (bytes > this.#left) {
      this.refused++;
      return false;
    }
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}
