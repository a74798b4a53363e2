import { createBatch, type RecordBatch } from './batch.ts';
import { Block, BLOCK_BYTES } from './block.ts';
import { type CaptureFacts, type FileFacts, type SecretsSink, WarningLog } from './facts.ts';
import { openReader } from './open-reader.ts';
import { type RecordReader, STEP } from './reader.ts';
import type { Source } from './source.ts';
import { CaptureClock } from './timestamp.ts';

export interface ReadOptions {
  /** Bytes read at once, 1 or more; BLOCK_BYTES where absent. Changes no result. */
  readonly blockBytes?: number;
  /** Gets the TLS key log that the capture carries. */
  readonly onSecrets?: SecretsSink;
}

/**
 * Reads a capture that stands in one plain file, to its end or as far as it can be followed, and closes the source.
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
    const block = new Block(source, options.blockBytes ?? BLOCK_BYTES);
    const batch = createBatch(block.view, 0);
    const reader = openReader({ block, batch, clock, warnings, onSecrets: options.onSecrets });
    for (let step = reader.step(); step !== STEP.end; step = reader.step()) {
      if (step === STEP.rows) consumer(batch);
    }
    if (block.failure !== undefined && reader.packets === 0) throw block.failure;
    return captureFacts([fileFacts(source, reader)], clock, warnings);
  } finally {
    source.close();
  }
}

function fileFacts(source: Source, reader: RecordReader): FileFacts {
  return {
    path: source.path,
    format: reader.format,
    bytes: source.bytesRead,
    packets: reader.packets,
    linkTypes: reader.linkTypes(),
    truncated: !reader.isWhole,
    compression: source.compression,
    resolutionDigits: reader.resolutionDigits,
    droppedPackets: reader.droppedPackets(),
  };
}

function captureFacts(files: readonly FileFacts[], clock: CaptureClock, warnings: WarningLog): CaptureFacts {
  const [firstNs = 0, lastNs = 0] = clock.spanNs;
  const hasTimes = firstNs <= lastNs;
  return {
    files,
    packets: files.reduce((sum, file) => sum + file.packets, 0),
    baseNs: clock.baseNs,
    firstNs: hasTimes ? firstNs : null,
    lastNs: hasTimes ? lastNs : null,
    warnings: warnings.warnings,
    warningsOmitted: warnings.omitted,
    comments: warnings.comments,
    commentsOmitted: warnings.commentsOmitted,
    interrupted: false,
  };
}
