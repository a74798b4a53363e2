import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkWritten } from '../build/reports.ts';

/** The built command, run as a user runs it. `npm test` builds it first. */

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
export const COMMAND: string = join(ROOT, 'dist/watchpcap.js');
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs it in the project's root, with nothing of the caller's terminal, locale or preferences.
 * Rejects where it wrote a JSON report, on standard output or to a file, that is none by the schema.
 */
export async function watchpcap(
  args: readonly string[],
  input?: string | Uint8Array,
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  const done = await run(args, input, env);
  checkWritten(done.stdout);
  for (const file of jsonFilesOf(args)) checkWritten(readFileSync(file, 'utf8'));
  return done;
}

/** What the command was asked to write JSON to, and did. */
function jsonFilesOf(args: readonly string[]): string[] {
  return args
    .flatMap((arg, i) => {
      const named = /^(?:--output=|-o(?=.))(.*)/.exec(arg)?.[1];
      return named ?? (/^(?:--output|-o)$/.test(args[i - 1] ?? '') ? arg : []);
    })
    .map((file) => resolve(ROOT, file))
    .filter((file) => file.endsWith('.json') && statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

function run(args: readonly string[], input: string | Uint8Array | undefined, env: NodeJS.ProcessEnv): Promise<Run> {
  return new Promise((settle) => {
    const child = execFile(
      process.execPath,
      [COMMAND, ...args],
      { cwd: ROOT, env: cleanEnv(env), maxBuffer: OUTPUT_BYTES_MAX },
      (_error, stdout, stderr) => settle({ status: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

/** Nothing of the caller's terminal, locale or preferences. */
export function cleanEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...env };
}
