import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CaptureError } from './errors.ts';
import type { Compression, Damage } from './facts.ts';

/** The path that stands for standard input. */
export const STANDARD_INPUT = '-';

/**
 * Bytes in file order, read synchronously: blocking costs nothing here, since there is nothing else to do; streams were 2 to 6 times slower.
 * A source whose bytes come from elsewhere (a pipe, another thread) has `arrive`, to be awaited before bytes are taken.
 */
export interface Source {
  /** As given; `-` for standard input. */
  readonly path: string;
  /** Length of a regular file when it was opened; null for pipes and devices. */
  readonly sizeBytes: number | null;
  /** Bytes of the file itself that were read so far: compressed ones where it is compressed. */
  readonly bytesRead: number;
  readonly compression: Compression | null;
  /** What is wrong with a compressed file; known after `read` gave 0. */
  readonly damage: Damage | undefined;
  /**
   * Waits until `read` can give `bytes` bytes, or the end has come. Absent where `read` itself waits.
   * @returns undefined where that is so already
   */
  readonly arrive?: (bytes: number) => Promise<void> | undefined;
  /** Ends a source that has `arrive` with the bytes that are there already. */
  readonly stop?: () => void;
  /** Whether that was done. */
  readonly isStopped?: boolean;
  /**
   * Fills `into` from `at` on with the next `bytes` bytes.
   * @returns how many were read: at least 1, or 0 at the end. Throws CaptureError `unreadable`, after what could be read was returned.
   */
  read(into: Uint8Array, at: number, bytes: number): number;
  close(): void;
}

/**
 * Opens a plain capture file, or standard input for `-`, to be read without unpacking.
 * Throws CaptureError `missing`, `directory` or `unreadable`.
 */
export function openSource(path: string): DescriptorSource {
  const descriptor = path === STANDARD_INPUT ? 0 : openFile(path);
  return new DescriptorSource(path, descriptor);
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw asCaptureError(path, null, error);
  }
}

/** An open file, pipe or device. */
export class DescriptorSource implements Source {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly compression = null;
  readonly damage = undefined;
  bytesRead = 0;
  readonly descriptor: number;
  /** Looked at and not yet given. */
  #peeked: Uint8Array = new Uint8Array(0);
  /** A terminal would ask for more after its end of file. */
  #ended = false;
  #error: CaptureError | undefined;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.descriptor = descriptor;
    this.sizeBytes = this.#regularSize();
  }

  #regularSize(): number | null {
    try {
      const stat = fstatSync(this.descriptor);
      if (stat.isDirectory()) throw new CaptureError(this.path, null, { code: 'directory' });
      return stat.isFile() ? stat.size : null;
    } catch (error) {
      this.close();
      throw asCaptureError(this.path, null, error);
    }
  }

  /** The next bytes, which `read` gives again; fewer than `bytes` only where the file ends or fails. */
  peek(bytes: number): Uint8Array {
    const into = new Uint8Array(bytes);
    const got = this.#fill(into, 0, bytes);
    this.#peeked = into.subarray(0, got);
    return this.#peeked;
  }

  read(into: Uint8Array, at: number, bytes: number): number {
    if (this.#peeked.length > 0) return this.#giveBack(into, at, bytes);
    const filled = this.#fill(into, at, bytes);
    if (filled === 0 && this.#error !== undefined) throw this.#error;
    return filled;
  }

  /** What was peeked, and more behind it: a first block of a few bytes would be a slow start. */
  #giveBack(into: Uint8Array, at: number, bytes: number): number {
    const got = Math.min(bytes, this.#peeked.length);
    into.set(this.#peeked.subarray(0, got), at);
    this.#peeked = this.#peeked.subarray(got);
    return got + this.#fill(into, at + got, bytes - got);
  }

  /** Reads a regular file at an offset of its own, leaving `read` where it is. @returns how many bytes; 0 at the end or where it fails */
  readAt(into: Uint8Array, offset: number): number {
    try {
      return readSync(this.descriptor, into, 0, into.length, offset);
    } catch {
      return 0;
    }
  }

  #fill(into: Uint8Array, at: number, bytes: number): number {
    let filled = 0;
    // A pipe hands out 64 kB at most: fill the block, so that the stages behind see few and large ones.
    while (filled < bytes && !this.#ended && this.#error === undefined) {
      const got = this.#readOnce(into, at + filled, bytes - filled);
      filled += got;
      this.bytesRead += got;
    }
    return filled;
  }

  /** @returns 0 where nothing was read: at the end, at an error, or since nothing was there yet */
  #readOnce(into: Uint8Array, at: number, bytes: number): number {
    try {
      const got = readSync(this.descriptor, into, at, bytes, null);
      this.#ended = got === 0;
      return got;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EAGAIN') pause();
      // Windows reports the end of a pipe as an error.
      else if (errno === 'EOF') this.#ended = true;
      else this.#error = asCaptureError(this.path, this.bytesRead, error);
      return 0;
    }
  }

  close(): void {
    if (this.descriptor !== 0) closeSync(this.descriptor);
  }
}

const PAUSE_MS = 5;
const pauseCell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Waits for a standard input that another process made non-blocking (EAGAIN): sleeps instead of spinning. */
function pause(): void {
  Atomics.wait(pauseCell, 0, 0, PAUSE_MS);
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

export function asCaptureError(path: string, byte: number | null, error: unknown): CaptureError {
  if (error instanceof CaptureError) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return new CaptureError(path, byte, { code: 'missing' });
  if (errno === 'EISDIR') return new CaptureError(path, byte, { code: 'directory' });
  return new CaptureError(path, byte, { code: 'unreadable', errno });
}

/** The pieces one after the other, in bytes of their own. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
