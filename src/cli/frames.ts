import type { CaptureFacts, CaptureOptions } from '../capture/index.ts';
import { KeyLog } from '../tls/index.ts';
import { FramePass } from './frame-pass.ts';
import { printLines } from './print-lines.ts';

/**
 * Prints a line for every HTTP/2 frame and HTTP/1.1 head on standard output, no faster than it is read.
 * @param keyLog  the secrets of TLS connections; those in a pcapng are added
 * @returns what reading told; undefined where the reader went away
 * Throws CaptureError where nothing of a file can be analysed.
 */
export async function printFrames(
  paths: readonly string[],
  { keyLog = new KeyLog(), ...reading }: CaptureOptions & { readonly keyLog?: KeyLog } = {},
): Promise<CaptureFacts | undefined> {
  const onSecrets = (bytes: Uint8Array): void => keyLog.add(Buffer.from(bytes).toString('latin1'));
  return await printLines(paths, (take) => new FramePass(keyLog, take), { ...reading, onSecrets });
}
