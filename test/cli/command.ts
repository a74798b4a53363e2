import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built command, run as a user runs it. `npm test` builds it first. */

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = join(ROOT, 'dist/watchpcap.js');
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it in the project's root, with nothing of the caller's terminal, locale or preferences. */
export function watchpcap(args: readonly string[], input?: string): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [COMMAND, ...args],
      { cwd: ROOT, env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' }, maxBuffer: OUTPUT_BYTES_MAX },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}
