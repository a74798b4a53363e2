import { once } from 'node:events';
import { escapeTerminal } from '../report/index.ts';

/** Writes to standard output no faster than it is read: what a slow reader has not taken would pile up here. */
export async function write(parts: Iterable<string>): Promise<void> {
  for (const part of parts) {
    if (process.stdout.destroyed) return;
    if (!process.stdout.write(part)) await drained();
  }
}

/** Resolves also where the reader goes away: the stream's error handler decides what that means. */
async function drained(): Promise<void> {
  const { stdout } = process;
  await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => undefined);
}

/** Says something on standard error. File names may hold anything: they are escaped, so that one line stays one line. */
export function complain(message: string): void {
  process.stderr.write(`watchpcap: ${escapeTerminal(message)}\n`);
}
