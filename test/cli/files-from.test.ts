import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchpcap } from './command.ts';

const SAMPLE = 'samples/gateway.pcap';
const HEALTHY = 'samples/gateway-healthy.pcap';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function listed(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function filesRead(args: readonly string[], input?: string): Promise<unknown> {
  const { stdout, stderr } = await watchpcap(['analyze', '--format', 'json', ...args], input);
  expect(stderr).toBe('');
  const { capture } = JSON.parse(stdout) as { capture: { files: { path: string }[] } };
  return capture.files.map(({ path }) => path).toSorted();
}

describe('--files-from', () => {
  test('a path a line, with empty lines, with the line ends of Windows, without the last', async () => {
    const both = [HEALTHY, SAMPLE];
    expect(await filesRead(['--files-from', listed('unix', `${SAMPLE}\n\n${HEALTHY}\n`)])).toEqual(both);
    expect(await filesRead(['--files-from', listed('windows', `${SAMPLE}\r\n${HEALTHY}`)])).toEqual(both);
  });

  test('- is standard input, and names beside it count too', async () => {
    expect(await filesRead([SAMPLE, '--files-from', '-'], `${HEALTHY}\n`)).toEqual([HEALTHY, SAMPLE]);
  });

  test('the report is that of the same files named one by one', async () => {
    const list = await watchpcap(['analyze', '--files-from', listed('one', SAMPLE)]);
    expect(list).toEqual(await watchpcap(['analyze', SAMPLE]));
  });

  test.each(['packets', 'frames', 'trace'])('%s takes it too', async (command) => {
    const list = await watchpcap([command, '--files-from', '-'], SAMPLE);
    expect(list.stdout).toBe((await watchpcap([command, SAMPLE])).stdout);
    expect(list.status).toBe(0);
  });

  test('a list is never overwritten', async () => {
    const list = listed('list.md', SAMPLE);
    const run = await watchpcap(['analyze', '--files-from', list, '--output', list]);
    expect(run).toMatchObject({ status: 64, stdout: '' });
    expect(readFileSync(list, 'utf8')).toBe(SAMPLE);
  });

  test.each([
    ['an empty list', '\n\n', 64, 'no file is named in it'],
    ['a capture in the place of a list', new Uint8Array([0xd4, 0xc3, 0, 0]), 64, 'is no list of files'],
    ['a list of what is not there', 'absent.pcap\n', 66, 'absent.pcap'],
  ])('%s is refused', async (_, text, status, said) => {
    const run = await watchpcap(['analyze', '--files-from', listed('bad', text)]);
    expect(run).toMatchObject({ status, stdout: '' });
    expect(run.stderr).toContain(said);
  });

  test('a list that is not there, and standard input as list and capture, are refused', async () => {
    const absent = await watchpcap(['analyze', '--files-from', join(folder, 'absent')]);
    expect(absent).toMatchObject({ status: 66, stdout: '' });
    const twice = await watchpcap(['analyze', '-', '--files-from', '-'], SAMPLE);
    expect(twice).toMatchObject({ status: 64, stdout: '' });
    expect(twice.stderr).toContain('cannot be the list and a capture');
  });

  test('no file at all is a wrong command line', async () => {
    const run = await watchpcap(['analyze']);
    expect(run).toMatchObject({ status: 64, stdout: '' });
    expect(run.stderr).toContain('--files-from');
  });
});
