import { engineCollector } from './collect.ts';
import { CaptureError } from './errors.ts';
import type { Compression, Damage } from './facts.ts';
import { joinBytes, type Source } from './source.ts';

/**
 * After so many bytes the chunks they stood in are collected. They lie outside of the engine's heap, which counts them as growth of its old
 * objects: by itself it marked all of those 25 times in 500 MB of a gzip file, a fifth of the main thread's time.
 */
const SPENT_MAX_BYTES: number = 8 * 1024 * 1024;

/** Where a fed source's bytes come from. */
export interface Feed {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly compression: Compression | null;
  /** Bytes of the file itself so far. */
  readonly bytesRead: number;
  /** Known after the last chunk. */
  readonly damage: Damage | undefined;
  /** In order; ends where the file does. May throw CaptureError. */
  readonly chunks: AsyncIterator<Uint8Array, unknown>;
  close(): void;
}

/**
 * A source whose bytes come from elsewhere, while the stages behind it work on those that are there: a pipe, or zlib's threads.
 * The one that takes bytes awaits `arrive` first, so that `read` never has to wait.
 */
export class FedSource implements Source {
  readonly #feed: Feed;
  readonly #chunks: Uint8Array[] = [];
  /** Bytes taken of the first chunk. */
  #taken = 0;
  #heldBytes = 0;
  /** Of chunks that were read whole since the last collection. */
  #spentBytes = 0;
  #ended = false;
  isStopped = false;
  #failure: CaptureError | undefined;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  get path(): string {
    return this.#feed.path;
  }

  get sizeBytes(): number | null {
    return this.#feed.sizeBytes;
  }

  get bytesRead(): number {
    return this.#feed.bytesRead;
  }

  get compression(): Compression | null {
    return this.#feed.compression;
  }

  get damage(): Damage | undefined {
    return this.#feed.damage;
  }

  /** The next bytes, which `read` gives again; fewer than `bytes` only where no more have arrived. */
  peek(bytes: number): Uint8Array {
    return joinBytes(this.#chunks).subarray(0, bytes);
  }

  readonly stop = (): void => {
    this.#ended = true;
    this.isStopped = true;
  };

  arrive(bytes: number): Promise<void> | undefined {
    return this.#heldBytes >= bytes || this.#ended ? undefined : this.#receive(bytes);
  }

  async #receive(bytes: number): Promise<void> {
    while (this.#heldBytes < bytes && !this.#ended) {
      try {
        const { done, value } = await this.#feed.chunks.next();
        if (done === true) this.#ended = true;
        else this.#hold(value);
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
        this.#failure = error;
        this.#ended = true;
      }
    }
  }

  #hold(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.isStopped) return;
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
  }

  /** Gives what has arrived. */
  read(into: Uint8Array, at: number, bytes: number): number {
    let filled = 0;
    for (let [chunk] = this.#chunks; chunk !== undefined && filled < bytes; [chunk] = this.#chunks) {
      const got = Math.min(bytes - filled, chunk.length - this.#taken);
      into.set(chunk.subarray(this.#taken, this.#taken + got), at + filled);
      filled += got;
      this.#taken += got;
      if (this.#taken < chunk.length) continue;
      this.#chunks.shift();
      this.#taken = 0;
      this.#spentBytes += chunk.length;
    }
    this.#letGo();
    this.#heldBytes -= filled;
    if (filled > 0) return filled;
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#ended) throw new Error(`bytes of ${this.path} were taken before they had arrived`);
    return 0;
  }

  #letGo(): void {
    if (this.#spentBytes < SPENT_MAX_BYTES) return;
    this.#spentBytes = 0;
    engineCollector()?.({ type: 'minor' });
  }

  close(): void {
    this.#ended = true;
    this.#feed.close();
  }
}
