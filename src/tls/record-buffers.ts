const SMALLEST_BYTES = 2048;
/** Spare buffers kept of each size; more are let go. */
const SPARE_MAX = 16;

/** One of them, with the view by which it is read: made once, since for each record that costs more than copying most of one. */
export interface RecordBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * Buffers for records that segments cut, lent from a record's first byte to its last: however many flows there are, only those inside such a
 * record hold one.
 */
export class RecordBuffers {
  /** How often there was no room. */
  refused = 0;
  #left: number;
  readonly #spare = new Map<number, RecordBuffer[]>();

  /** @param bytes lent at one time, at most */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns a buffer of at least so many bytes, with whatever is in it; null where there is no room */
  take(bytes: number): RecordBuffer | null {
    let size = SMALLEST_BYTES;
    while (size < bytes) size *= 2;
    if (size > this.#left) {
      this.refused++;
      return null;
    }
    this.#left -= size;
    return this.#spare.get(size)?.pop() ?? bufferOf(size);
  }

  give(buffer: RecordBuffer): void {
    const size = buffer.bytes.length;
    this.#left += size;
    const spare = this.#spare.get(size);
    if (spare === undefined) this.#spare.set(size, [buffer]);
    else if (spare.length < SPARE_MAX) spare.push(buffer);
  }
}

function bufferOf(size: number): RecordBuffer {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}
