const SMALLEST_BYTES = 2048;
/** Spare buffers kept of each size; more are let go. */
const SPARE_MAX = 16;

/**
 * Buffers for records that segments cut, lent from a record's first byte to its last: however many flows there are, only those inside such a
 * record hold one.
 */
export class RecordBuffers {
  /** How often there was no room. */
  refused = 0;
  #left: number;
  readonly #spare = new Map<number, Uint8Array<ArrayBuffer>[]>();

  /** @param bytes lent at one time, at most */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns a buffer of at least so many bytes, with whatever is in it; null where there is no room */
  take(bytes: number): Uint8Array<ArrayBuffer> | null {
    let size = SMALLEST_BYTES;
    while (size < bytes) size *= 2;
    if (size > this.#left) {
      this.refused++;
      return null;
    }
    this.#left -= size;
    return this.#spare.get(size)?.pop() ?? new Uint8Array(size);
  }

  give(buffer: Uint8Array<ArrayBuffer>): void {
    this.#left += buffer.length;
    const spare = this.#spare.get(buffer.length);
    if (spare === undefined) this.#spare.set(buffer.length, [buffer]);
    else if (spare.length < SPARE_MAX) spare.push(buffer);
  }
}
