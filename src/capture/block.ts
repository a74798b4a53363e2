import { CaptureError } from './errors.ts';
import type { Source } from './source.ts';

/** Not in TypeScript's es2023 library, and the DOM library would bring `window` with it. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

const WASM_PAGE_BYTES = 64 * 1024;

/**
 * Reading alone is fastest with 1 MB. With all stages behind it the block shares a core's second-level cache (2 MB here) with their tables:
 * 500 MB then took 462 ms a pass with 256 kB, 452 with 128 kB, 484 with 512 kB, 582 with 1 MB.
 */
export const BLOCK_BYTES: number = 256 * 1024;

/** The most bytes that can be kept from one block to the next. */
export const HEADROOM_BYTES: number = 1024 * 1024;

/**
 * The one block that the file is read through, with the headroom in front of it.
 *
 * What one block leaves unread (a cut record) is copied to just before the next, so that every record lies in one piece
 * and one DataView serves the whole file. Reads land on a page-aligned address from block-multiple file offsets,
 * which halves the kernel's copy: hence WebAssembly.Memory, since an ArrayBuffer of this size starts 16 bytes off a page.
 *
 * Invariant: `at <= end`; unread bytes are [at, end); byte `at` of the view is byte `at + origin` of the file.
 */
export class Block {
  readonly buffer: ArrayBuffer;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  at: number = HEADROOM_BYTES;
  end: number = HEADROOM_BYTES;
  /** File offset of the view's byte 0; a multiple of the block size less the headroom, so often negative. */
  origin: number = -HEADROOM_BYTES;
  /** The system refused to read on; the bytes until there stand. */
  failure: CaptureError | undefined;
  #ended = false;
  readonly source: Source;
  readonly #blockBytes: number;

  /** @param spare  the buffer of a block of the same size that is no longer needed */
  constructor(source: Source, blockBytes: number, spare?: ArrayBuffer) {
    this.source = source;
    this.#blockBytes = blockBytes;
    this.buffer = spare ?? pageAligned(HEADROOM_BYTES + blockBytes);
    this.bytes = new Uint8Array(this.buffer);
    this.view = new DataView(this.buffer);
  }

  /**
   * Reads the next block behind the unread bytes, which must be fewer than HEADROOM_BYTES; what was read before is gone.
   * @returns false where the source has ended or failed: nothing was added then
   */
  advance(): boolean {
    if (this.#ended) return false;
    const kept = this.end - this.at;
    this.bytes.copyWithin(HEADROOM_BYTES - kept, this.at, this.end);
    this.origin += this.end - HEADROOM_BYTES;
    this.at = HEADROOM_BYTES - kept;
    const got = this.#read();
    this.end = HEADROOM_BYTES + got;
    this.#ended = got === 0;
    return got > 0;
  }

  /** A failing disk ends the file where it fails: what can be analysed is analysed. */
  #read(): number {
    try {
      return this.source.read(this.bytes, HEADROOM_BYTES, this.#blockBytes);
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.failure = error;
      return 0;
    }
  }

  /**
   * Reads on until `bytes` unread bytes are there; at most HEADROOM_BYTES.
   * @returns false where the source ends or fails before
   */
  require(bytes: number): boolean {
    while (this.end - this.at < bytes) if (!this.advance()) return false;
    return true;
  }
}

function pageAligned(bytes: number): ArrayBuffer {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
  } catch {
    // It reserves gigabytes of address space, which a limit on it (ulimit -v) refuses. Only slower without.
    return new ArrayBuffer(bytes);
  }
}
