import { seqDiff } from '../../../tcp/index.ts';
import { joined, type Run, type RunRewriter } from './run.ts';

interface OpenRun {
  readonly position: number;
  readonly chunks: Uint8Array[];
  bytes: number;
  lostAfter: number;
}

interface ToldRun {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** What one direction of a connection said, and what is told in its place. */
export class FlowBytes {
  /** Its beginning was captured. */
  isFromStart = false;
  readonly #open: OpenRun[] = [];
  #told: ToldRun[] = [];
  /** Position behind the last byte, and its sequence number; null where nothing was seen. */
  #end = 0;
  #seq: number | null = null;

  /** @param seq  of the first byte; nothing changes where one was known */
  begin(seq: number, isFromStart: boolean): void {
    if (this.#seq !== null) return;
    this.#seq = seq;
    this.isFromStart = isFromStart;
  }

  /** Where a sequence number stands, less than 2^31 from the last byte. */
  positionOf(seq: number): number {
    return this.#end + seqDiff(this.#seq ?? seq, seq);
  }

  /** Position of what is appended next, where nothing is missing. */
  get end(): number {
    return this.#end;
  }

  /** @param bytes  which stay as they are */
  append(position: number, bytes: Uint8Array): void {
    const last = this.#open.at(-1);
    if (last !== undefined && position === last.position + last.bytes) {
      last.chunks.push(bytes);
      last.bytes += bytes.length;
    } else {
      if (last !== undefined) last.lostAfter = position - last.position - last.bytes;
      this.#open.push({ position, chunks: [bytes], bytes: bytes.length, lostAfter: 0 });
    }
    this.#moveTo(position + bytes.length);
  }

  lose(bytes: number): void {
    this.#moveTo(this.#end + bytes);
    const last = this.#open.at(-1);
    if (last !== undefined) last.lostAfter = this.#end - last.position - last.bytes;
  }

  #moveTo(position: number): void {
    this.#seq = ((this.#seq ?? 0) + position - this.#end) | 0;
    this.#end = position;
  }

  get runs(): readonly Run[] {
    return this.#open.map(({ position, chunks, lostAfter }) => ({ position, lostAfter, ...joined(chunks) }));
  }

  /** Nothing is told in place of the first bytes but these. */
  rewrite(rewriter: RunRewriter, before: Uint8Array = new Uint8Array(0)): void {
    this.#told = this.runs.map((run) => ({ position: run.position, bytes: toldOf(run, rewriter, before) }));
  }

  /** Takes over what is told in place of `count` bytes; what is not known stays. */
  copy(position: number, count: number, into: Uint8Array, at: number): void {
    for (let nth = this.#placeOf(position); nth < this.#told.length; nth++) {
      const run = this.#told[nth];
      if (run === undefined || run.position >= position + count) return;
      const from = Math.max(position, run.position);
      const to = Math.min(position + count, run.position + run.bytes.length);
      if (to > from) into.set(run.bytes.subarray(from - run.position, to - run.position), at + from - position);
    }
  }

  /** The first run that ends behind a position. */
  #placeOf(position: number): number {
    let from = 0;
    let to = this.#told.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const run = this.#told[middle];
      if (run !== undefined && run.position + run.bytes.length <= position) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function toldOf(run: Run, rewriter: RunRewriter, before: Uint8Array): Uint8Array {
  const skipped = run.position === 0 ? Math.min(before.length, run.bytes.length) : 0;
  if (skipped === 0) return rewriter.rewrite(run);
  const told = new Uint8Array(run.bytes.length);
  told.set(before.subarray(0, skipped));
  const starts = [0, ...run.starts.filter((start) => start > skipped).map((start) => start - skipped)];
  const rest = { ...run, position: skipped, bytes: run.bytes.subarray(skipped), starts };
  if (rest.bytes.length > 0) told.set(rewriter.rewrite(rest), skipped);
  return told;
}
