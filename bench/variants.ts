import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import {
  openSource,
  readCapture,
  type RecordBatch,
  writeInterface,
  writePacket,
  writeSection,
} from '../src/capture/index.ts';
import type { Capture, Variant } from './generate.ts';

const ENDINGS = { gzip: '.gz', pcapng: 'ng' } as const satisfies Record<Variant, string>;
const MAKERS = { gzip: packed, pcapng: converted } as const;

/** gzip's own. */
const COMPRESSION_LEVEL = 6;
const SNAP_BYTES = 262_144;
const BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * The same capture, packed or in the other format, or the one that was made before of the same bytes.
 * @returns its facts are those of the plain one, but for the path and the file's own bytes
 */
export async function ensureVariant(capture: Capture, variant: Variant): Promise<Capture> {
  const path = `${capture.path}${ENDINGS[variant]}`;
  const facts = `${path}.json`;
  const { mtimeMs, size } = statSync(capture.path);
  const source = { mtimeMs, size };
  const isThere =
    existsSync(path) && existsSync(facts) && isOf(readFileSync(facts, 'utf8'), source, statSync(path).size);
  if (!isThere) {
    await MAKERS[variant](capture.path, `${path}.part`);
    renameSync(`${path}.part`, path);
    writeFileSync(facts, JSON.stringify({ source, bytes: statSync(path).size }));
  }
  return { ...capture, path, variant };
}

function isOf(facts: string, source: { readonly mtimeMs: number; readonly size: number }, bytes: number): boolean {
  return facts === JSON.stringify({ source, bytes });
}

async function packed(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createGzip({ level: COMPRESSION_LEVEL }), createWriteStream(to));
}

/** One section and one interface, packets without options: what dumpcap writes, and editcap. */
async function converted(from: string, to: string): Promise<void> {
  const fd = openSync(to, 'w');
  const buffer = new Uint8Array(BUFFER_BYTES);
  let filled = 0;
  const flush = (): void => {
    for (let done = 0; done < filled;) done += writeSync(fd, buffer, done, filled - done);
    filled = 0;
  };
  const write = (bytes: Uint8Array): void => {
    if (filled + bytes.length > BUFFER_BYTES) flush();
    buffer.set(bytes, filled);
    filled += bytes.length;
  };
  write(writeSection({ application: 'watchpcap', comment: 'the same capture as pcapng' }));
  readCapture(openSource(from), (batch) => blocksOf(batch, write), {
    onInterface: ({ linkType }) => {
      write(writeInterface({ linkType, snapLength: SNAP_BYTES, name: null, resolutionDigits: 6 }));
    },
  });
  flush();
  closeSync(fd);
}

function blocksOf(batch: RecordBatch, write: (bytes: Uint8Array) => void): void {
  const { view } = batch;
  for (let row = 0; row < batch.count; row++) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + (batch.at[row] ?? 0), batch.capturedBytes[row] ?? 0);
    const epochNs = batch.epochNs(row) ?? 0n;
    const originalBytes = batch.originalBytes[row] ?? 0;
    write(writePacket({ interfaceId: 0, resolutionDigits: 6, epochNs, bytes, originalBytes, comments: [] }));
  }
}
