import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tcpPacket } from '../build/packet.ts';
import { buildPcap } from '../build/pcap.ts';
import { watchpcap } from './command.ts';

const SAMPLE = 'samples/gateway.pcap';
const FORMATS = ['text', 'markdown', 'html', 'json', 'ndjson'];
const ORIGINALS = ['10.9.1.', '10.9.2.', '10.9.3.', 'samples', 'gateway.pcap'];

let folder = '';
let key = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
  key = join(folder, 'key');
  writeFileSync(key, 'thirty-two bytes of a secret key');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The tcpdump command of the next steps writes to a file of this name, whatever was read. */
const withoutCommand = (text: string): string => text.replaceAll('-w gateway.pcap', '');

describe('watchpcap --anonymize', () => {
  test.each(FORMATS)('%s has no address and no file name of the capture', async (format) => {
    const run = await watchpcap(['analyze', SAMPLE, '--anonymize', '--format', format]);
    expect(run).toMatchObject({ status: 1, stderr: '' });
    expect(run.stdout).toMatch(/198\.1[89]\./);
    for (const original of ORIGINALS) expect(withoutCommand(run.stdout)).not.toContain(original);
  });

  test('in files too', async () => {
    const files = ['md', 'html', 'json', 'txt', 'ndjson'].map((end) => join(folder, `report.${end}`));
    await watchpcap(['analyze', SAMPLE, '--anonymize', ...files.flatMap((file) => ['--output', file])]);
    for (const file of files) {
      for (const original of ORIGINALS) expect(withoutCommand(readFileSync(file, 'utf8'))).not.toContain(original);
    }
  });

  test('of a report is what the capture gives', async () => {
    const json = join(folder, 'plain.json');
    await watchpcap(['analyze', SAMPLE, '--output', json]);
    const rendered = await watchpcap(['render', json, '--anonymize']);
    expect(rendered.stdout).toBe((await watchpcap(['analyze', SAMPLE, '--anonymize'])).stdout);
  });

  test('is the same in every run', async () => {
    const runs = [1, 2].map(() => watchpcap(['analyze', SAMPLE, '--anonymize', '--format', 'json']));
    const [one, other] = await Promise.all(runs);
    expect(one?.stdout).toBe(other?.stdout);
  });
});

describe('watchpcap --anonymize-key', () => {
  const addresses = (json: string): string[] =>
    (JSON.parse(json) as { gateways: { addresses: string[] }[] }).gateways.flatMap((gateway) => gateway.addresses);

  test('gives the same stand-ins in another capture of the same hosts, other ones with another key', async () => {
    const analyzed = async (capture: string, file: string): Promise<string[]> =>
      addresses((await watchpcap(['analyze', capture, '--anonymize-key', file, '--format', 'json'])).stdout);
    const other = join(folder, 'other');
    writeFileSync(other, 'another key of thirty-two bytes.');
    const told = await analyzed(SAMPLE, key);
    expect(told.length).toBeGreaterThan(1);
    expect(await analyzed('samples/gateway-keepalive.pcap', key)).toEqual(told);
    expect(await analyzed(SAMPLE, other)).not.toEqual(told);
  });

  test.each([
    ['a missing file', 'no-such-key', 66, 'no-such-key: cannot be read (no such file or directory)'],
    ['a short one', 'short', 64, 'is shorter than 16 bytes'],
  ])('%s is one clear line', async (_name, name, status, message) => {
    writeFileSync(join(folder, 'short'), 'secret');
    const run = await watchpcap(['analyze', SAMPLE, '--anonymize-key', join(folder, name)]);
    expect(run).toMatchObject({ status, stdout: '' });
    expect(run.stderr).toMatch(/^watchpcap: .*\n$/);
    expect(run.stderr).toContain(message);
  });
});

test('more networks than the range has is one clear line, and no report', async () => {
  const capture = join(folder, 'many.pcap');
  const records = Array.from({ length: 600 }, (_, i) => ({
    timeNs: i * 1e6,
    bytes: tcpPacket({ from: `10.${i >> 8}.${i & 255}.1:40000`, to: '10.9.9.9:80', flags: 'SYN', seq: i }),
  }));
  writeFileSync(capture, buildPcap(records));
  const report = join(folder, 'many.md');
  const run = await watchpcap(['analyze', capture, '--anonymize', '--output', report]);
  expect(run).toMatchObject({ status: 65, stdout: '' });
  expect(run.stderr).toMatch(/^watchpcap: cannot be anonymised: 198\.18\.0\.0\/15 has no room .*\n$/);
  expect(() => readFileSync(report)).toThrow();
});
