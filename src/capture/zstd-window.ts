import { beginsWith, isZstd, ZSTD_MAGIC } from './magic.ts';

// RFC 8878 §3.1.1.1: what a frame's header begins with
const DESCRIPTOR = 4;
const WINDOW = 5;
const WINDOW_KNOWN_BYTES = 6;
const SINGLE_SEGMENT_BIT = 0x20;

// §3.1.2: what a frame that is skipped begins with
const SKIPPED_SIZE = 4;
const SKIPPED_HEADER_BYTES = 8;

/** Looks, before the decoder does, how much memory the first frame that is not skipped asks for. */
export class FirstWindow {
  /** 0 as long as it is not known, and where the frame's header does not say. */
  bytes = 0;
  readonly #header: DataView = new DataView(new ArrayBuffer(SKIPPED_HEADER_BYTES));
  #headerBytes = 0;
  #toSkip = 0;
  #isOver = false;

  /** Takes the next bytes of the file. */
  look(piece: Uint8Array): void {
    for (let at = 0; at < piece.length && !this.#isOver;) {
      const skipped = Math.min(this.#toSkip, piece.length - at);
      this.#toSkip -= skipped;
      at += skipped;
      if (at < piece.length) this.#add(piece[at++] ?? 0);
    }
  }

  #add(byte: number): void {
    this.#header.setUint8(this.#headerBytes++, byte);
    if (this.#headerBytes < WINDOW_KNOWN_BYTES) return;
    if (beginsWith(this.#header, 0, this.#headerBytes, ZSTD_MAGIC)) {
      this.bytes = windowOf(this.#header.getUint8(DESCRIPTOR), this.#header.getUint8(WINDOW));
      this.#isOver = true;
    } else if (!isZstd(this.#header, 0, this.#headerBytes)) this.#isOver = true;
    else if (this.#headerBytes === SKIPPED_HEADER_BYTES) {
      this.#toSkip = this.#header.getUint32(SKIPPED_SIZE, true);
      this.#headerBytes = 0;
    }
  }
}

/** §3.1.1.1.2; a frame of a single segment has no such byte. */
function windowOf(descriptor: number, window: number): number {
  if ((descriptor & SINGLE_SEGMENT_BIT) !== 0) return 0;
  const base = 2 ** (10 + (window >> 3));
  return base + (base / 8) * (window & 7);
}
