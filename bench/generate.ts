import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeTraffic, type Traffic, type Written } from './gateway.ts';
import { repeatCapture } from './repeat.ts';

/** A capture that the benchmark wants to have. */
export interface Plan {
  /** Name of its file. */
  readonly name: string;
  readonly traffic: Traffic;
  /** How many times over: later times and other ports, so that every copy has connections of its own. */
  readonly copies: number;
}

/** In what else a capture is kept. */
export type Variant = 'gzip' | 'pcapng';

export interface Capture extends Written {
  readonly path: string;
  /** Absent: classic pcap, as it was generated. `bytes` is of that in any case. */
  readonly variant?: Variant;
}

export const DATA: string = fileURLToPath(new URL('.data', import.meta.url));
/** What decides the bytes of a capture; a change there makes every stored one stale. */
const BUILDERS = ['../test/build/h2.ts', '../test/build/hpack.ts'];
const MAKERS = [
  ...BUILDERS,
  'agenda.ts',
  'capture-file.ts',
  'connection.ts',
  'gateway.ts',
  'kubernetes.ts',
  'random.ts',
  'repeat.ts',
];
/** Left free on the disk. */
const SPARE_BYTES = 200_000_000;

/**
 * Makes the capture, or takes the one that was made before from the same figures by the same code.
 * @throws where the disk has no room for it
 */
export function ensureCapture(plan: Plan): Capture {
  const path = join(DATA, `${plan.name}.pcap`);
  const facts = join(DATA, `${plan.name}.json`);
  const recipe = { ...plan, makers: makersHash() };
  const stored = readStored(path, facts, JSON.stringify(recipe));
  if (stored !== undefined) return { ...stored, path };
  mkdirSync(DATA, { recursive: true });
  rmSync(path, { force: true });
  rmSync(facts, { force: true });
  needRoom(plan);
  const part = `${path}.part`;
  const written = make(plan, part);
  renameSync(part, path);
  writeFileSync(facts, JSON.stringify({ recipe: JSON.stringify(recipe), written }));
  return { ...written, path };
}

function make(plan: Plan, part: string): Written {
  if (plan.copies === 1) return writeTraffic(part, plan.traffic);
  const once = `${part}.once`;
  const written = writeTraffic(once, plan.traffic);
  repeatCapture(once, part, plan.copies, written.durationUs);
  rmSync(once);
  return {
    bytes: statSync(part).size,
    packets: written.packets * plan.copies,
    connections: written.connections * plan.copies,
    fieldBlocks: written.fieldBlocks * plan.copies,
    durationUs: written.durationUs * plan.copies,
  };
}

function readStored(path: string, facts: string, recipe: string): Written | undefined {
  if (!existsSync(path) || !existsSync(facts)) return undefined;
  const stored = JSON.parse(readFileSync(facts, 'utf8')) as { readonly recipe: string; readonly written: Written };
  return stored.recipe === recipe && stored.written.bytes === statSync(path).size ? stored.written : undefined;
}

function makersHash(): string {
  const hash = createHash('sha256');
  for (const maker of MAKERS) hash.update(readFileSync(new URL(maker, import.meta.url), 'utf8'));
  return hash.digest('hex');
}

function needRoom({ name, traffic, copies }: Plan): void {
  const { bavail, bsize } = statfsSync(DATA);
  const needed = traffic.bytes * (copies === 1 ? 1 : copies + 1) + SPARE_BYTES;
  if (bavail * bsize >= needed) return;
  throw new Error(`${name}.pcap needs ${mega(needed)} MB of disk, ${mega(bavail * bsize)} MB are free in ${DATA}`);
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
