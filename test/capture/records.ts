import { createHash } from 'node:crypto';
import {
  CaptureError,
  type CaptureFacts,
  readCapture,
  type ReadOptions,
  type Source,
} from '../../src/capture/index.ts';

/** One record as the reader told it, copied out of the block. */
export interface ReadRecord {
  readonly packet: number;
  readonly timeNs: number;
  readonly capturedBytes: number;
  readonly originalBytes: number;
  readonly linkType: number;
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
  const facts = readCapture(
    source,
    (batch) => {
      for (let row = 0; row < batch.count; row++) {
        const at = batch.at[row] ?? 0;
        const capturedBytes = batch.capturedBytes[row] ?? 0;
        records.push({
          packet: batch.firstPacket + row,
          timeNs: batch.timeNs[row] ?? Number.NaN,
          capturedBytes,
          originalBytes: batch.originalBytes[row] ?? Number.NaN,
          linkType: batch.linkType[row] ?? -1,
          hash: hashOf(new Uint8Array(batch.view.buffer, at, capturedBytes)),
        });
      }
    },
    options,
  );
  return { facts, records };
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
