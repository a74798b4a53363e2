import { createHash } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeAttachment } from '../../src/cli/bundle.ts';
import { EXIT } from '../../src/cli/exit-status.ts';
import { type Report, tooLargeText } from '../../src/report/index.ts';
import { schemaErrors } from '../report/schema.ts';
import { hasTshark, tsharkFields } from '../build/tshark.ts';
import { watchpcap } from './command.ts';

const SAMPLE = 'samples/gateway.pcap';
const NAMES = ['MANIFEST', 'evidence.pcapng.gz', 'filters.txt', 'report.html', 'report.json', 'summary.md'];
const hasSums = spawnSync('sha256sum', ['--version']).status === 0;
const hasUnzip = spawnSync('unzip', ['-v']).status === 0;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function at(...names: readonly string[]): string {
  return join(folder, ...names);
}

function textOf(...names: readonly string[]): string {
  return readFileSync(at(...names), 'utf8');
}

describe('a bundle in a directory', () => {
  test('has all that a ticket takes, the directory being made; the exit status is the finding', async () => {
    const run = await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    expect([run.status, run.stderr, run.stdout.slice(0, 11)]).toEqual([EXIT.halfDead, '', '✖ half-dead']);
    expect(readdirSync(at('ticket')).toSorted()).toEqual(NAMES);
    expect(textOf('ticket', 'summary.md')).toMatch(/^## ✖ half-dead/);
    expect(textOf('ticket', 'report.html')).toMatch(/^<!doctype html>/i);
    const report = JSON.parse(textOf('ticket', 'report.json')) as Report;
    expect([schemaErrors(report), report.windows.length]).toEqual([[], 1]);
    expect((await watchpcap(['analyze', at('ticket', 'evidence.pcapng.gz')])).status).toBe(EXIT.halfDead);
    expect((await watchpcap(['render', at('ticket', 'report.json')])).stdout).toBe(run.stdout);
  });

  test('its manifest has the size and the hash of each file', async () => {
    await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    const manifest = textOf('ticket', 'MANIFEST');
    for (const name of NAMES.filter((each) => each !== 'MANIFEST')) {
      const hash = createHash('sha256').update(textOf('ticket', name)).digest('hex');
      const size = statSync(at('ticket', name)).size;
      expect(manifest).toMatch(new RegExp(`^# +${size} {2}${name} `, 'm'));
      if (name !== 'evidence.pcapng.gz') expect(manifest).toContain(`${hash}  ${name}\n`);
    }
  });

  test.skipIf(!hasSums)('sha256sum -c accepts the manifest, and sees a changed file (needs sha256sum)', async () => {
    await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    const check = (): number | null =>
      spawnSync('sha256sum', ['--strict', '-c', 'MANIFEST'], { cwd: at('ticket') }).status;
    expect(check()).toBe(0);
    appendFileSync(at('ticket', 'summary.md'), ' ');
    expect(check()).toBe(1);
  });

  test('goes beside other files, and takes the place of an older bundle', async () => {
    mkdirSync(at('ticket'));
    writeFileSync(at('ticket', 'notes.txt'), 'mine');
    await watchpcap(['analyze', 'samples/gateway-healthy.pcap', '--bundle', at('ticket')]);
    const run = await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    expect([run.status, run.stderr]).toEqual([EXIT.halfDead, '']);
    expect(textOf('ticket', 'summary.md')).toContain('half-dead');
    expect(textOf('ticket', 'notes.txt')).toBe('mine');
    expect(readdirSync(at('ticket')).toSorted()).toEqual([...NAMES, 'notes.txt'].toSorted());
  });

  test.each([
    ['a file of the same name that no bundle wrote', 'report.html', ''],
    ['a file of a bundle that somebody changed', 'summary.md', 'bundle'],
    ['a MANIFEST of something else', 'MANIFEST', ''],
  ])('is refused by %s, before any work', async (_what, name, before) => {
    mkdirSync(at('ticket'));
    if (before !== '') await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    writeFileSync(at('ticket', name), 'mine');
    const run = await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    expect([run.status, run.stdout]).toEqual([EXIT.cannotCreate, '']);
    expect(run.stderr).toContain(at('ticket', name));
    expect(textOf('ticket', name)).toBe('mine');
  });

  test('never takes the place of what is read', async () => {
    await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    const own = at('ticket', 'evidence.pcapng.gz');
    const run = await watchpcap(['analyze', own, '--bundle', at('ticket')]);
    expect([run.status, run.stdout]).toEqual([EXIT.usage, '']);
  });

  test('that cannot be made: 73, before any work', async () => {
    const run = await watchpcap(['analyze', SAMPLE, '--bundle', at('no', 'ticket')]);
    expect([run.status, run.stdout]).toEqual([EXIT.cannotCreate, '']);
  });

  // Root writes everywhere, whatever the mode says.
  test.skipIf(process.getuid?.() === 0)('that may not be written: 73 (not tested as root)', async () => {
    mkdirSync(at('ticket'));
    chmodSync(at('ticket'), 0o555);
    expect((await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')])).status).toBe(EXIT.cannotCreate);
  });

  test.each(['ticket.tar.gz', '-', 'samples/gateway.pcap'])('is refused where it is no directory: %s', async (name) => {
    const run = await watchpcap(['analyze', SAMPLE, '--bundle', name]);
    expect([run.status, run.stdout]).toEqual([EXIT.usage, '']);
  });

  test('of standard input is refused, with what to do instead', async () => {
    const run = await watchpcap(['analyze', '-', '--bundle', at('ticket')], '');
    expect([run.status, run.stdout]).toEqual([EXIT.usage, '']);
    expect(run.stderr).toMatch(/--bundle .*second time.*standard input/);
  });
});

describe('a bundle in an archive', () => {
  test.skipIf(!hasUnzip)('has the same files (needs unzip)', async () => {
    await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    const run = await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket.zip')]);
    expect([run.status, run.stderr]).toEqual([EXIT.halfDead, '']);
    execFileSync('unzip', ['-q', at('ticket.zip'), '-d', at('unpacked')]);
    expect(readdirSync(at('unpacked')).toSorted()).toEqual(NAMES);
    for (const name of NAMES) expect(textOf('unpacked', name)).toBe(textOf('ticket', name));
  });

  test('is the same, byte for byte, when it is made again', async () => {
    for (const name of ['a.zip', 'b.zip']) await watchpcap(['analyze', SAMPLE, '--bundle', at(name)]);
    expect(readFileSync(at('a.zip')).equals(new Uint8Array(readFileSync(at('b.zip'))))).toBe(true);
  });

  test('takes the place of a file that is there, and leaves nothing beside it', async () => {
    writeFileSync(at('ticket.zip'), 'old');
    await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket.zip')]);
    expect(readFileSync(at('ticket.zip'), 'latin1').slice(0, 4)).toBe('PK\u0003\u0004');
    expect(readdirSync(folder)).toEqual(['ticket.zip']);
  });
});

describe('its display filters', () => {
  test('name frames of the extract, and beside them those of the capture where they differ', async () => {
    // A capture in which 70 packets of nobody stand before the incident's.
    const path = at('more.pcap');
    writeFileSync(path, withStrangers(SAMPLE, 70));
    await watchpcap(['analyze', path, '--bundle', at('ticket')]);
    const filters = textOf('ticket', 'filters.txt');
    expect(filters).toContain('frame.comment contains "w1: "');
    const frames = [...filters.matchAll(/^ {2}(as captured: )?.*frame\.number in \{(\d+)/gm)];
    const [extracted, captured] = [frames[0], frames[1]];
    expect([extracted?.[1], captured?.[1]]).toEqual([undefined, 'as captured: ']);
    // One of the strangers is the capture's first packet, and kept.
    expect(Number(captured?.[2]) - Number(extracted?.[2])).toBe(69);
  });

  test.skipIf(!hasTshark)('are all taken by Wireshark, and each shows something (needs tshark)', async () => {
    await watchpcap(['analyze', SAMPLE, '--bundle', at('ticket')]);
    const lines = textOf('ticket', 'filters.txt').split('\n');
    const filters = lines.filter((line) => line.startsWith('  ') && !line.includes('as captured:'));
    expect(filters.length).toBeGreaterThan(4);
    for (const filter of filters)
      expect(tsharkFields(at('ticket', 'evidence.pcapng.gz'), ['frame.number'], filter.trim())).not.toEqual([]);
  });

  test('and its manifest stay one line a line, whatever the capture is called', async () => {
    const path = at('a\nb\u001b[2J.pcap');
    copyFileSync(SAMPLE, path);
    await watchpcap(['analyze', path, '--bundle', at('ticket')]);
    for (const name of ['MANIFEST', 'filters.txt']) expect(textOf('ticket', name)).not.toContain('\u001b');
    for (const line of textOf('ticket', 'MANIFEST').trimEnd().split('\n'))
      expect(line).toMatch(/^(# |[0-9a-f]{64} {2})/);
  });
});

/** A SYN of a stranger, again and again, at the time of the first packet. */
function withStrangers(path: string, count: number): Uint8Array {
  const bytes = new Uint8Array(readFileSync(path));
  const first = bytes.slice(24, 24 + 16 + (new DataView(bytes.buffer).getUint32(24 + 8, true) ?? 0));
  const strangers = Array.from({ length: count }, (_, i) => {
    const record = first.slice();
    const ip = 16 + 20;
    // Other addresses (behind Linux cooked v2's 20 bytes) and ports; a microsecond later each.
    record.set([192, 0, 2, 1, 192, 0, 2, 2, 0, 9, 0, 9], ip + 12);
    const view = new DataView(record.buffer);
    view.setUint32(4, view.getUint32(4, true) - count + i, true);
    return record;
  });
  return Uint8Array.from([
    ...bytes.subarray(0, 24),
    ...strangers.flatMap((record) => [...record]),
    ...bytes.subarray(24),
  ]);
}

test('what is too large for a ticket is written all the same, and said on standard error', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await writeAttachment(at('large.bin'), new Uint8Array(11 * 1024 * 1024));
  const text = String(said.mock.calls[0]?.[0]);
  said.mockRestore();
  expect(text).toMatch(/large\.bin: has 11\.0 MB, more than trackers take as a rule \(Jira 10 MB\)\n$/);
  expect(statSync(at('large.bin')).size).toBe(11 * 1024 * 1024);
});

test('a file is too large for a ticket from 10 MB on for Jira, from 25 MB on for GitHub', () => {
  const megabyte = 1024 * 1024;
  expect(tooLargeText(10 * megabyte)).toBeNull();
  expect(tooLargeText(10 * megabyte + 1)).toMatch(/Jira 10 MB/);
  expect(tooLargeText(10 * megabyte + 1)).not.toMatch(/GitHub/);
  expect(tooLargeText(25 * megabyte + 1)).toMatch(/GitHub 25 MB, Jira 10 MB/);
});
