import { type CaptureFacts, type CaptureOptions, findInputs, readCaptures } from '../capture/index.ts';
import { LineOutput, ReaderGone } from './line-output.ts';
import { PacketPass } from './packet-pass.ts';

/** Lines come from small pieces of the file, so that little is waiting to be written, and an interrupt is heard soon. */
const BLOCK_BYTES = 64 * 1024;

/**
 * Prints a line a packet on standard output, no faster than it is read.
 * @returns what reading told; undefined where the reader went away
 * Throws CaptureError where nothing of a file can be analysed.
 */
export async function printPackets(
  paths: readonly string[],
  reading: CaptureOptions = {},
): Promise<CaptureFacts | undefined> {
  const output = new LineOutput();
  const pass = new PacketPass((line) => output.add(line));
  const onBegin = (files: readonly string[]): void => {
    pass.begin(files);
    reading.onBegin?.(files);
  };
  try {
    const options = { ...reading, onBegin, ready: () => output.ready(), blockBytes: BLOCK_BYTES };
    const facts = await readCaptures(findInputs(paths), (batch) => pass.consume(batch), options);
    await output.ready();
    return facts;
  } catch (error) {
    if (error instanceof ReaderGone) return undefined;
    throw error;
  } finally {
    output.close();
  }
}
