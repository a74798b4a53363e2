import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { checkWritten } from '../build/reports.ts';
import { cleanEnv, COMMAND, ROOT, type Run, watchpcap as runCommand } from './command.ts';

const HALF_DEAD = 'samples/gateway.pcap';
const HEALTHY = 'samples/gateway-healthy.pcap';
const FILE_HEADER_BYTES = 24;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function watchpcap(args: readonly string[], env: NodeJS.ProcessEnv = {}, input?: Uint8Array): Promise<Run> {
  return runCommand(args, input, env);
}

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function sample(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(ROOT, path)));
}

function parsed(run: Run): Report {
  return JSON.parse(run.stdout) as Report;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** One line, no stack. */
function expectOneLine(stderr: string): void {
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expectNoStack(stderr);
}

function expectNoStack(text: string): void {
  expect(text).not.toMatch(/^\s+at .*:\d+/m);
  expect(text).not.toContain('node:internal');
}

describe('what it answers', () => {
  test.each([
    [HALF_DEAD, 'half-dead', 1],
    ['samples/gateway-keepalive.pcap', 'half-dead', 1],
    [HEALTHY, 'healthy', 0],
    ['test/captures/e-envoy.pcap', 'healthy', 0],
  ])('%s: %s, exit status %d, nothing on stderr', async (path, state, status) => {
    const run = await watchpcap(['analyze', path]);
    expect(run.status).toBe(status);
    expect(run.stderr).toBe('');
    expect(firstLine(run.stdout).toLowerCase()).toContain(state);
  });

  test('a capture without a gateway in it: inconclusive, exit status 2', async () => {
    const nothing = file('nothing.pcap', sample(HALF_DEAD).subarray(0, FILE_HEADER_BYTES));
    const run = await watchpcap(['analyze', nothing]);
    expect(run).toMatchObject({ status: 2, stderr: '' });
    expect(firstLine(run.stdout).toLowerCase()).toContain('inconclusive');
  });

  test('the report fits 80 columns, and COLUMNS where that is set', async () => {
    const widest = (text: string): number => Math.max(...text.split('\n').map((line) => [...line].length));
    expect(widest((await watchpcap(['analyze', HALF_DEAD])).stdout)).toBeLessThanOrEqual(80);
    const wide = (await watchpcap(['analyze', HALF_DEAD], { COLUMNS: '120' })).stdout;
    expect(widest(wide)).toBeGreaterThan(80);
    expect(widest(wide)).toBeLessThanOrEqual(120);
  });

  test('no colours into a pipe, unless asked for', async () => {
    const escape = '\u001b[';
    expect((await watchpcap(['analyze', HALF_DEAD])).stdout).not.toContain(escape);
    expect((await watchpcap(['analyze', HALF_DEAD, '--color', 'always'])).stdout).toContain(escape);
    expect((await watchpcap(['analyze', HALF_DEAD], { FORCE_COLOR: '1' })).stdout).toContain(escape);
    expect((await watchpcap(['analyze', HALF_DEAD], { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.toContain(escape);
  });

  test('ASCII only, where asked for or where the locale is C', async () => {
    const isAscii = ({ stdout }: Run): boolean => !/[^\n\u0020-\u007e]/.test(stdout);
    expect(isAscii(await watchpcap(['analyze', HALF_DEAD, '--ascii']))).toBe(true);
    expect(isAscii(await watchpcap(['analyze', HALF_DEAD], { LC_ALL: 'C' }))).toBe(true);
    expect(isAscii(await watchpcap(['analyze', HALF_DEAD]))).toBe(false);
  });

  test('the same input gives the same bytes', async () => {
    const [first, second] = await Promise.all([watchpcap(['analyze', HALF_DEAD]), watchpcap(['analyze', HALF_DEAD])]);
    expect(first.stdout).toBe(second.stdout);
  });
});

describe('--format json', () => {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(
    JSON.parse(readFileSync(join(ROOT, 'schema/report.schema.json'), 'utf8')) as object,
  );

  test.each([HALF_DEAD, HEALTHY])('%s: a report that its schema describes', async (path) => {
    const run = await watchpcap(['analyze', path, '--format', 'json']);
    expect(run.stderr).toBe('');
    validate(JSON.parse(run.stdout));
    expect(validate.errors).toBeNull();
  });

  test('has the same exit status as the text', async () => {
    const run = await watchpcap(['analyze', HALF_DEAD, '-f', 'json']);
    expect(run.status).toBe(1);
    expect(parsed(run).verdict.state).toBe('half-dead');
  });

  test('may be asked for by the environment', async () => {
    expect(parsed(await watchpcap(['analyze', HEALTHY], { WATCHPCAP_FORMAT: 'json' })).schema).toBe(
      'watchpcap.report/1',
    );
  });
});

describe('exit status as wished', () => {
  const nothing = (): string => file('nothing.pcap', sample(HALF_DEAD).subarray(0, FILE_HEADER_BYTES));

  test.each([
    ['half-dead', HALF_DEAD, 1],
    ['half-dead', HEALTHY, 0],
    ['suspect', HALF_DEAD, 1],
    ['suspect', HEALTHY, 0],
    ['none', HALF_DEAD, 0],
    ['none', HEALTHY, 0],
  ])('--fail-on %s, %s: %d', async (failOn, path, status) => {
    expect((await watchpcap(['analyze', path, '--fail-on', failOn])).status).toBe(status);
  });

  test('inconclusive stays 2 whatever is to fail, 0 where nothing is', async () => {
    expect((await watchpcap(['analyze', nothing(), '--fail-on', 'suspect'])).status).toBe(2);
    expect((await watchpcap(['analyze', nothing(), '--fail-on', 'none'])).status).toBe(0);
  });

  test('--exit-zero: 0 for whatever was found', async () => {
    expect((await watchpcap(['analyze', HALF_DEAD, '--exit-zero'])).status).toBe(0);
    expect((await watchpcap(['analyze', nothing(), '--exit-zero'])).status).toBe(0);
  });

  test('neither hides an error', async () => {
    expect((await watchpcap(['analyze', 'missing.pcap', '--exit-zero'])).status).toBe(66);
    expect((await watchpcap(['analyze', 'missing.pcap', '--fail-on', 'none'])).status).toBe(66);
    expect((await watchpcap(['analyze', '--exit-zero'])).status).toBe(64);
  });
});

describe('standard input', () => {
  test('- reads it from a pipe', async () => {
    const run = await watchpcap(['analyze', '-', '-f', 'json'], {}, sample(HALF_DEAD));
    expect(run).toMatchObject({ status: 1, stderr: '' });
    const fromFile = await watchpcap(['analyze', HALF_DEAD, '-f', 'json']);
    expect(parsed(run).windows).toEqual(parsed(fromFile).windows);
  });

  test('- reads it from a file', () => {
    const run = spawnSync('sh', ['-c', `"$0" "$1" analyze - < "$2"`, process.execPath, COMMAND, HALF_DEAD], {
      cwd: ROOT,
      env: cleanEnv({}),
      encoding: 'utf8',
    });
    expect(run).toMatchObject({ status: 1, stderr: '' });
    expect(firstLine(run.stdout).toLowerCase()).toContain('half-dead');
  });

  test('a slow pipe is waited for', async () => {
    const child = spawn(process.execPath, [COMMAND, 'analyze', '-', '-f', 'json'], { cwd: ROOT, env: cleanEnv({}) });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    const input = createReadStream(join(ROOT, HALF_DEAD), { highWaterMark: 16 * 1024 });
    for await (const chunk of input) {
      child.stdin.write(chunk);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.stdin.end();
    expect(await closed).toBe(1);
    checkWritten(stdout);
    expect((JSON.parse(stdout) as Report).verdict.state).toBe('half-dead');
  });

  test('nothing on it is no capture', async () => {
    const run = await watchpcap(['analyze', '-'], {}, new Uint8Array());
    expect(run).toMatchObject({ status: 65, stdout: '' });
    expect(run.stderr).toContain('standard input');
    expectOneLine(run.stderr);
  });

  test('a pipe without - is a usage error all the same', async () => {
    expect((await watchpcap(['analyze'], {}, sample(HALF_DEAD))).status).toBe(64);
  });
});

describe('help and version', () => {
  test.each([[['--help']], [['analyze', '--help']], [['help']]])('%s', async (args) => {
    const run = await watchpcap(args);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout.indexOf('Examples:')).toBeLessThan(run.stdout.indexOf('Usage:'));
    expect(run.stdout.indexOf('Examples:')).toBeGreaterThanOrEqual(0);
    for (const status of [0, 1, 2, 64, 65, 66, 70]) {
      expect(run.stdout).toMatch(new RegExp(`^ +${status}  \\S`, 'm'));
    }
  });

  // Two lines are longer: the tcpdump example, and what exit status 2 means.
  test('fits 80 columns', async () => {
    for (const line of (await watchpcap(['--help'])).stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('--version is the package’s', async () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await watchpcap(['--version'])).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });
});

describe('a wrong command line: 64', () => {
  test.each([
    ['no command', []],
    ['no FILE', ['analyze']],
    ['an unknown command', ['analyse', HALF_DEAD]],
    ['an unknown option', ['analyze', HALF_DEAD, '--fast']],
    ['an unknown format', ['analyze', HALF_DEAD, '--format', 'xml']],
    ['an unknown state', ['analyze', HALF_DEAD, '--fail-on', 'always']],
    ['no file', ['analyze']],
  ])('%s', async (_what, args) => {
    const run = await watchpcap(args);
    expect(run).toMatchObject({ status: 64, stdout: '' });
    expect(firstLine(run.stderr)).toMatch(/error/);
    expectNoStack(run.stderr);
  });

  test('what is wrong is named', async () => {
    expect((await watchpcap(['analyze', HALF_DEAD, '--format', 'xml'])).stderr).toMatch(/xml.*text.*json/s);
    expect((await watchpcap(['analyze', HALF_DEAD, '--fast'])).stderr).toContain('--fast');
  });
});

describe('a file that cannot be read: 66', () => {
  test('missing', async () => {
    const run = await watchpcap(['analyze', join(folder, 'missing.pcap')]);
    expect(run).toMatchObject({ status: 66, stdout: '' });
    expect(run.stderr).toContain('missing.pcap: no such file');
    expectOneLine(run.stderr);
  });

  test('a directory', async () => {
    mkdirSync(join(folder, 'captures'), { recursive: true });
    const run = await watchpcap(['analyze', join(folder, 'captures')]);
    expect(run).toMatchObject({ status: 66, stdout: '' });
    expect(run.stderr).toMatch(/captures: has no capture file in it/);
    expectOneLine(run.stderr);
  });

  // Root reads every file, whatever its mode says.
  test.skipIf(process.getuid?.() === 0)('not permitted (not tested as root, who may read everything)', async () => {
    const path = file('secret.pcap', sample(HALF_DEAD));
    spawnSync('chmod', ['000', path]);
    const run = await watchpcap(['analyze', path]);
    expect(run).toMatchObject({ status: 66, stdout: '' });
    expect(run.stderr).toMatch(/secret\.pcap.*EACCES/);
    expectOneLine(run.stderr);
  });
});

describe('a file that is no capture: 65, one line that names file and byte', () => {
  const ZSTD = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x24, 0, 1, 0, 0, ...Array.from({ length: 40 }, () => 7)]);

  test.each([
    ['empty', () => new Uint8Array(), /is empty/],
    ['text', () => new TextEncoder().encode('no capture at all, but a few words of text\n'), /is text/],
    ['bytes', () => Uint8Array.from({ length: 100 }, (_, i) => (i * 37 + 200) & 255), /does not begin like a capture/],
    ['cut in its header', () => sample(HALF_DEAD).subarray(0, 20), /after 20 bytes/],
    ['snoop', () => new TextEncoder().encode('snoop\0\0\0\0\0\0\u0002'), /is a snoop file.*editcap -F pcapng/],
    [
      'gzip in gzip',
      () => new Uint8Array(gzipSync(new Uint8Array(gzipSync(sample(HALF_DEAD))))),
      /gzip-compressed.*gzip -dc/,
    ],
    ['gzip of text', () => new Uint8Array(gzipSync('a few words')), /is text/],
    ['gzip of nothing', () => Uint8Array.from([0x1f, 0x8b, 8, 0]), /gzip stream gives nothing/],
    ['zstd', () => ZSTD, /zstd stream gives nothing/],
  ])('%s', async (name, bytes, why) => {
    const path = file(`${name.replaceAll(' ', '-')}.pcap`, bytes());
    const run = await watchpcap(['analyze', path]);
    expect(run).toMatchObject({ status: 65, stdout: '' });
    expect(run.stderr).toContain(path);
    expect(run.stderr).toMatch(why);
    expect(run.stderr).toMatch(/byte/);
    expectOneLine(run.stderr);
  });
});

describe('a damaged capture is analysed as far as it goes', () => {
  test('cut in its last record: tcpdump was killed', async () => {
    const whole = sample(HALF_DEAD);
    const path = file('cut.pcap', whole.subarray(0, whole.length - 7));
    const run = await watchpcap(['analyze', path, '-f', 'json']);
    expect(run.status).toBe(1);
    const { capture } = parsed(run);
    expect(capture.warnings).toMatchObject([{ code: 'cut-last-record', file: 0 }]);
    expect(run.stderr).toMatch(
      new RegExp(`^watchpcap: ${path}: the file ends within its last record.*\\(at byte \\d+\\)\\n$`),
    );
    expect(capture.files).toMatchObject([{ truncated: true }]);
    const text = (await watchpcap(['analyze', path])).stdout;
    expect(text).toMatch(/cut|truncated|ends within/i);
  });

  test('cut at any byte: a report or a clear error, and a status of the list', async () => {
    const whole = sample(HALF_DEAD);
    const cuts = [23, 24, 25, 39, 40, 41, 100, 1000, 20_000];
    const runs = await Promise.all(
      cuts.map((at) => watchpcap(['analyze', file(`cut-${at}.pcap`, whole.subarray(0, at))])),
    );
    for (const [i, run] of runs.entries()) {
      expect([0, 1, 2, 65]).toContain(run.status);
      expect(run.status === 65).toBe((cuts[i] ?? 0) < FILE_HEADER_BYTES);
      // An error, or the warning that the last record is cut: one line either way, none where the cut falls between two records.
      expect(run.stderr).toMatch(run.status === 65 ? /^watchpcap: .+\n$/ : /^(watchpcap: .+ \(at byte \d+\)\n)?$/);
    }
  });

  test('bytes turned over in the middle', async () => {
    const bytes = Uint8Array.from(sample(HALF_DEAD));
    for (let at = 5000; at < 9000; at += 13) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    const run = await watchpcap(['analyze', file('damaged.pcap', bytes)]);
    expect([0, 1, 2]).toContain(run.status);
    expectNoStack(run.stderr);
  });
});

describe('a reader that has seen enough', () => {
  test('a closed pipe is no error', () => {
    const run = spawnSync(
      'sh',
      ['-c', `"$0" "$1" analyze "$2" --format json | head -1`, process.execPath, COMMAND, HALF_DEAD],
      {
        cwd: ROOT,
        env: cleanEnv({}),
        encoding: 'utf8',
      },
    );
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  test('also where it closes before the first byte', async () => {
    const child = spawn(process.execPath, [COMMAND, 'analyze', HALF_DEAD], { cwd: ROOT, env: cleanEnv({}) });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    expect(stderr).toBe('');
    expect(status).toBe(1);
  });
});

describe('what a terminal or a disk may do', () => {
  test('a file name with control characters stays one line on standard error', async () => {
    const run = await watchpcap(['analyze', join(folder, 'no\nsuch\u001b[2J\u202efile.pcap')]);
    expect(run).toMatchObject({ status: 66, stdout: '' });
    expectOneLine(run.stderr);
    expect(run.stderr).not.toContain('\u001b');
    expect(run.stderr).not.toContain('\u202e');
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk is one clear line and 70, not a finding (needs /dev/full)', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [COMMAND, 'analyze', HALF_DEAD], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    expect(status).toBe(70);
    expect(stderr).toBe('watchpcap: standard output cannot be written (ENOSPC)\n');
  });

  test('a clock set back between two packets is told, and nothing is called healthy', async () => {
    const bytes = sample(HEALTHY);
    const path = file('twice.pcap', Uint8Array.from([...bytes, ...bytes.subarray(FILE_HEADER_BYTES)]));
    const run = await watchpcap(['analyze', path, '-f', 'json']);
    expect(run.status).toBe(2);
    expect(parsed(run).verdict).toMatchObject({ state: 'inconclusive', reason: 'clock-step' });
  });
});
