import { spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './measure.ts';

const CROWD = fileURLToPath(new URL('crowd.ts', import.meta.url));
const WATCHPCAP = fileURLToPath(new URL('../dist/watchpcap.js', import.meta.url));
const ROUNDS = 5;
const STEPS = [1, 2, 4, 8] as const;
const BASE_REQUESTS = 100;
const CONNECTIONS = [1_000, 10_000, 100_000] as const;

/** Prints how the time grows with packets and with connections: medians of interleaved runs, and the cost of one more of each. */
export function printGrowth(): void {
  const packets = STEPS.map((step) => ({
    name: `${step}x packets`,
    options: ['--connections', '1000', '--requests', String(BASE_REQUESTS * step), '--body', '400'],
  }));
  print(packets, 'MB', (bytes) => bytes / 1e6);
  const crowds = CONNECTIONS.map((connections) => ({
    name: `${connections} connections`,
    options: ['--connections', String(connections), '--requests', '2', '--open', '500', '--body', '100'],
  }));
  print(crowds, 'thousand connections', (_bytes, nth) => (CONNECTIONS[nth] ?? 0) / 1000);
}

interface Growing {
  readonly name: string;
  readonly options: readonly string[];
}

function print(growing: readonly Growing[], unit: string, amountOf: (bytes: number, nth: number) => number): void {
  const captures = growing.map(({ name, options }, nth) => {
    const path = join(tmpdir(), `watchpcap-growth-${nth}.pcap`);
    spawnSync(process.execPath, ['--import', 'tsx', CROWD, ...options, '--to', path]);
    return { name, path, amount: amountOf(statSync(path).size, nth), times: [] as number[] };
  });
  for (let round = 0; round < ROUNDS; round++) for (const { path, times } of captures) times.push(timeOf(path));
  let before = { ms: 0, amount: 0 };
  for (const { name, path, amount, times } of captures) {
    const ms = median(times);
    const cost = (ms - before.ms) / (amount - before.amount);
    const one = before.amount === 0 ? '' : `, ${cost.toFixed(2)} ms for one more of ${unit}`;
    process.stdout.write(`${name.padEnd(20)} ${ms.toFixed(0).padStart(6)} ms${one}\n`);
    before = { ms, amount };
    rmSync(path);
  }
}

function timeOf(path: string): number {
  const begin = performance.now();
  spawnSync(process.execPath, [WATCHPCAP, 'analyze', path, '--format', 'json'], { stdio: 'ignore' });
  return performance.now() - begin;
}
