import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import { composeReport, type Report, type Window } from '../../src/report/index.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { type Hurt, type Recording, recordings, withSecretsBlock } from './recordings.ts';

/** What everybody sees of a capture: with the key log, with the secrets in it, or with neither. */
type Sight = 'keys' | 'secrets block' | 'no keys';

const SLACK_SECONDS = 1;
const STATES = ['half-dead', 'suspect', 'inconclusive', 'healthy'] as const;

const all = recordings();
/** Those that the key log opens whole. */
const opened = all.filter(({ truth }) => truth.expect.closed !== true);
/** Those of which, without a key log or with it, a side stays closed. */
const closed = all.filter(({ truth, keys }) => truth.expect.closed === true || keys !== null);
const named = (list: readonly Recording[]): (readonly [string, Recording])[] =>
  list.map((recording) => [recording.truth.name, recording]);
const tallies = new Map<Sight, Map<string, number>>();
const onsetErrors: number[] = [];
let found = 0;
let missed = 0;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-matrix-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const [sight, tally] of tallies) console.log(tableOf(sight, tally));
  const sorted = onsetErrors.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  console.log(
    `matrix: ${all.length} recordings; hurt watches found ${found}, missed ${missed}; ` +
      `outside the true onset by ${median.toFixed(3)} s (median), ${(sorted.at(-1) ?? 0).toFixed(3)} s (most)`,
  );
});

async function reportOf(path: string, keys: string | null): Promise<Report> {
  const keyLog = new KeyLog();
  if (keys !== null) keyLog.add(keys);
  const { capture, incident } = await analyzeFiles([path], undefined, { keyLog });
  return composeReport(incident, capture, '0');
}

function count(sight: Sight, { truth }: Recording, { verdict }: Report): void {
  const tally = tallies.get(sight) ?? new Map<string, number>();
  const cell = `${truth.expect.state} ${verdict.state}`;
  tallies.set(sight, tally.set(cell, (tally.get(cell) ?? 0) + 1));
}

/** Rows are the truth, columns what was said. */
function tableOf(sight: Sight, tally: ReadonlyMap<string, number>): string {
  const row = (state: string): string =>
    [state.padEnd(14), ...STATES.map((said) => String(tally.get(`${state} ${said}`) ?? 0).padStart(13))].join('');
  const head = [`${sight}:`.padEnd(14), ...STATES.map((said) => said.padStart(13))].join('');
  return [head, ...STATES.filter((state) => state !== 'inconclusive').map(row)].join('\n');
}

/** How many seconds a window begins before or after the interval in which the upstream truly died; 0 within it. */
function onsetError({ from }: Window, [first, last]: Hurt['onset']): number {
  const at = Date.parse(from) / 1000;
  return Math.max(0, first - at, at - last);
}

function windowOf(report: Report, hurt: Hurt): Window | undefined {
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  return report.windows.find(({ client, upstream, streams }) => {
    const far = byId.get(upstream);
    return (
      byId.get(client)?.client.ip === hurt.client &&
      far?.server.ip === hurt.server &&
      far.client.port === hurt.gatewayPort &&
      streams.some(({ path }) => path?.split('?', 1)[0] === hurt.path)
    );
  });
}

/** Windows that blame a server which nothing happened to. */
function blamedWrongly({ windows, connections }: Report): string[] {
  const servers = new Map(connections.map(({ id, server }) => [id, server.ip]));
  return windows.map(({ upstream }) => servers.get(upstream) ?? '').filter((ip) => ip !== '10.9.2.2');
}

test('there are at least forty recordings, of four gateways', () => {
  expect(all.length).toBeGreaterThanOrEqual(40);
  expect(new Set(all.map(({ truth }) => truth.scenario.gateway)).size).toBe(4);
});

describe.each(named(opened))('%s', (_, recording) => {
  const { truth, path, keys } = recording;

  test(`is ${truth.expect.state}, and each watch that hung is found, since when it did`, async () => {
    const report = await reportOf(path, keys);
    count('keys', recording, report);
    expect([report.verdict.state, blamedWrongly(report)]).toEqual([truth.expect.state, []]);
    for (const hurt of truth.expect.hurt) {
      const window = windowOf(report, hurt);
      if (window === undefined) missed++;
      else found++;
      expect(window, `${hurt.client} ${hurt.path} on ${hurt.gatewayPort}`).toBeDefined();
      if (window === undefined) continue;
      onsetErrors.push(onsetError(window, hurt.onset));
      expect(onsetErrors.at(-1)).toBeLessThanOrEqual(SLACK_SECONDS);
    }
  });
});

describe('with the secrets in the file', () => {
  const withKeys = opened.filter(({ keys }) => keys !== null);

  test.each(named(withKeys))('%s is told as with the key log', async (_, recording) => {
    const { truth, path, keys } = recording;
    const file = join(folder, `${truth.name}.pcapng`);
    writeFileSync(file, withSecretsBlock(recording));
    const report = await reportOf(file, null);
    count('secrets block', recording, report);
    const told = await reportOf(path, keys);
    expect([report.verdict.state, report.windows.length]).toEqual([told.verdict.state, told.windows.length]);
  });
});

describe('where a side cannot be read', () => {
  test.each(named(closed))(
    '%s accuses nobody wrongly, and is not called healthy if somebody hung',
    async (_, recording) => {
      const { truth, path, keys } = recording;
      const report = await reportOf(path, truth.expect.closed === true ? keys : null);
      count('no keys', recording, report);
      expect(blamedWrongly(report)).toEqual([]);
      if (truth.expect.state === 'half-dead') expect(report.verdict.state).not.toBe('healthy');
      else expect(report.verdict.state).not.toBe('half-dead');
    },
  );
});
