import type { CaptureFacts, CaptureOptions } from '../capture/index.ts';
import { PacketPass } from './packet-pass.ts';
import { printLines } from './print-lines.ts';

/**
 * Prints a line a packet on standard output, no faster than it is read.
 * @returns what reading told; undefined where the reader went away
 * Throws CaptureError where nothing of a file can be analysed.
 */
export async function printPackets(
  paths: readonly string[],
  reading: CaptureOptions = {},
): Promise<CaptureFacts | undefined> {
  return await printLines(paths, (take) => new PacketPass(take), reading);
}
