import type { ByteCopy } from '../packet/copy.ts';

/** Bytes of one direction that follow each other. */
export interface Run {
  /** Of its first byte, counted from that of the direction. */
  readonly position: number;
  readonly bytes: Uint8Array;
  /** Where segments, or records, begin in it; the first is 0. */
  readonly starts: readonly number[];
  /** Bytes that are missing behind it; null where it is not known how many. */
  readonly lostAfter: number | null;
}

/** Writes another run of the same length. */
export interface RunRewriter {
  /** To be called with the runs of one direction in their order. */
  rewrite(run: Run): Uint8Array;
}

/** A run on its way: zeros, into which is copied what may stay. */
export class RunCopy implements ByteCopy {
  readonly from: DataView;
  readonly to: DataView;
  readonly bytes: Uint8Array;
  readonly #original: Uint8Array;

  constructor(original: Uint8Array) {
    this.#original = original;
    this.bytes = new Uint8Array(original.length);
    this.from = new DataView(original.buffer, original.byteOffset, original.length);
    this.to = new DataView(this.bytes.buffer);
  }

  keep(at: number, count: number): void {
    this.bytes.set(this.#original.subarray(at, at + count), at);
  }
}

/** Chunks one behind the other, and where each begins. */
export function joined(chunks: readonly Uint8Array[]): { bytes: Uint8Array; starts: number[] } {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  const starts: number[] = [];
  let at = 0;
  for (const chunk of chunks) {
    starts.push(at);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { bytes, starts };
}

/** Of what nobody reads nothing stays. */
export const NOTHING_STAYS: RunRewriter = { rewrite: ({ bytes }) => new Uint8Array(bytes.length) };
