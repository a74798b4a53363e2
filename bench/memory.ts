import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CROWD = fileURLToPath(new URL('crowd.ts', import.meta.url));
const WATCHPCAP = fileURLToPath(new URL('../dist/watchpcap.js', import.meta.url));
const SAMPLE_MS = 100;
const PAGE_KIB = 4;
const CHART_COLUMNS = 60;
/** Exit statuses from here on say that nothing was analysed. */
const FIRST_ERROR = 64;
const CHART_LEVELS = '▁▂▃▄▅▆▇█';

/** A crowd whose analysis may not take more than so much memory. */
interface Crowd {
  readonly name: string;
  /** Options of crowd.ts. */
  readonly options: readonly string[];
  readonly goalMiB: number;
}

const CROWDS: readonly Crowd[] = [
  {
    name: '10 GB, 10,000 connections, 20 million streams',
    options: ['--connections', '10000', '--requests', '2000', '--body', '270'],
    goalMiB: 250,
  },
  {
    name: '1 GB, 100,000 connections, 1,000 open at a time',
    options: ['--connections', '100000', '--requests', '3', '--open', '500', '--body', '2400'],
    goalMiB: 400,
  },
  {
    name: '1 GB, 100,000 connections, all open at once',
    options: ['--connections', '100000', '--requests', '3', '--body', '2400'],
    goalMiB: 400,
  },
  { name: 'a flood of 5 million SYNs', options: ['--syns', '5000000'], goalMiB: 250 },
];

/** The same kinds in seconds. */
const SHORT_CROWDS: readonly Crowd[] = [
  { name: '2,000 connections', options: ['--connections', '2000', '--requests', '20'], goalMiB: 250 },
  {
    name: '40,000 connections, 400 open at a time',
    options: ['--connections', '40000', '--open', '200'],
    goalMiB: 400,
  },
  { name: 'a flood of 100,000 SYNs', options: ['--syns', '100000'], goalMiB: 250 },
];

interface Watched {
  readonly status: number | null;
  readonly seconds: number;
  /** Resident set, in MiB, each SAMPLE_MS. */
  readonly samples: readonly number[];
  readonly packets: number;
}

/**
 * Streams each crowd through a pipe into the command, watches its resident set, and prints a chart of it over time.
 * @returns the names of those that took more than their goal, or failed
 */
export async function memoryMissed(short: boolean): Promise<string[]> {
  const missed: string[] = [];
  for (const crowd of short ? SHORT_CROWDS : CROWDS) {
    const { status, seconds, samples, packets } = await watch(crowd.options);
    const peak = Math.max(...samples);
    const isMet = status !== null && status < FIRST_ERROR && packets > 0 && peak <= crowd.goalMiB;
    if (!isMet) missed.push(crowd.name);
    const figures = `peak ${peak.toFixed(0)} MiB (goal ${crowd.goalMiB}), ${packets} packets in ${seconds.toFixed(1)} s, status ${status}`;
    process.stdout.write(`${crowd.name}\n  ${figures}: ${isMet ? 'met' : 'not met'}\n  ${chart(samples)}\n`);
  }
  return missed;
}

async function watch(options: readonly string[]): Promise<Watched> {
  const folder = mkdtempSync(join(tmpdir(), 'watchpcap-bench-'));
  const pipe = join(folder, 'crowd.pcap');
  execFileSync('mkfifo', [pipe]);
  const writer = spawn(process.execPath, ['--import', 'tsx', CROWD, ...options, '--to', pipe], { stdio: 'inherit' });
  const begin = performance.now();
  const reader = spawn(process.execPath, [WATCHPCAP, 'analyze', pipe, '--format', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let head = '';
  reader.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (head.length < 10_000) head += text;
  });
  const samples: number[] = [];
  const poll = setInterval(() => samples.push(residentMiB(reader.pid) ?? 0), SAMPLE_MS);
  const status = await new Promise<number | null>((resolve, reject) => {
    reader.on('error', reject);
    reader.on('close', resolve);
  });
  clearInterval(poll);
  writer.kill();
  rmSync(folder, { recursive: true });
  const packets = Number(/"packets": (\d+)/.exec(head)?.[1] ?? 0);
  return { status, seconds: (performance.now() - begin) / 1000, samples, packets };
}

function residentMiB(pid: number | undefined): number | undefined {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
    return (Number(pages) * PAGE_KIB) / 1024;
  } catch {
    return undefined;
  }
}

/** The resident set over time; the highest of each column, from nothing to the peak. */
function chart(samples: readonly number[]): string {
  const peak = Math.max(...samples, 1);
  const perColumn = Math.max(1, Math.ceil(samples.length / CHART_COLUMNS));
  const columns = Array.from({ length: Math.ceil(samples.length / perColumn) }, (_, column) =>
    Math.max(...samples.slice(column * perColumn, (column + 1) * perColumn)),
  );
  return columns.map((mib) => CHART_LEVELS[Math.min(7, Math.floor((mib / peak) * 8))]).join('');
}
