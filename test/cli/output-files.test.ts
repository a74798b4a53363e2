import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { ROOT, watchpcap } from './command.ts';

const SAMPLE = 'samples/gateway.pcap';
const HALF_DEAD = 1;
const CANNOT_CREATE = 73;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterEach(() => {
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true, force: true });
});

function at(name: string): string {
  return join(folder, name);
}

describe('several outputs in one run', () => {
  test('each file has the format of its name, standard output that of --format; the exit status is the finding', async () => {
    const outputs = ['report.md', 'report.json', 'report.txt'];
    const args = outputs.flatMap((name) => ['--output', at(name)]);
    const run = await watchpcap(['analyze', SAMPLE, '--format', 'json', ...args]);
    expect(run).toMatchObject({ status: HALF_DEAD, stderr: '' });
    expect((JSON.parse(run.stdout) as Report).verdict.state).toBe('half-dead');
    expect(readFileSync(at('report.json'), 'utf8')).toBe(run.stdout);
    expect(readFileSync(at('report.md'), 'utf8')).toMatch(/^## ✖ half-dead/);
    expect(readFileSync(at('report.txt'), 'utf8')).toMatch(/^✖ half-dead/);
    expect(readdirSync(folder).toSorted()).toEqual(outputs.toSorted());
  });

  test('- is standard output, which has the report anyway, once', async () => {
    const plain = await watchpcap(['analyze', SAMPLE]);
    expect(await watchpcap(['analyze', SAMPLE, '--output', '-'])).toEqual(plain);
  });

  test('a name in capitals is as good', async () => {
    await watchpcap(['analyze', SAMPLE, '--output', at('REPORT.JSON')]);
    expect((JSON.parse(readFileSync(at('REPORT.JSON'), 'utf8')) as Report).schema).toBe('watchpcap.report/1');
  });

  test('no colours in a file, also where they are asked for', async () => {
    const run = await watchpcap(['analyze', SAMPLE, '--color', 'always', '--output', at('report.txt')]);
    expect(run.stdout).toContain('\u001b[');
    expect(readFileSync(at('report.txt'), 'utf8')).not.toContain('\u001b[');
  });

  test('a reader that goes away is no error, and the files are there', async () => {
    const child = spawn(process.execPath, ['dist/watchpcap.js', 'analyze', SAMPLE, '-o', at('report.json')], {
      cwd: ROOT,
    });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect({ status, said }).toEqual({ status: HALF_DEAD, said: '' });
    expect((JSON.parse(readFileSync(at('report.json'), 'utf8')) as Report).windows).toHaveLength(1);
  });
});

describe('a file that is there', () => {
  test('is replaced as a whole, and keeps its permissions', async () => {
    writeFileSync(at('report.json'), 'x'.repeat(1_000_000));
    chmodSync(at('report.json'), 0o640);
    await watchpcap(['analyze', SAMPLE, '--output', at('report.json')]);
    expect((JSON.parse(readFileSync(at('report.json'), 'utf8')) as Report).windows).toHaveLength(1);
    expect(statSync(at('report.json')).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['report.json']);
  });

  test('stays a link where it is one', async () => {
    mkdirSync(at('there'));
    writeFileSync(at('there/real.json'), '');
    symlinkSync(at('there/real.json'), at('report.json'));
    await watchpcap(['analyze', SAMPLE, '--output', at('report.json')]);
    expect(lstatSync(at('report.json')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('there/real.json'), 'utf8')).toContain('watchpcap.report/1');
  });

  test('that is a device is written to, not replaced', async () => {
    symlinkSync('/dev/null', at('report.json'));
    expect((await watchpcap(['analyze', SAMPLE, '--output', at('report.json')])).status).toBe(HALF_DEAD);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('what is read is never written', () => {
  const sample = readFileSync(join(ROOT, SAMPLE), 'latin1');

  test('under its own name, another name, a link, or as a file of a directory', async () => {
    copyFileSync(join(ROOT, SAMPLE), at('capture.json'));
    linkSync(at('capture.json'), at('hard.md'));
    symlinkSync(at('capture.json'), at('soft.txt'));
    for (const [input, output] of [
      ['capture.json', 'capture.json'],
      ['capture.json', './capture.json'],
      ['capture.json', 'hard.md'],
      ['capture.json', 'soft.txt'],
      ['hard.md', 'capture.json'],
      ['.', 'capture.json'],
    ] as const) {
      const run = await watchpcap(['analyze', at(input), '--output', `${folder}/${output}`]);
      expect(run.status, output).toBe(64);
      expect(run.stdout).toBe('');
      expect(run.stderr).toContain(`${output}: is what the report is made from, and is not overwritten`);
      expect(readFileSync(at('capture.json'), 'latin1') === sample).toBe(true);
    }
  });
});

describe('what is read beside the capture is never written', () => {
  const text = `${'0123456789abcdef'.repeat(2)}\n`;

  test.each([
    ['TLS secrets', ['analyze', SAMPLE, '--keylog']],
    ['the key of stand-ins', ['analyze', SAMPLE, '--anonymize-key']],
    ['the list of captures', ['analyze', SAMPLE, '--files-from']],
    ['the key of stand-ins, by render', ['render', 'test/golden/sample-gateway.json', '--anonymize-key']],
  ])('%s', async (_name, args) => {
    writeFileSync(at('secret.json'), text);
    linkSync(at('secret.json'), at('hard.md'));
    for (const output of ['secret.json', './secret.json', 'hard.md']) {
      const run = await watchpcap([...args, at('secret.json'), '--output', `${folder}/${output}`]);
      expect(run).toMatchObject({ status: 64, stdout: '' });
      expect(run.stderr).toContain(`${output}: is what the report is made from, and is not overwritten`);
    }
    expect(readFileSync(at('secret.json'), 'utf8')).toBe(text);
  });
});

describe('what cannot be written is said in one line, before the capture is read', () => {
  test.each([
    ['an unknown end', 'report.doc', 64, 'Its format is not known by its name: .txt .md'],
    ['no end', 'report', 64, 'Its format is not known by its name'],
    ['no folder', 'no/report.md', CANNOT_CREATE, 'report.md: cannot be written (no such file or directory)'],
    ['a directory', 'folder.md', 64, 'folder.md: is a directory'],
  ])('%s', async (_name, output, status, message) => {
    mkdirSync(at('folder.md'));
    const run = await watchpcap(['analyze', 'no-such-capture.pcap', '--output', at(output)]);
    expect(run).toMatchObject({ status, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(run.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
    expect(readdirSync(folder)).toEqual(['folder.md']);
  });

  test('a file given twice', async () => {
    const run = await watchpcap(['analyze', SAMPLE, '-o', at('a.md'), '-o', at('a.md')]);
    expect(run).toMatchObject({ status: 64, stdout: '' });
    expect(run.stderr).toContain('It is given twice.');
  });

  test.skipIf(!existsSync('/dev/full'))(
    'a disk that is full (needs /dev/full): the report still goes to standard output, the status says so',
    async () => {
      symlinkSync('/dev/full', at('report.json'));
      const run = await watchpcap(['analyze', SAMPLE, '--output', at('report.json')]);
      expect(run.status).toBe(CANNOT_CREATE);
      expect(run.stderr).toBe(`watchpcap: ${at('report.json')}: cannot be written (no space left on device)\n`);
      expect(run.stdout).toMatch(/^✖ half-dead/);
    },
  );
});
