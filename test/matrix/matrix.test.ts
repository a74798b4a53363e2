import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import { type Report, type Window } from '../../src/report/index.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { composeReport } from '../build/reports.ts';
import { coverageTable } from './coverage.ts';
import { type Hurt, type Recording, recordings, withSecretsBlock } from './recordings.ts';

/** What everybody sees of a capture: with the key log, with the secrets in it, or with neither. */
type Sight = 'keys' | 'secrets block' | 'no keys';

const SLACK_SECONDS = 1;
/** With fewer a median says nothing. */
const ENDS_MIN = 10;
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
/** Of windows that ended within the capture. */
const endErrors: number[] = [];
const windows = { found: 0, missed: 0, false: 0, further: 0, rightlyOpen: 0, endsNotShown: 0 };
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
      `ends outside the truth's: ${spread(endErrors)}; ${windows.rightlyOpen} rightly open at the capture's end; ` +
        `${windows.endsNotShown} closed where no packet shows it`,
      ...unshowable().map(
        ({
          truth: {
            name,
            expect: { unseen },
          },
        }) => `not to be shown: ${name}: ${unseen[0]?.path ?? ''}: ${unseen[0]?.why ?? ''}`,
      ),
      coverageTable(all),
    ].join('\n'),
  );
});

async function reportOf(path: string, keys: string | null): Promise<Report> {
  const keyLog = new KeyLog();
  if (keys !== null) keyLog.add(keys);
  const { capture, incident } = await analyzeFiles([path], undefined, { keyLog });
  const report = composeReport(incident, capture, '0');
  return report;
}

function count(sight: Sight, { truth }: Recording, { verdict }: Report): void {
  const tally = tallies.get(sight) ?? new Map<string, number>();
  const cell = `${sight === 'no keys' ? truth.expect.withoutKeys.state : truth.expect.state} ${verdict.state}`;
  tallies.set(sight, tally.set(cell, (tally.get(cell) ?? 0) + 1));
}

/** Rows are the truth, columns what was said. */
function tableOf(sight: Sight, tally: ReadonlyMap<string, number>): string {
  const row = (state: string): string =>
    [state.padEnd(14), ...STATES.map((said) => String(tally.get(`${state} ${said}`) ?? 0).padStart(13))].join('');
  const head = [`${sight}:`.padEnd(14), ...STATES.map((said) => said.padStart(13))].join('');
  return [head, ...STATES.filter((state) => state !== 'inconclusive').map(row)].join('\n');
}

/** How many seconds a time lies before or after an interval of the truth's; 0 within it. */
function errorOf(time: string, [first, last]: readonly [number, number]): number {
  return Math.max(0, first - secondsOf(time), secondsOf(time) - last);
}

/**
 * The window of that watch or wait; of several that fit, the one that begins nearest.
 * @param taken those of others before it: where no port tells them apart, it is none of these
 */
function windowOf(report: Report, hurt: Hurt, taken: ReadonlySet<Window>): Window | undefined {
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  const fits = (window: Window): boolean => {
    const { client, upstream, streams } = window;
    const far = byId.get(upstream);
    return (
      (hurt.gatewayPort !== null || !taken.has(window)) &&
      byId.get(client)?.client.ip === hurt.client &&
      far?.server.ip === hurt.server &&
      (hurt.gatewayPort === null || far.client.port === hurt.gatewayPort) &&
      (hurt.path === null || streams.some(({ path }) => path?.split('?', 1)[0] === hurt.path))
    );
  };
  const fitting = report.windows.filter(fits);
  return fitting.toSorted((a, b) => errorOf(a.from, hurt.onset) - errorOf(b.from, hurt.onset))[0];
}

function spread(errors: readonly number[]): string {
  const most = Math.max(0, ...errors).toFixed(3);
  return `${errors.length} compared, ${median(errors).toFixed(3)} s (median), ${most} s (most)`;
}

function median(errors: readonly number[]): number {
  return errors.toSorted((a, b) => a - b)[Math.floor(errors.length / 2)] ?? 0;
}

/** Those of whose watches that hung not one can be proved by a packet: judged by the lab before anything was analysed. */
function unshowable(): Recording[] {
  return all.filter(({ truth }) => truth.expect.hurt.length === 0 && truth.expect.unseen.length > 0);
}

const secondsOf = (time: string): number => Date.parse(time) / 1000;

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

/** An end that the capture cannot show is null in the truth, and is not compared. */
function compareEnd({ to, end }: Window, wanted: Hurt['end']): void {
  if (wanted === null) {
    windows.endsNotShown++;
    return;
  }
  expect(end.how).toBe(wanted.how);
  expect(to === null).toBe(wanted.at === null);
  if (to === null || wanted.at === null) windows.rightlyOpen++;
  else endErrors.push(errorOf(to, wanted.at));
}

test('there are at least forty recordings, of four gateways and of one that is faulty', () => {
  expect(all.length).toBeGreaterThanOrEqual(40);
  expect(new Set(all.map(({ truth }) => truth.scenario.gateway)).size).toBe(5);
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
      const window = windowOf(report, hurt, matched);
      if (window === undefined) windows.missed++;
      else windows.found++;
      expect(
        window,
        `${hurt.client} ${hurt.path ?? 'unknown path'} on ${hurt.gatewayPort ?? 'unknown port'}`,
      ).toBeDefined();
      if (window === undefined) continue;
      onsetErrors.push(errorOf(window.from, hurt.onset));
      expect(onsetErrors.at(-1)).toBeLessThanOrEqual(SLACK_SECONDS);
      if (hurt.cause !== null) expect(hurt.cause).toContain(window.cause);
      compareEnd(window, hurt.end);
      matched.add(window);
    }
    windows.further += report.windows.length - matched.size - wrong.length;
  });
});

test('without keys at most a tenth of those that are half-dead cannot be shown, by what their peers said, and each says why', () => {
  const half = closed.filter(({ truth }) => truth.expect.state === 'half-dead');
  const hidden = half.filter(({ truth }) => truth.expect.withoutKeys.state !== 'half-dead');
  expect(half.length).toBeGreaterThanOrEqual(50);
  expect(hidden.length).toBeLessThanOrEqual(half.length / 10);
  for (const { truth } of hidden) expect(truth.expect.withoutKeys.why).toBeTruthy();
});

test('of the windows that ended, half end within a second of the truth', () => {
  expect(endErrors.length).toBeGreaterThanOrEqual(ENDS_MIN);
  expect(median(endErrors)).toBeLessThanOrEqual(SLACK_SECONDS);
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
    '%s accuses nobody wrongly, and tells what can be shown, and never calls it healthy if somebody hung',
    async (_, recording) => {
      const { truth, path, keys } = recording;
      const report = await reportOf(path, truth.expect.closed === true ? keys : null);
      count('no keys', recording, report);
      expect(blamedWrongly(report, recording)).toEqual([]);
      if (truth.expect.state === 'half-dead') expect(report.verdict.state).not.toBe('healthy');
      else expect(report.verdict.state).not.toBe('half-dead');
      // What can be shown is shown; more is no fault.
      const { state } = truth.expect.withoutKeys;
      if (state === 'half-dead') expect(report.verdict.state).toBe('half-dead');
      if (state === 'healthy') expect(report.verdict.state).toBe('healthy');
      for (const { confidence } of report.windows) expect(confidence).toBe('probable');
    },
  );
});
