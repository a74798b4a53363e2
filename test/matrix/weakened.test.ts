import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import type { VerdictState } from '../../src/incident/index.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { recordings } from './recordings.ts';
import { bytesOf, cutTo, lossy, pcapFrom, type PcapFile } from './weakened.ts';

/** Recordings of the lab as they would be had the capture been a worse one: what was healthy is never half-dead for it. */

interface Sample {
  readonly name: string;
  readonly path: string;
  readonly keys: string | null;
  readonly state: string;
}

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-weakened-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function samplesIn(directory: string, ending: string): Sample[] {
  const truths = readdirSync(directory).filter((name) => name.endsWith('.truth.json'));
  return truths.map((file) => {
    const label = join(directory, file.replace('.truth.json', ''));
    const truth = JSON.parse(readFileSync(join(directory, file), 'utf8')) as { expect: { state: string } };
    const keys = existsSync(`${label}.keys`) ? readFileSync(`${label}.keys`, 'utf8') : null;
    return { name: label, path: `${label}${ending}`, keys, state: truth.expect.state };
  });
}

const all: readonly Sample[] = [
  ...recordings().map(({ truth, path, keys }) => ({ name: truth.name, path, keys, state: truth.expect.state })),
  ...samplesIn('samples', '.pcap'),
  ...samplesIn('test/captures', '.pcap'),
  ...samplesIn('test/captures/tls', '.pcap.gz'),
];
const named = (list: readonly Sample[]): (readonly [string, Sample])[] => list.map((sample) => [sample.name, sample]);

async function stateOf(file: PcapFile, keys: string | null): Promise<VerdictState> {
  const path = join(folder, 'weakened.pcap');
  writeFileSync(path, bytesOf(file));
  const keyLog = new KeyLog();
  if (keys !== null) keyLog.add(keys);
  const { incident } = await analyzeFiles([path], undefined, { keyLog });
  return incident.verdict.state;
}

test.each(named(all.filter(({ state }) => state !== 'half-dead')))(
  '%s is not half-dead where the capture lost packets',
  async (_, { path, keys }) => {
    const file = pcapFrom(path);
    for (const share of [0.01, 0.05])
      for (const seed of [1, 2, 3])
        expect([share, seed, await stateOf(lossy(file, share, seed), keys)]).not.toContain('half-dead');
  },
);

test.each(named(all.filter(({ state }) => state !== 'half-dead')))(
  '%s is not half-dead where packets were cut',
  async (_, { path, keys }) => {
    const file = pcapFrom(path);
    for (const snaplen of [96, 128, 200])
      expect([snaplen, await stateOf(cutTo(file, snaplen), keys)]).not.toContain('half-dead');
  },
);

test('nine of ten of the half-dead ones are told from a capture that lost one packet in a hundred, and not one is healthy there, nor in one with cut packets', async () => {
  const states: VerdictState[] = [];
  const half = all.filter(({ state }) => state === 'half-dead');
  for (const [seed, { path, keys }] of half.entries())
    states.push(await stateOf(lossy(pcapFrom(path), 0.01, seed), keys));
  expect(states.filter((state) => state === 'half-dead').length).toBeGreaterThanOrEqual(half.length * 0.9);
  expect(states).not.toContain('healthy');
  const cut: VerdictState[] = [];
  for (const { path, keys } of half) cut.push(await stateOf(cutTo(pcapFrom(path), 128), keys));
  expect(cut).not.toContain('healthy');
});
