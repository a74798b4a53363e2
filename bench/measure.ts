import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Command = readonly [program: string, ...args: string[]];

/** One run of one command. */
export interface Run {
  readonly ms: number;
  /** Of all its threads; NaN where GNU time is not installed. */
  readonly cpuMs: number;
  /** The largest resident size; NaN where this machine does not tell. */
  readonly peakMiB: number;
  readonly status: number | null;
  /** What it wrote, where that was asked for. */
  readonly stdout: string;
}

const GNU_TIME = '/usr/bin/time';
const POLL_MS = 5;

/** Whether GNU time is here: its figure is exact, the poll's is what was last seen. */
const hasGnuTime = canRun([GNU_TIME, '-f', '%M', 'true']);

/** How the peak memory is found on this machine. */
export const MEMORY_METHOD: string = hasGnuTime
  ? 'maximum resident set as the kernel accounts it to the process (GNU time, ru_maxrss)'
  : `VmHWM of /proc, asked each ${POLL_MS} ms: a floor, the last milliseconds may be missing`;

/** Whether the program starts and ends well with these arguments. */
export function canRun(command: Command): boolean {
  try {
    execFileSync(command[0], command.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a command to its end, with nothing on standard input.
 *
 * GNU time stands between this process and the command not for its clock but for the memory: a child's ru_maxrss begins
 * with the size of the process that it was forked from, and Node's is larger than some of what is measured here.
 */
export async function measure(command: Command, keepOutput = false): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'watchpcap-bench-'));
  const note = join(folder, 'peak');
  const [program, ...args] = hasGnuTime
    ? ([GNU_TIME, '-f', '%M %U %S', '-o', note, ...command] satisfies Command)
    : command;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const begin = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', keepOutput ? 'pipe' : 'ignore', 'ignore'] });
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  let peakMiB = Number.NaN;
  const poll = hasGnuTime ? undefined : setInterval(() => (peakMiB = readPeak(child.pid) ?? peakMiB), POLL_MS);
  let ms = 0;
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => (ms = performance.now() - begin));
    child.on('close', resolve);
  });
  clearInterval(poll);
  const told = hasGnuTime ? readNote(note) : { peakMiB, cpuMs: Number.NaN };
  rmSync(folder, { recursive: true });
  return { ms, ...told, status, stdout };
}

/** What GNU time wrote, after a line that says how the command ended where that was not well. */
function readNote(note: string): Pick<Run, 'peakMiB' | 'cpuMs'> {
  const [kib, user, system] = (readFileSync(note, 'utf8').trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { peakMiB: (kib ?? Number.NaN) / 1024, cpuMs: ((user ?? Number.NaN) + (system ?? Number.NaN)) * 1000 };
}

function readPeak(pid: number | undefined): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
