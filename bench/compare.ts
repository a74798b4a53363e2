import { closeSync, openSync, readSync } from 'node:fs';
import type { Capture } from './generate.ts';
import { measure, median } from './measure.ts';
import type { Program } from './programs.ts';

/** One program on one capture. */
export interface Pair {
  readonly program: Program;
  readonly capture: Capture;
}

/** What came of it, over all rounds. */
export interface Result extends Pair {
  /** Median, least and most of the wall time. */
  readonly ms: number;
  readonly leastMs: number;
  readonly mostMs: number;
  /** Of each round, in turn. */
  readonly times: readonly number[];
  /** Median of the peak resident size. */
  readonly peakMiB: number;
  readonly rounds: number;
}

/**
 * Measures every pair once a round, in turn, so that what disturbs the machine disturbs all of them. Slow programs take part in
 * the first round only.
 * @throws where a program ends with another status than 0: a time without a result is none
 */
export async function compare(pairs: readonly Pair[], rounds: number): Promise<Result[]> {
  const runs = pairs.map((): { ms: number; peakMiB: number }[] => []);
  for (const { capture } of pairs) preRead(capture.path);
  for (let round = 0; round < rounds; round++) {
    for (const [nth, { program, capture }] of pairs.entries()) {
      if (program.isSlow === true && round > 0) continue;
      const run = await measure(program.command(capture.path));
      if (run.status !== 0) throw new Error(`${program.name} on ${capture.path} ended with status ${run.status}`);
      runs[nth]?.push(run);
    }
  }
  return pairs.map((pair, nth) => summarize(pair, runs[nth] ?? []));
}

function summarize(pair: Pair, runs: readonly { readonly ms: number; readonly peakMiB: number }[]): Result {
  const times = runs.map(({ ms }) => ms);
  return {
    ...pair,
    ms: median(times),
    leastMs: Math.min(...times),
    mostMs: Math.max(...times),
    times,
    peakMiB: median(runs.map(({ peakMiB }) => peakMiB)),
    rounds: runs.length,
  };
}

const READ_BYTES = 8 * 1024 * 1024;

/** Brings a file into the page cache: whether it was there is a factor of two. */
function preRead(path: string): void {
  const fd = openSync(path, 'r');
  const block = new Uint8Array(READ_BYTES);
  while (readSync(fd, block) > 0);
  closeSync(fd);
}
