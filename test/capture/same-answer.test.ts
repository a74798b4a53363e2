import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { openSource } from '../../src/capture/index.ts';
import type { Report } from '../../src/report/index.ts';
import { checkWritten, reportOn } from '../build/reports.ts';
import { BUILT_EPOCH_SECONDS, buildPcap, type PcapRecord } from '../build/pcap.ts';
import { buildPcapng, joined } from '../build/pcapng.ts';
import { buildZstd } from '../build/zstd.ts';
import { COMMAND } from '../cli/command.ts';
import { readAll } from './records.ts';

/** A capture says the same whatever it is kept in. */

const SAMPLES = ['gateway', 'gateway-healthy', 'gateway-keepalive'];
const EPOCH_NS = BUILT_EPOCH_SECONDS * 1_000_000_000n;

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-same-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Converted {
  readonly linkType: number;
  readonly records: readonly (PcapRecord & { readonly bytes: Uint8Array })[];
}

/** The records of a file, to be written anew. */
function recordsOf(file: string): Converted {
  const bytes = new Uint8Array(readFileSync(file));
  const { records } = readAll(openSource(file));
  let at = 24;
  const converted = records.map(({ epochNs, capturedBytes, originalBytes }) => {
    const content = bytes.slice(at + 16, at + 16 + capturedBytes);
    at += 16 + capturedBytes;
    return { timeNs: Number((epochNs ?? 0n) - EPOCH_NS), bytes: content, originalBytes };
  });
  return { linkType: records[0]?.linkType ?? 1, records: converted };
}

/** What a report says but for where each packet stands and how the file was kept. */
function meaning(report: Report): unknown {
  return JSON.parse(JSON.stringify({ ...report, capture: { ...report.capture, files: [] } }), (key, value: unknown) => {
    if (['packet', 'file', 'files', 'filter', 'firstPacket', 'lastPacket', 'firstFile', 'lastFile'].includes(key))
      return undefined;
    if (key === 'packets' && Array.isArray(value)) return value.length;
    // Nanosecond files print nine digits.
    if (typeof value !== 'string') return value;
    return value.replace(/(\.\d{6})000Z/g, '$1Z').replace(/\(packet [^)]*\)/g, '(packet)');
  });
}

function written(name: string, bytes: Uint8Array): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
}

async function piped(file: string, through: string): Promise<Report> {
  const answer = await new Promise<string>((resolve, reject) => {
    const command = `${through} "$1" | "$2" "$3" analyze - --format json --exit-zero`;
    execFile('sh', ['-c', command, 'sh', file, process.execPath, COMMAND], { maxBuffer: 2 ** 26 }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
  checkWritten(answer);
  return JSON.parse(answer) as Report;
}

describe.each(SAMPLES)('%s', async (name) => {
  const original = `samples/${name}.pcap`;
  const { linkType, records } = recordsOf(original);
  const report = await reportOn(original);
  const wanted = meaning(report);
  const third = Math.ceil(records.length / 3);
  const thirds = [0, 1, 2].map((part) => records.slice(part * third, (part + 1) * third));

  const kept: [what: string, bytes: Uint8Array][] = [
    ['pcapng', buildPcapng(records, { linkType })],
    ['big-endian pcapng in nanoseconds', buildPcapng(records, { linkType, byteOrder: 'big', resolution: 'ns' })],
    ['nanosecond pcap', buildPcap(records, { linkType, resolution: 'ns' })],
    ['big-endian pcap', buildPcap(records, { linkType, byteOrder: 'big' })],
    ["Kuznetzov's pcap", buildPcap(records, { linkType, modified: true })],
    ['gzip', new Uint8Array(gzipSync(new Uint8Array(readFileSync(original))))],
    ['gzip of pcapng in two members', joined([0, 1].map((half) => halfOf(buildPcapng(records, { linkType }), half)))],
    ['zstd', buildZstd(new Uint8Array(readFileSync(original)))],
  ];

  function halfOf(bytes: Uint8Array, half: number): Uint8Array {
    const middle = bytes.length >> 1;
    return new Uint8Array(gzipSync(half === 0 ? bytes.subarray(0, middle) : bytes.subarray(middle)));
  }

  it.each(kept)('as %s', async (what, bytes) => {
    const other = await reportOn(written(`${name}-${what.replaceAll(/\W/g, '-')}`, bytes));
    expect(meaning(other)).toEqual(wanted);
    expect(other.verdict).toEqual(report.verdict);
  });

  const rotated = thirds.map((part, index) =>
    written(`${name}-set/gateway.pcap${index}`, buildPcap(part, { linkType })),
  );

  it('as three rotated files in the wrong order; every packet number has its file', async () => {
    const [first = '', second = '', last = ''] = rotated;
    const other = await reportOn(last, first, second);
    expect(meaning(other)).toEqual(wanted);
    const filesOf = (finding: object): unknown => ('files' in finding ? finding.files : undefined);
    for (const [index, finding] of other.findings.entries()) {
      const places = finding.packets.map((packet, at) => [(filesOf(finding) as number[])[at], packet]);
      const single = report.findings[index]?.packets ?? [];
      expect(places).toEqual(
        single.map((packet) => [[1, 2, 0][Math.floor((packet - 1) / third)], ((packet - 1) % third) + 1]),
      );
    }
  });

  it('as a directory, and as a pattern', async () => {
    expect(meaning(await reportOn(path.dirname(rotated[0] ?? '')))).toEqual(wanted);
    expect(meaning(await reportOn(path.join(folder, `${name}-set`, '*.pcap?')))).toEqual(wanted);
  });

  it('as two files that interleave', async () => {
    // By time: the order of equal times is lost between two files.
    const halves = [0, 1].map((half) => records.filter(({ timeNs }) => Math.abs((timeNs / 1000) % 2) === half));
    const files = halves.map((half, index) => written(`${name}-half${index}`, buildPcap(half, { linkType })));
    expect(meaning(await reportOn(...files))).toEqual(wanted);
  });

  it('from standard input, plain and packed', async () => {
    expect(meaning(await piped(original, 'cat'))).toEqual(wanted);
    expect(meaning(await piped(original, 'gzip -c'))).toEqual(wanted);
    expect(
      meaning(await piped(written(`${name}.zst`, buildZstd(new Uint8Array(readFileSync(original)))), 'cat')),
    ).toEqual(wanted);
  });
});
