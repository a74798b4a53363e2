import { createReadStream } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type Feed, FedSource } from './fed-source.ts';
import { gunzip, type GunzipOutcome } from './gunzip.ts';
import { beginsWith, GZIP_MAGIC, isZstd } from './magic.ts';
import { asCaptureError, type DescriptorSource, openSource, type Source, STANDARD_INPUT } from './source.ts';

/** Unpacks to 132 MB at most (deflate's limit is 1032 to 1), which is what a hostile file can make wait in memory. */
const PACKED_BYTES = 128 * 1024;

/** zstd's longest frame header (RFC 8878 §3.1.1.1) with its magic number; the other magic numbers are shorter. */
const FIRST_BYTES = 18;

/**
 * Opens a capture file, or standard input for `-`, and unpacks it where its first bytes say that it is compressed.
 * Waits for the first bytes of a pipe.
 * Throws CaptureError `missing`, `directory` or `unreadable`; reading it may throw `window-too-large`.
 */
export async function openCapture(path: string): Promise<Source> {
  const plain = openSource(path);
  const source = plain.sizeBytes === null ? new FedSource(new PipeFeed(plain)) : plain;
  if (source instanceof FedSource) await source.arrive(FIRST_BYTES);
  const first = source.peek(FIRST_BYTES);
  const view = new DataView(first.buffer, first.byteOffset, first.length);
  if (beginsWith(view, 0, first.length, GZIP_MAGIC)) {
    return new FedSource(new GzipFeed(source, source instanceof FedSource ? new KeptPieces() : plain));
  }
  if (isZstd(view, 0, first.length)) {
    const { zstdFeed } = await import('./zstd.ts');
    return new FedSource(await zstdFeed(source));
  }
  return source;
}

/** What a pipe brings, read by the event loop: an interrupt is noticed while nothing comes. */
class PipeFeed implements Feed {
  readonly path: string;
  readonly sizeBytes = null;
  readonly compression = null;
  readonly damage = undefined;
  readonly chunks: AsyncGenerator<Uint8Array, void>;
  bytesRead = 0;
  readonly #stream: Readable;

  constructor(source: DescriptorSource) {
    this.path = source.path;
    this.#stream = streamOf(source);
    this.chunks = this.#read();
  }

  async *#read(): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of this.#stream) {
        const bytes: Uint8Array = chunk;
        this.bytesRead += bytes.length;
        yield bytes;
      }
    } catch (error) {
      throw asCaptureError(this.path, this.bytesRead, error);
    }
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** Sockets take pipes and terminals; any other device is read by libuv's threads. */
function streamOf({ path, descriptor }: DescriptorSource): Readable {
  if (path === STANDARD_INPUT) return process.stdin;
  try {
    return new Socket({ fd: descriptor, readable: true, writable: false });
  } catch {
    return createReadStream('', { fd: descriptor });
  }
}

/** So much of a pipe's packed bytes is kept, to be unpacked once more where they turn out to be damaged. */
const KEPT_BYTES: number = 16 * 1024 * 1024;
/** A slow pipe brings many small pieces, each an object of its own. */
const KEPT_PIECES: number = 8 * 1024;
/** Behind that, pieces that are lost whole are small ones. */
const LOST_MAX_BYTES: number = 16 * 1024;

/** The first packed bytes of a pipe, as long as they are all of it. */
class KeptPieces {
  #pieces: Uint8Array[] | undefined = [];
  #bytes = 0;

  keep(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#bytes > KEPT_BYTES || this.#pieces?.length === KEPT_PIECES) this.#pieces = undefined;
    this.#pieces?.push(piece);
  }

  get pieceBytes(): number {
    return this.#pieces === undefined ? LOST_MAX_BYTES : PACKED_BYTES;
  }

  /** Undefined where there was more than is kept. */
  all(): Iterable<Uint8Array> | undefined {
    return this.#pieces;
  }
}

/** What a gzip file unpacks to, from a file or a pipe. */
class GzipFeed implements Feed {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly compression = 'gzip';
  readonly chunks: AsyncGenerator<Uint8Array, void>;
  readonly #outcome: GunzipOutcome = { damage: undefined };
  readonly #packed: Source;

  /** @param before  where the packed bytes are found once more: in the file, or what was kept of a pipe */
  constructor(packed: Source, before: DescriptorSource | KeptPieces) {
    this.path = packed.path;
    this.sizeBytes = packed.sizeBytes;
    this.#packed = packed;
    this.chunks =
      before instanceof KeptPieces
        ? gunzip(piecesOf(packed, before), this.#outcome, () => before.all())
        : gunzip(piecesOf(packed), this.#outcome, () => piecesAgain(before));
  }

  get bytesRead(): number {
    return this.#packed.bytesRead;
  }

  get damage(): GunzipOutcome['damage'] {
    return this.#outcome.damage;
  }

  close(): void {
    this.#packed.close();
  }
}

/** A source's bytes as they come; each piece is the taker's. */
async function* piecesOf(source: Source, kept?: KeptPieces): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    await source.arrive?.(1);
    const bytes = kept?.pieceBytes ?? PACKED_BYTES;
    const piece = new Uint8Array(bytes);
    const got = source.read(piece, 0, bytes);
    if (got === 0) return;
    const filled = got < bytes ? piece.slice(0, got) : piece;
    kept?.keep(filled);
    yield filled;
  }
}

/** The same bytes once more, from the file's beginning, whatever was read of it. */
function* piecesAgain(source: DescriptorSource): Generator<Uint8Array, void> {
  for (let offset = 0; ;) {
    const piece = new Uint8Array(PACKED_BYTES);
    const got = source.readAt(piece, offset);
    if (got === 0) return;
    yield piece.subarray(0, got);
    offset += got;
  }
}
