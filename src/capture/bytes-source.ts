import type { Source } from './source.ts';

/** A capture file's bytes that are in memory already, plain. */
export class BytesSource implements Source {
  readonly compression = null;
  readonly damage = undefined;
  bytesRead = 0;
  readonly path: string;
  readonly #bytes: Uint8Array;

  constructor(path: string, bytes: Uint8Array) {
    this.path = path;
    this.#bytes = bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  read(into: Uint8Array, at: number, bytes: number): number {
    const piece = this.#bytes.subarray(this.bytesRead, this.bytesRead + bytes);
    into.set(piece, at);
    this.bytesRead += piece.length;
    return piece.length;
  }

  close(): void {}
}
