import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tcpPacket } from '../build/packet.ts';
import { buildPcap } from '../build/pcap.ts';
import { block, comment, interfaceBlock, joined, packetBlock, secretsBlock, section } from '../build/pcapng.ts';
import { openSource, readCapture } from '../../src/capture/index.ts';
import { decodePacket, Segment, STOP } from '../../src/decode/index.ts';
import { type Report, tellsTheSame } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { watchpcap } from './command.ts';

const SAMPLE = 'samples/gateway.pcap';
const FORMATS = ['text', 'markdown', 'html', 'json', 'ndjson'];
const ORIGINALS = ['10.9.1.', '10.9.2.', '10.9.3.', 'samples/', 'gateway.pcap'];

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

const PLANTED = 'zq7-acme.example';
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

interface Row {
  readonly bytes: Uint8Array;
  readonly original: number;
  readonly linkType: number;
}

function packetsOf(path: string): Row[] {
  const rows: Row[] = [];
  readCapture(openSource(path), ({ firstRow, count, view, at, capturedBytes, originalBytes, linkType }) => {
    for (let row = firstRow; row < count; row++) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset + (at[row] ?? 0), capturedBytes[row] ?? 0).slice();
      rows.push({ bytes, original: originalBytes[row] ?? 0, linkType: linkType[row] ?? 0 });
    }
  });
  return rows;
}

/** The sample as a pcapng in which everything that has a name has one that somebody gave. */
function plantedCapture(): string {
  const path = join(folder, `${PLANTED}.pcapng`);
  const named = (code: number, value: Uint8Array): { code: number; value: Uint8Array } => ({ code, value });
  const blocks = [
    interfaceBlock({ linkType: 'LINUX_SLL2', options: [named(2, text(PLANTED)), named(3, text(PLANTED))] }),
    block(4, () => joined([Uint8Array.from([1, 0, 22, 0, 10, 9, 1, 2]), text(PLANTED), new Uint8Array(2 + 2 + 4)])),
    secretsBlock(text(`CLIENT_RANDOM ${'7a'.repeat(32)} ${'71'.repeat(48)}\n`)),
    ...packetsOf(SAMPLE).map(({ bytes }, i) =>
      packetBlock({
        units: 1_764_000_000_000_000n + BigInt(i) * 2_000_000n,
        bytes,
        options: i % 9 === 0 ? [comment(PLANTED)] : [],
      }),
    ),
  ];
  writeFileSync(path, section(blocks));
  return path;
}

/** As bytes, as text and as hexadecimal text. */
const TRACES: readonly string[] = [
  'zq7',
  '7a7137',
  '7a7a7a7a',
  ...['10.9.1.2', '10.9.1.1', '10.9.2.1', '10.9.2.2', '10.9.3.1', '10.9.3.2'].flatMap((address) => {
    const bytes = Uint8Array.from(address.split('.').map(Number));
    return [address, Buffer.from(bytes).toString('latin1'), Buffer.from(bytes).toString('hex')];
  }),
];

describe('watchpcap --anonymize --extract', () => {
  let capture = '';
  let extract = '';
  let bundle = '';

  beforeAll(async () => {
    capture = plantedCapture();
    extract = join(folder, 'evidence.pcapng');
    bundle = join(folder, 'bundle');
    const run = await watchpcap(['analyze', capture, '--anonymize', '--extract', extract, '--bundle', bundle]);
    expect(run).toMatchObject({ stderr: '' });
    expect(run.stdout).toContain('half-dead');
  });

  test('the capture has what was planted', () => {
    const bytes = readFileSync(capture).toString('latin1');
    expect(TRACES.filter((trace) => bytes.includes(trace)).length).toBeGreaterThan(7);
  });

  test('the extract and every file of the bundle have none of it', () => {
    const files = [extract, ...readdirSync(bundle).map((name) => join(bundle, name))];
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) {
      const bytes = new Uint8Array(readFileSync(file));
      const unpacked = Buffer.from(new Uint8Array(file.endsWith('.gz') ? gunzipSync(bytes) : bytes));
      for (const trace of TRACES)
        expect([file, trace, unpacked.toString('latin1').includes(trace)]).toEqual([file, trace, false]);
    }
  });

  test('every segment is there with its numbers and lengths, and of its payload no word of the capture’s', () => {
    const numbersOf = (path: string): string[] => {
      const segment = new Segment();
      return packetsOf(path).flatMap(({ bytes, original, linkType }) => {
        const stop = decodePacket(new DataView(bytes.buffer), 0, bytes.length, original, linkType, segment);
        const { srcPort, dstPort, seq, ack, flags, payloadBytes } = segment;
        return stop === STOP.none ? [[srcPort, dstPort, seq, ack, flags, payloadBytes].join(' ')] : [];
      });
    };
    const [had, told] = [numbersOf(capture), numbersOf(extract)];
    expect(told.length).toBeGreaterThan(50);
    for (const numbers of told) expect(had).toContain(numbers);
  });

  test('analysing the extract tells which connection was dead, by the report’s own stand-ins', async () => {
    const told = async (args: readonly string[]): Promise<Report> =>
      JSON.parse((await watchpcap(['analyze', ...args, '--format', 'json'])).stdout) as Report;
    const dead = ({ connections }: Report): string[] =>
      connections
        .filter(({ liveness }) => liveness.at(-1)?.state === 'dead')
        .map(({ client, server }) => `${client.ip} ${server.ip}`);
    const [report, again] = [await told([capture, '--anonymize']), await told([extract])];
    expect(dead(again)).toEqual(dead(report));
    expect(dead(report)).toHaveLength(1);
    // By HTTP/2's frames, and by bodies that were like each other.
    expect(again.verdict.state).toBe('half-dead');
    expect(again.windows.map(({ from, duration, cause }) => [from, duration, cause])).toEqual(
      report.windows.map(({ from, duration, cause }) => [from, duration, cause]),
    );
    expect(report.trust.map(({ code }) => code)).toContain('anonymized');
  });

  test('secrets are not to be had with it', async () => {
    const run = await watchpcap(['analyze', capture, '--anonymize', '--extract', extract, '--keep-secrets']);
    expect(run).toMatchObject({ status: 64, stdout: '' });
    expect(run.stderr).toMatch(/^watchpcap: --keep-secrets: .*\n$/);
  });
});

const RECORDINGS = ['samples', 'test/captures'].flatMap((name) =>
  readdirSync(name)
    .filter((file) => file.endsWith('.pcap'))
    .map((file) => join(name, file)),
);

describe.each(RECORDINGS)('the anonymised extract of %s', (capture) => {
  test('gives the same verdict and the same windows', async () => {
    const extract = join(folder, 'recording.pcapng');
    const run = await watchpcap(['analyze', capture, '--anonymize', '--format', 'json', '--extract', extract]);
    expect(tellsTheSame(JSON.parse(run.stdout) as Report, await reportOn(extract))).toBe(true);
  });
});
