import {
  type CaptureFacts,
  type CaptureOptions,
  findInputs,
  readCaptures,
  type RecordBatch,
} from '../capture/index.ts';
import { LineOutput, ReaderGone } from './line-output.ts';

/** Lines come from small pieces of the file, so that little is waiting to be written, and an interrupt is heard soon. */
const BLOCK_BYTES = 64 * 1024;

/** What makes the lines of a dump. */
export interface LinePass {
  /** @param paths  of the capture's files, by the index that batches have */
  begin(paths: readonly string[]): void;
  consume(batch: RecordBatch): void;
  /** The capture has ended; lines may still come. */
  finish(): void;
}

/**
 * Prints the lines of a dump on standard output, no faster than they are read.
 * @param passOf makes the pass, given where its lines go
 * @returns what reading told; undefined where the reader went away
 * Throws CaptureError where nothing of a file can be analysed.
 */
export async function printLines(
  paths: readonly string[],
  passOf: (take: (line: string) => void) => LinePass,
  reading: CaptureOptions,
): Promise<CaptureFacts | undefined> {
  const output = new LineOutput();
  const pass = passOf((line) => output.add(line));
  const onBegin = (files: readonly string[]): void => {
    pass.begin(files);
    reading.onBegin?.(files);
  };
  try {
    const options = { ...reading, onBegin, ready: () => output.ready(), blockBytes: BLOCK_BYTES };
    const facts = await readCaptures(findInputs(paths), (batch) => pass.consume(batch), options);
    pass.finish();
    await output.ready();
    return facts;
  } catch (error) {
    if (error instanceof ReaderGone) return undefined;
    throw error;
  } finally {
    output.close();
  }
}
