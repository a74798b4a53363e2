import { createGunzip, type Gunzip } from 'node:zlib';
import type { Damage } from './facts.ts';
import { joinBytes } from './source.ts';

/**
 * zlib fills buffers of this size, and comes back for a new one each time: much larger than what a piece unpacks to, so that its threads
 * need no answer in between. With 512 KiB unpacking beside a busy main thread took 990 ms for 500 MB instead of 700.
 */
const OUTPUT_BYTES = 2 * 1024 * 1024;

/**
 * So many bytes at the file's end go in one by one. zlib keeps what one write gave to itself where that write meets an error, and
 * the checksum, after which nothing is missing, is the most common place for one.
 */
const TAIL_BYTES = 64;

const WRONG_CHECKSUM = /incorrect (data|length) check/;

/** What a write unpacks to where it does as the one before it: a stream made to fill memory is taken in small steps from its second on. */
const UNPACKED_MAX_BYTES: number = 8 * 1024 * 1024;
const WRITE_MIN_BYTES = 4 * 1024;

/** What unpacking told; `damage` is known after the last piece. */
export interface GunzipOutcome {
  damage: Damage | undefined;
}

/**
 * A damaged piece goes in by so many bytes at a time, when the stream is unpacked once more for what stands before the damage; what one of these
 * steps covers by the next. Each step is a turn of the event loop: 192 for a piece of 128 KiB, where 16 bytes at a time alone would be 8,192.
 */
const SALVAGE_STEPS_BYTES: readonly number[] = [2048, 16];

/**
 * Unpacks gzip (RFC 1952, members one after the other, zero padding) on zlib's own threads: while the stages work on one piece, the next is
 * being unpacked. A stream that is cut or damaged ends without an error where it cannot be followed: `outcome` says so.
 * @param again  gives the packed bytes from their beginning once more; where it cannot, a damaged piece is lost whole
 */
export async function* gunzip(
  packed: AsyncIterable<Uint8Array>,
  outcome: GunzipOutcome,
  again: () => Iterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array, void> {
  const unpacker = new Unpacker();
  let tail: Uint8Array = new Uint8Array(0);
  let pending: Promise<void> | undefined;
  for await (const piece of packed) {
    const joined = joinBytes([tail, piece]);
    const kept = Math.max(0, joined.length - TAIL_BYTES);
    tail = joined.subarray(kept);
    for (let at = 0; at < kept;) {
      await pending;
      if (unpacker.error !== undefined) break;
      const end = Math.min(kept, at + unpacker.writeBytes);
      pending = unpacker.write(joined.subarray(at, end));
      at = end;
      yield* unpacker.take();
    }
    if (unpacker.error !== undefined) break;
  }
  await pending;
  for (let at = 0; at < tail.length && unpacker.error === undefined; at++) {
    await unpacker.write(tail.subarray(at, at + 1));
    yield* unpacker.take();
  }
  await unpacker.end();
  yield* unpacker.take();
  outcome.damage = damageOf(unpacker.error);
  if (outcome.damage?.kind !== 'damaged') return;
  let before = unpacker;
  for (const stepBytes of SALVAGE_STEPS_BYTES) {
    const packedAgain = again();
    if (packedAgain === undefined) return;
    const closer = new Unpacker();
    yield* salvage(packedAgain, closer, before, stepBytes);
    before = closer;
  }
}

/**
 * Unpacks once more from the beginning, and gives what stands between what was given and the damage.
 * @param unpacker   a fresh one
 * @param before     the one that met the damage: its bytes went in without an error, and what it gave is not given again
 * @param stepBytes  how many go in at a time behind those
 */
async function* salvage(
  packed: Iterable<Uint8Array>,
  unpacker: Unpacker,
  before: Unpacker,
  stepBytes: number,
): AsyncGenerator<Uint8Array, void> {
  let skipBytes = before.unpackedBytes;
  for (const piece of packed) {
    for (let at = 0; at < piece.length && unpacker.error === undefined;) {
      const sound = before.packedBytes - unpacker.packedBytes;
      const end = at + (sound > 0 ? Math.min(sound, unpacker.writeBytes) : stepBytes);
      await unpacker.write(piece.subarray(at, end));
      at = end;
      for (const bytes of unpacker.take()) {
        const skipped = Math.min(skipBytes, bytes.length);
        skipBytes -= skipped;
        if (skipped < bytes.length) yield bytes.subarray(skipped);
      }
    }
    if (unpacker.error !== undefined) return;
  }
}

/** Collects what zlib gives for each write, so that an error loses nothing of the writes before it. */
class Unpacker {
  error: NodeJS.ErrnoException | undefined;
  /** What went in without an error, and what came out. */
  packedBytes = 0;
  unpackedBytes = 0;
  /** How much is to go in next. */
  writeBytes: number = WRITE_MIN_BYTES;
  readonly #zlib: Gunzip = createGunzip({ chunkSize: OUTPUT_BYTES });
  #unpacked: Uint8Array[] = [];
  /** Ends the wait for a write that met an error: zlib never answers it. */
  #settle: () => void = () => undefined;

  constructor() {
    this.#zlib.on('data', (bytes: Uint8Array) => {
      this.#unpacked.push(bytes);
      this.unpackedBytes += bytes.length;
    });
    this.#zlib.on('error', (error) => {
      this.error = error;
      this.#settle();
    });
  }

  /** Resolves when all that these bytes unpack to has been given, or they met an error. */
  async write(packed: Uint8Array): Promise<void> {
    if (this.error !== undefined || packed.length === 0) return;
    const before = this.unpackedBytes;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.#zlib.write(packed, () => resolve());
    });
    if (this.error === undefined) this.packedBytes += packed.length;
    const times = (this.unpackedBytes - before) / packed.length;
    this.writeBytes = Math.max(WRITE_MIN_BYTES, Math.ceil(UNPACKED_MAX_BYTES / times));
  }

  /** What was unpacked since the last call. */
  take(): Uint8Array[] {
    const taken = this.#unpacked;
    if (taken.length > 0) this.#unpacked = [];
    return taken;
  }

  /** Nothing follows: an unfinished stream is an error now. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#zlib.on('close', resolve);
      if (this.#zlib.closed) resolve();
      else this.#zlib.end();
    });
  }
}

function damageOf(error: NodeJS.ErrnoException | undefined): Damage | undefined {
  if (error === undefined) return undefined;
  if (error.code === 'Z_BUF_ERROR') return { compression: 'gzip', kind: 'cut' };
  return { compression: 'gzip', kind: WRONG_CHECKSUM.test(error.message) ? 'checksum' : 'damaged' };
}
