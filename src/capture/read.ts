import { createBatch, type RecordBatch } from './batch.ts';
import { Block, BLOCK_BYTES } from './block.ts';
import { CaptureError } from './errors.ts';
import { type CaptureFacts, type FileFacts, WarningLog } from './facts.ts';
import { identify, MAGIC_BYTES } from './magic.ts';
import { PcapWalk } from './pcap.ts';
import { type PcapHeader, readPcapHeader } from './pcap-header.ts';
import type { Source } from './source.ts';
import { CaptureClock } from './timestamp.ts';

export interface ReadOptions {
  /** Bytes read at once, 1 or more; BLOCK_BYTES where absent. Changes no result. */
  readonly blockBytes?: number;
  /** Told after each block how many bytes were read so far. */
  readonly onBlock?: (bytesRead: number) => void;
}

/**
 * Reads a capture to its end, or as far as it can be followed, and closes the source.
 * @param consumer  gets every whole record, in file order; a batch is valid until it returns
 * @returns what reading told. Throws CaptureError where nothing of the file can be analysed;
 *          a file that is only damaged gives what it has, and warnings.
 */
export function readCapture(
  source: Source,
  consumer: (batch: RecordBatch) => void,
  options: ReadOptions = {},
): CaptureFacts {
  const clock = new CaptureClock();
  const warnings = new WarningLog();
  try {
    const file = readFile(source, consumer, options, clock, warnings);
    return captureFacts([file], clock, warnings);
  } finally {
    source.close();
  }
}

function readFile(
  source: Source,
  consumer: (batch: RecordBatch) => void,
  options: ReadOptions,
  clock: CaptureClock,
  warnings: WarningLog,
): FileFacts {
  const block = new Block(source, options.blockBytes ?? BLOCK_BYTES, options.onBlock);
  const header = readHeader(block, source.path);
  const walk = new PcapWalk(block, header, createBatch(block.view, 0), clock, warnings, consumer);
  const isWhole = walk.run();
  if (block.failure !== undefined && walk.packets === 0) throw block.failure;
  return {
    path: source.path,
    format: 'pcap',
    bytes: block.bytesRead,
    packets: walk.packets,
    linkTypes: [header.linkType],
    truncated: !isWhole,
    compression: null,
    resolutionDigits: header.layout.nanoseconds ? 9 : 6,
  };
}

/** Tells the format by the first bytes. Another format gets its reader here. */
function readHeader(block: Block, path: string): PcapHeader {
  block.require(MAGIC_BYTES);
  if (block.end === block.at) throw block.failure ?? emptyFile(path);
  const kind = identify(block.view, block.at, block.end);
  switch (kind.kind) {
    case 'pcap':
      return readPcapHeader(block, path, kind.littleEndian, kind.nanoseconds);
    case 'foreign':
      throw new CaptureError(path, 0, { code: 'unsupported-format', format: kind.name });
    case 'text':
      throw new CaptureError(path, 0, { code: 'not-a-capture', found: 'text' });
    case 'unknown':
      throw new CaptureError(path, 0, { code: 'not-a-capture', found: 'unknown-bytes' });
  }
}

function emptyFile(path: string): CaptureError {
  return new CaptureError(path, 0, { code: 'not-a-capture', found: 'nothing' });
}

function captureFacts(files: readonly FileFacts[], clock: CaptureClock, warnings: WarningLog): CaptureFacts {
  const packets = files.reduce((sum, file) => sum + file.packets, 0);
  return {
    files,
    packets,
    baseNs: clock.baseNs,
    firstNs: packets === 0 ? null : (clock.spanNs[0] ?? null),
    lastNs: packets === 0 ? null : (clock.spanNs[1] ?? null),
    warnings: warnings.warnings,
    warningsOmitted: warnings.omitted,
  };
}
