import { ZSTDDecoder } from 'zstddec/stream';
import { CaptureError } from './errors.ts';
import type { Damage } from './facts.ts';
import type { Feed } from './fed-source.ts';
import { joinBytes, type Source } from './source.ts';
import { ZstdBorders } from './zstd-borders.ts';

const PACKED_BYTES = 128 * 1024;

/** The least that makes the decoder give nothing: an empty skippable frame. */
const FRAME_MIN_BYTES = 8;

/** The decoder loops for ever on input that it cannot go on with, giving nothing each time: more often than a piece of empty frames does. */
const EMPTY_MAX: number = PACKED_BYTES / FRAME_MIN_BYTES + 1;

/** What the decoder holds at the end, in its own pieces: a block at most. */
const REST_MAX = 64;

/** An empty skippable frame (RFC 8878 §3.1.2): makes the decoder hand out what it still holds, and is read only where the stream is whole. */
const SKIPPABLE_FRAME: Uint8Array = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0);

/** The decoder takes windows up to its library's own limit of 2^27 bytes. */
const WINDOW_MAX_BYTES: number = 2 ** 27;

/**
 * Unpacks zstd (RFC 8878). Its chunks throw CaptureError `window-too-large` where unpacking needs more memory than the decoder takes: what the
 * file begins with may have to be skipped, and not have arrived yet.
 */
export async function zstdFeed(packed: Source): Promise<Feed> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return new ZstdFeed(packed, decoder);
}

class ZstdFeed implements Feed {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly compression = 'zstd';
  readonly chunks: AsyncGenerator<Uint8Array, void>;
  damage: Damage | undefined;
  readonly #packed: Source;
  readonly #unpacked: Iterator<Uint8Array>;
  readonly #borders: ZstdBorders = new ZstdBorders();
  #failure: CaptureError | undefined;
  /** Nothing of the file follows. */
  #isFed = false;
  #ended = false;
  /** Times in a row that the decoder gave nothing for the piece in hand. */
  #empty = 0;

  constructor(packed: Source, decoder: ZSTDDecoder) {
    this.path = packed.path;
    this.sizeBytes = packed.sizeBytes;
    this.#packed = packed;
    this.#unpacked = decoder.decodeStreaming(this.#pieces());
    this.chunks = this.#read();
  }

  get bytesRead(): number {
    return this.#packed.bytesRead;
  }

  /** The decoder takes one piece at most for each that it gives: one byte is enough to wait for. */
  async *#read(): AsyncGenerator<Uint8Array, void> {
    for (this.#empty = 0; this.#empty < EMPTY_MAX;) {
      await this.#packed.arrive?.(1);
      const next = this.#next();
      if (next === undefined) break;
      if (this.#isFed) {
        yield this.#rest(next);
        break;
      }
      this.#empty = next.length === 0 ? this.#empty + 1 : 0;
      if (next.length > 0) yield next;
    }
    if (!this.#ended) this.#end();
    if (this.#failure !== undefined) throw this.#failure;
  }

  *#pieces(): Generator<Uint8Array, void> {
    const piece = new Uint8Array(PACKED_BYTES);
    for (let got = this.#readPacked(piece); got > 0; got = this.#readPacked(piece)) {
      this.#empty = 0;
      yield piece.subarray(0, got);
    }
    this.#isFed = true;
    yield SKIPPABLE_FRAME;
  }

  #readPacked(piece: Uint8Array): number {
    try {
      const got = this.#packed.read(piece, 0, piece.length);
      this.#borders.look(piece.subarray(0, got));
      const { windowBytes } = this.#borders;
      if (windowBytes <= WINDOW_MAX_BYTES) return got;
      throw new CaptureError(this.path, 0, { code: 'window-too-large', windowBytes });
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.#failure = error;
      return 0;
    }
  }

  /** All that comes once the file's bytes are used up; nothing where the stream was cut, since what was fed then is not of the file. */
  #rest(first: Uint8Array): Uint8Array {
    const chunks = [first];
    let next: Uint8Array | undefined = first;
    for (let times = 0; next !== undefined && times < REST_MAX; times++) {
      next = this.#next();
      if (next !== undefined) chunks.push(next);
    }
    if (!this.#ended || !this.#borders.isAtBorder) this.#end();
    return this.damage === undefined ? joinBytes(chunks) : new Uint8Array(0);
  }

  #next(): Uint8Array | undefined {
    try {
      const { done, value } = this.#unpacked.next();
      if (done !== true) return value;
      this.#ended = true;
    } catch {
      // The decoder's own word for a stream that is not at its end; and WebAssembly's for one that led it astray.
      this.#end();
    }
    return undefined;
  }

  /** The stream cannot be followed to its end. */
  #end(): void {
    this.#ended = true;
    this.damage = { compression: 'zstd', kind: this.#isFed ? 'cut' : 'damaged' };
  }

  close(): void {
    this.#packed.close();
  }
}
