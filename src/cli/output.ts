import { escapeTerminal } from '../report/index.ts';

/**
 * Writes to standard output no faster than it is read: what a slow reader has not taken would pile up here. Ends early where the reader
 * goes away: the stream's error handler decides what that means.
 */
export async function write(parts: Iterable<string>): Promise<void> {
  let failed = false;
  const fail = (): void => {
    failed = true;
  };
  process.stdout.on('error', fail);
  for (const part of parts) {
    if (failed) break;
    if (!process.stdout.write(part)) await drained();
  }
  process.stdout.off('error', fail);
}

/** Resolves when standard output has been taken, or its reader has gone. */
export async function drained(): Promise<void> {
  const { stdout } = process;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stdout.off('drain', done).off('error', done);
      resolve();
    };
    stdout.on('drain', done).on('error', done);
  });
}

/** Says something on standard error. File names may hold anything: they are escaped, so that one line stays one line. */
export function complain(message: string): void {
  process.stderr.write(`watchpcap: ${escapeTerminal(message)}\n`);
}
