import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchpcap } from './command.ts';

const SAMPLE = 'samples/gateway.pcap';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('how a person wants to see the report', () => {
  test.each([
    [['--tz', 'Europe/Berlin'], '2026-11-24 00:04:31.339 UTC+01:00'],
    [['--at', '2026-11-23T23:10Z'], 'Seen from 2026-11-23 23:10:00.000 UTC'],
    [['--at', '2026-11-24 00:10:00+01:00'], 'Seen from 2026-11-23 23:10:00.000 UTC'],
    [['--at', '2026-11-23T23:10', '--tz', 'Europe/Berlin'], 'Seen from 2026-11-24 00:10:00.000 UTC+01:00'],
    [['--connection', 'u1', '--stream', '9'], 'Shown here: u1 and stream 9;'],
    [['--since', '2026-11-23T23:00Z', '--until', '2026-11-24T00:00Z'], 'what began before 2026-11-24 00:00:00.000 UTC'],
    [['--verbose'], 'deadTries 3:'],
  ])('%j', async (options, said) => {
    const { stdout, stderr, status } = await watchpcap(['analyze', SAMPLE, ...options]);
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    expect(stdout.replace(/\s+/g, ' ')).toContain(said);
  });

  test('--only leaves the verdict and the section', async () => {
    const { stdout } = await watchpcap(['analyze', SAMPLE, '--only', 'findings,steps', '--only', 'trust']);
    expect(stdout).toMatch(/^✖ half-dead/);
    for (const heading of ['Findings', 'What to do', 'How far to trust it']) expect(stdout).toContain(`\n${heading}\n`);
    for (const heading of ['Timeline', 'Connections', 'Hurt streams']) expect(stdout).not.toContain(heading);
    expect(stdout.replace(/\s+/g, ' ')).toContain('Sections not shown: timeline, windows and connections.');
  });

  test('what matches nothing is said in one line, with what there is, and nothing else is told', async () => {
    const { stdout, status } = await watchpcap(['analyze', SAMPLE, '--stream', '1/9']);
    expect(status).toBe(1);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'Nothing in this report matches stream 9 in tunnel 1: hurt streams are 9 of c1 (w1).',
    );
    expect(stdout).not.toMatch(/What to do|What was looked at|How far to trust it/);
  });

  test('--quiet is two lines, and the exit status says the rest', async () => {
    const { stdout, status } = await watchpcap(['analyze', SAMPLE, '--quiet']);
    expect(status).toBe(1);
    expect(stdout.trimEnd().split('\n').length).toBeLessThan(5);
  });

  test('programs get the whole report, in UTC', async () => {
    const whole = await watchpcap(['analyze', SAMPLE, '--format', 'json']);
    const json = join(folder, 'report.json');
    const page = join(folder, 'report.html');
    const options = ['--tz', 'Asia/Tokyo', '--connection', 'u9', '--only', 'findings', '-o', json, '-o', page];
    await watchpcap(['analyze', SAMPLE, ...options]);
    expect(readFileSync(json, 'utf8')).toBe(whole.stdout);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('Times are UTC+09:00.');
    expect(html).not.toContain('id="timeline"');
  });

  test('a file that is named so is a Perfetto trace', async () => {
    const path = join(folder, 'run.perfetto.json');
    await watchpcap(['analyze', SAMPLE, '-o', path]);
    expect(readFileSync(path, 'utf8')).toBe((await watchpcap(['analyze', SAMPLE, '-f', 'perfetto'])).stdout);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveProperty('traceEvents');
  });

  test.each([
    [['--tz', 'Europe/Atlantis'], 'time zone'],
    [['--at', 'yesterday'], 'It is no time like'],
    [['--at', '2026-13-77T99:00Z'], 'It is no time like'],
    [['--connection', 'x1'], 'id of a connection'],
    [['--stream', 'seven'], 'id of a stream'],
    [['--only', 'gossip'], 'It is none of timeline'],
    [['--quiet', '--verbose'], 'cannot be used with'],
  ])('%j is refused', async (options, said) => {
    const run = await watchpcap(['analyze', SAMPLE, ...options]);
    expect(run).toMatchObject({ status: 64, stdout: '' });
    expect(run.stderr).toContain(said);
  });
});
