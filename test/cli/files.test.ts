import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { concat } from '../build/h2.ts';
import { checkWritten } from '../build/reports.ts';
import { COMMAND, type Run, watchpcap as runCommand } from './command.ts';

/** FILE arguments, interrupts and progress of the built command. `npm test` builds it first. */

const SAMPLE = path.resolve('samples/gateway.pcap');
const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-cli-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

function watchpcap(...args: string[]): Promise<Run> {
  return runCommand(args);
}

function made(name: string, content: Uint8Array | string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

describe('FILE...', () => {
  test('a directory: captures by their first bytes, the others named on standard error', async () => {
    copyFileSync(SAMPLE, made('set/a.bin', ''));
    made('set/notes.txt', 'what happened');
    const run = await watchpcap('analyze', path.join(folder, 'set'), '--format', 'json');
    expect(run.status).toBe(1);
    expect(JSON.parse(run.stdout).capture.files).toHaveLength(1);
    expect(run.stderr).toBe(`watchpcap: 1 file of ${path.join(folder, 'set')} skipped, being no capture: notes.txt\n`);
  });

  test('a directory without captures: 66', async () => {
    made('none/notes.txt', 'what happened');
    const run = await watchpcap('analyze', path.join(folder, 'none'));
    expect(run).toMatchObject({ status: 66, stdout: '' });
    expect(run.stderr).toContain('has no capture file in it');
  });

  test('a pattern that the shell did not expand, and one that fits nothing: 66', async () => {
    copyFileSync(SAMPLE, made('rotated/gateway.pcap0', ''));
    expect((await watchpcap('analyze', path.join(folder, 'rotated/*.pcap?'))).status).toBe(1);
    expect(await watchpcap('analyze', path.join(folder, 'rotated/*.gz'))).toMatchObject({ status: 66, stdout: '' });
  });

  test('one of several that is missing: 66', async () => {
    const run = await watchpcap('analyze', SAMPLE, path.join(folder, 'absent.pcap'));
    expect(run).toMatchObject({ status: 66, stdout: '' });
    expect(run.stderr).toMatch(/absent\.pcap: no such file/);
  });

  test('a clean run says nothing on standard error', async () => {
    const packed = made('clean.pcap.gz', new Uint8Array(gzipSync(new Uint8Array(readFileSync(SAMPLE)))));
    expect(await watchpcap('analyze', packed, '--exit-zero')).toMatchObject({ status: 0, stderr: '' });
  });

  test('names and packets of several files in the text', async () => {
    const whole = new Uint8Array(readFileSync(SAMPLE));
    copyFileSync(SAMPLE, made('two/gateway.pcap0', ''));
    made('two/gateway.pcap1', whole.subarray(0, 24));
    const run = await watchpcap('analyze', path.join(folder, 'two'));
    expect(run.stdout).toMatch(/gateway\.pcap0#\d+/);
  });

  test('a cut gzip file is analysed as far as it goes', async () => {
    const packed = new Uint8Array(gzipSync(new Uint8Array(readFileSync(SAMPLE))));
    const cut = made('cut.pcap.gz', packed.subarray(0, packed.length - 100));
    const run = await watchpcap('analyze', cut, '--format', 'json');
    expect(run.status).toBeLessThan(64);
    expect(JSON.parse(run.stdout).capture.warnings).toMatchObject([{ code: 'compressed-cut', file: 0 }]);
    expect(run.stderr).toMatch(/the gzip stream ends early/);
  });
});

describe.skipIf(process.platform === 'win32')('an interrupt', () => {
  const sample = readFileSync(SAMPLE);
  /** Behind the sample, as packets, several times what a pipe and a block hold: when all is written, the sample has been read. */
  const LARGE_BYTES = 256 * 1024;
  const LARGE_PACKETS = 8;
  const large = new Uint8Array(16 + LARGE_BYTES);
  large.set(sample.subarray(24, 32));
  new DataView(large.buffer).setUint32(8, LARGE_BYTES, true);
  new DataView(large.buffer).setUint32(12, LARGE_BYTES, true);
  const whole = concat(Uint8Array.from(sample), ...Array.from({ length: LARGE_PACKETS }, () => large));

  /** Of a process that waits for its first bytes nothing tells that it does. */
  const STARTED_MS = 500;

  async function interrupted(
    bytes: Uint8Array,
    ...args: string[]
  ): Promise<{ status: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [COMMAND, 'analyze', ...args], { stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    // The pipe stays open, as tcpdump's does.
    child.stdin.on('error', () => undefined);
    await new Promise((resolve) => child.stdin.write(bytes, resolve));
    if (bytes.length === 0) await new Promise((resolve) => setTimeout(resolve, STARTED_MS));
    child.kill('SIGINT');
    const status = await closed;
    checkWritten(stdout);
    return { status, stdout, stderr };
  }

  test('ends the reading of a pipe that stays open, and gives the report of what was read, marked so', async () => {
    const run = await interrupted(whole, '-', '--format', 'json');
    const { capture, verdict } = JSON.parse(run.stdout);
    expect(capture).toMatchObject({ interrupted: true, warnings: [{ code: 'interrupted' }] });
    expect(capture.packets).toBeGreaterThan(0);
    expect(verdict.state).toBe('half-dead');
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/reading was interrupted here/);
  });

  test('marks the text', async () => {
    expect((await interrupted(whole, '-')).stdout).toMatch(/reading was interrupted/);
  });

  test('an error beside a pipe that stays open does not wait for it', async () => {
    const child = spawn(process.execPath, [COMMAND, 'analyze', '-', path.join(folder, 'absent.pcap')], {
      stdio: 'pipe',
    });
    child.stdin.on('error', () => undefined);
    child.stdin.write(sample);
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(66);
  });

  test('before any packet came ends the process', async () => {
    const run = await interrupted(new Uint8Array(0), '-');
    expect(run.stdout).toBe('');
    expect(run.status).not.toBe(0);
  });
});

describe('progress', () => {
  /** Gives a command a terminal. */
  const SCRIPT = 'script';
  const hasScript = spawnSync(SCRIPT, ['--version']).status === 0;
  test.skipIf(!hasScript)(
    'is not there for what takes less than a second, terminal or not (needs script, of util-linux)',
    ({ skip }) => {
      const command = `"${process.execPath}" "${COMMAND}" analyze "${SAMPLE}" > /dev/null`;
      for (let tries = 0; tries < 5; tries++) {
        const began = performance.now();
        const run = spawnSync(SCRIPT, ['-qec', command, '/dev/null']);
        if (performance.now() - began >= 1000) continue;
        expect(run.stdout.toString()).toBe('');
        return;
      }
      skip('it never took less than a second here');
    },
  );
});
