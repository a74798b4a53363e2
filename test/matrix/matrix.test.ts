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
/** From the lifting of the fault to the window's end, where the truth tells when it was lifted. */
const endErrors: number[] = [];
const windows = { found: 0, missed: 0, false: 0, further: 0, endsNotCompared: 0 };
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-matrix-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const [sight, tally] of tallies) console.log(tableOf(sight, tally));
  console.log(
    [
      `matrix: ${all.length} recordings; windows: ${windows.found} found, ${windows.missed} missed, ${windows.false} false, ` +
        `${windows.further} more of what the fault did after`,
      `onsets outside the truth's: ${spread(onsetErrors)}`,
      `ends after the fault was lifted: ${spread(endErrors)}; not compared, since the truth has no end: ${windows.endsNotCompared}`,
      ...unshowable().map(({ truth }) => `not to be shown: ${truth.name}: ${truth.expect.unseen[0]?.why ?? ''}`),
    ].join('\n'),
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

function spread(errors: readonly number[]): string {
  const sorted = errors.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return `${sorted.length} compared, ${median.toFixed(3)} s (median), ${(sorted.at(-1) ?? 0).toFixed(3)} s (most)`;
}

/** Those of whose watches that hung not one can be proved by a packet: judged by the lab before anything was analysed. */
function unshowable(): Recording[] {
  return all.filter(({ truth }) => truth.expect.hurt.length === 0 && truth.expect.unseen.length > 0);
}

const secondsOf = (time: string): number => Date.parse(time) / 1000;

/** When the hindrance was gone again; null: never, or the truth does not tell. */
function liftedAt({ truth }: Recording): number | null {
  return truth.scenario.fault === 'burst' ? secondsOf(truth.fault.done) : null;
}

/** Windows that blame a server which nothing happened to, that begin before anything happened, or where nobody was hurt. */
function blamedWrongly({ windows: told, connections }: Report, { truth }: Recording): string[] {
  const servers = new Map(connections.map(({ id, server }) => [id, server.ip]));
  const isWrong = ({ upstream, from }: Window): boolean =>
    servers.get(upstream) !== '10.9.2.2' ||
    truth.expect.state !== 'half-dead' ||
    secondsOf(from) < firstOnset(truth) - SLACK_SECONDS;
  return told.filter(isWrong).map(({ id, upstream }) => `${id} ${servers.get(upstream) ?? ''}`);
}

/** Of what was said in vain nothing can be older than the fault, nor than the last word that got through. */
function firstOnset({ fault, expect: { hurt } }: Recording['truth']): number {
  return Math.min(secondsOf(fault.at), ...hurt.map(({ onset }) => onset[0]));
}

/** Nothing gets through before the hindrance is gone: a window that ends before was ended wrongly, unless the gateway gave up. */
function compareEnd({ to, end }: Window, recording: Recording): void {
  const lifted = liftedAt(recording);
  if (lifted === null || end.how !== 'healed' || to === null) {
    windows.endsNotCompared++;
    return;
  }
  endErrors.push(Math.abs(secondsOf(to) - lifted));
  expect(secondsOf(to)).toBeGreaterThanOrEqual(lifted - SLACK_SECONDS);
}

test('there are at least forty recordings, of four gateways', () => {
  expect(all.length).toBeGreaterThanOrEqual(40);
  expect(new Set(all.map(({ truth }) => truth.scenario.gateway)).size).toBe(4);
});

test('at most a tenth of the recordings hold nothing that could be shown, and each says why', () => {
  expect(unshowable().length).toBeLessThanOrEqual(all.length / 10);
  for (const { truth } of all) for (const { why } of truth.expect.unseen) expect(why).not.toBe('');
});

describe.each(named(opened))('%s', (_, recording) => {
  const { truth, path, keys } = recording;

  test(`is ${truth.expect.state}, and each watch that hung is found, since when it did`, async () => {
    const report = await reportOf(path, keys);
    count('keys', recording, report);
    const wrong = blamedWrongly(report, recording);
    windows.false += wrong.length;
    const matched = new Set<Window>();
    expect([report.verdict.state, wrong]).toEqual([truth.expect.state, []]);
    for (const hurt of truth.expect.hurt) {
      const window = windowOf(report, hurt);
      if (window === undefined) windows.missed++;
      else windows.found++;
      expect(window, `${hurt.client} ${hurt.path} on ${hurt.gatewayPort}`).toBeDefined();
      if (window === undefined) continue;
      onsetErrors.push(onsetError(window, hurt.onset));
      expect(onsetErrors.at(-1)).toBeLessThanOrEqual(SLACK_SECONDS);
      if (!matched.has(window)) compareEnd(window, recording);
      matched.add(window);
    }
    windows.further += report.windows.length - matched.size - wrong.length;
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
      expect(blamedWrongly(report, recording)).toEqual([]);
      if (truth.expect.state === 'half-dead') expect(report.verdict.state).not.toBe('healthy');
      else expect(report.verdict.state).not.toBe('half-dead');
    },
  );
});
