import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DATA } from './generate.ts';
import { measure, median } from './measure.ts';
import { WATCHPCAP_ANALYZE } from './programs.ts';

const CROWD = fileURLToPath(new URL('crowd.ts', import.meta.url));
const ROUNDS = 5;
const STEPS = [1, 2, 4, 8] as const;
/** 250 MB: the engine has compiled what it will after 100 MB or so, which is a fixed cost like the start, and no part of a slope. */
const BASE_REQUESTS = 400;
const CONNECTIONS = [1_000, 10_000, 100_000] as const;

/** How the time grows with packets, which should be linear, and with connections, which may grow like n log n. */
export async function printGrowth(): Promise<void> {
  const packets = STEPS.map((step) => ({
    name: `${step}x packets`,
    options: ['--connections', '1000', '--requests', String(BASE_REQUESTS * step), '--body', '400'],
  }));
  await print(packets, 'MB', (bytes) => bytes / 1e6);
  const crowds = CONNECTIONS.map((connections) => ({
    name: `${connections} connections`,
    options: ['--connections', String(connections), '--requests', '2', '--open', '500', '--body', '100'],
  }));
  await print(crowds, 'thousand connections', (_bytes, nth) => (CONNECTIONS[nth] ?? 0) / 1000);
}

interface Growing {
  readonly name: string;
  readonly options: readonly string[];
}

interface Grown {
  readonly name: string;
  readonly path: string;
  readonly amount: number;
  /** Processor time of each round. */
  readonly times: number[];
  readonly walls: number[];
}

async function print(
  growing: readonly Growing[],
  unit: string,
  amountOf: (bytes: number, nth: number) => number,
): Promise<void> {
  mkdirSync(DATA, { recursive: true });
  const captures = growing.map(({ name, options }, nth): Grown => {
    const path = join(DATA, `growth-${nth}.pcap`);
    spawnSync(process.execPath, ['--import', 'tsx', CROWD, ...options, '--to', path]);
    return { name, path, amount: amountOf(statSync(path).size, nth), times: [], walls: [] };
  });
  for (let round = 0; round < ROUNDS; round++) for (const capture of captures) await run(capture);
  for (const [nth, { name, path, times, walls }] of captures.entries()) {
    const one = nth === 0 ? '' : `, ${costOf(captures, nth - 1, nth).toFixed(3)} ms for one more of ${unit}`;
    process.stdout.write(`${name.padEnd(20)} ${ms(walls)} ms by the clock, ${ms(times)} of processors${one}\n`);
    rmSync(path);
  }
  process.stdout.write(`${evenness(captures)}\n`);
}

async function run({ path, times, walls }: Grown): Promise<void> {
  const { ms: wallMs, cpuMs } = await measure(WATCHPCAP_ANALYZE.command(path));
  walls.push(wallMs);
  times.push(cpuMs);
}

/**
 * What one more costs from one size to the next: the median of the rounds' own, as what slows a round down slows both. Start and warm-up
 * are in both, and so in none of these.
 */
function costOf(captures: readonly Grown[], from: number, to: number): number {
  const [less, more] = [captures[from], captures[to]];
  if (less === undefined || more === undefined) return Number.NaN;
  return median(
    more.times.map((time, round) => (time - (less.times[round] ?? Number.NaN)) / (more.amount - less.amount)),
  );
}

/** How far the costs of single steps are from that of all of them together. */
function evenness(captures: readonly Grown[]): string {
  const whole = costOf(captures, 0, captures.length - 1);
  const ratios = captures.slice(1).map((_, nth) => costOf(captures, nth, nth + 1) / whole);
  return `  each step costs ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')} of what one costs over all`;
}

function ms(times: readonly number[]): string {
  return median(times).toFixed(0).padStart(6);
}
