import { createHash } from 'node:crypto';
import {
  CaptureError,
  type CaptureOptions,
  findInputs,
  readCaptures,
  type CaptureFacts,
  readCapture,
  type ReadOptions,
  type RecordBatch,
  type Source,
} from '../../src/capture/index.ts';

/** One record as the reader told it, copied out of the block. */
export interface ReadRecord {
  readonly packet: number;
  readonly timeNs: number;
  readonly capturedBytes: number;
  readonly originalBytes: number;
  readonly linkType: number;
  readonly hasTime: boolean;
  readonly vantage: number;
  readonly file: number;
  /** Null where it has no time. */
  readonly epochNs: bigint | null;
  /** sha256 of the captured bytes, shortened. */
  readonly hash: string;
}

export interface ReadResult {
  readonly facts: CaptureFacts;
  readonly records: readonly ReadRecord[];
}

/** Reads a whole source and keeps every record. */
export function readAll(source: Source, options: ReadOptions = {}): ReadResult {
  const records: ReadRecord[] = [];
  const facts = readCapture(source, (batch) => records.push(...rowsOf(batch)), options);
  return { facts, records };
}

/** Reads files, directories and patterns as the command does. */
export async function readFiles(given: readonly string[], options: CaptureOptions = {}): Promise<ReadResult> {
  const records: ReadRecord[] = [];
  const facts = await readCaptures(findInputs(given), (batch) => records.push(...rowsOf(batch)), options);
  return { facts, records };
}

/** The rows in use of a batch, copied. */
function rowsOf(batch: RecordBatch): ReadRecord[] {
  return Array.from({ length: batch.count - batch.firstRow }, (_, index) => {
    const row = batch.firstRow + index;
    const capturedBytes = batch.capturedBytes[row] ?? 0;
    return {
      packet: batch.firstPacket + row,
      timeNs: batch.timeNs[row] ?? Number.NaN,
      capturedBytes,
      originalBytes: batch.originalBytes[row] ?? Number.NaN,
      linkType: batch.linkType[row] ?? -1,
      hasTime: batch.hasTime[row] === 1,
      vantage: batch.vantage[row] ?? -1,
      file: batch.file,
      epochNs: batch.epochNs(row),
      hash: hashOf(new Uint8Array(batch.view.buffer, batch.at[row] ?? 0, capturedBytes)),
    };
  });
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** A file that stands in memory; `failsAt` makes its disk fail from that byte on. */
export function memorySource(
  bytes: Uint8Array,
  path: string = 'memory.pcap',
  failsAt: number = Number.POSITIVE_INFINITY,
): Source {
  let offset = 0;
  return {
    path,
    sizeBytes: bytes.length,
    compression: null,
    damage: undefined,
    get bytesRead() {
      return offset;
    },
    read(into, at, count) {
      if (offset >= failsAt) throw new CaptureError(path, offset, { code: 'unreadable', errno: 'EIO' });
      const got = Math.min(count, bytes.length - offset, failsAt - offset);
      into.set(bytes.subarray(offset, offset + got), at);
      offset += got;
      return got;
    },
    close() {},
  };
}
