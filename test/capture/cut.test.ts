import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError, type CaptureFacts } from '../../src/capture/index.ts';
import { exitStatusOfError } from '../../src/cli/exit-status.ts';
import { buildPcap, type PcapRecord } from '../build/pcap.ts';
import {
  block,
  type BuiltBlock,
  comment,
  customBlock,
  interfaceBlock,
  joined,
  oldPacketBlock,
  packetBlock,
  secretsBlock,
  section,
  simplePacketBlock,
  statisticsBlock,
  unitsAt,
} from '../build/pcapng.ts';
import { buildZstd } from '../build/zstd.ts';
import { readFiles, type ReadRecord } from './records.ts';

/** Small files of every format, cut at each of their bytes. */

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-cut-'));
afterAll(() => rmSync(folder, { recursive: true }));

const records = Array.from({ length: 4 }, (_, nth): PcapRecord => {
  return { timeNs: nth * 1_000_000, bytes: new Uint8Array(17 + nth).fill(0xa0 + nth) };
});

const NAMES = Uint8Array.of(1, 0, 6, 0, 10, 9, 0, 2, 0x61, 0, 0, 0, 0, 0, 0, 0);

function packet(ms: number, interfaceId = 0): BuiltBlock {
  return packetBlock({ interfaceId, units: unitsAt(ms * 1e6, 1_000_000n), bytes: new Uint8Array(9).fill(ms) });
}

/** Each kind of block, two interfaces of different resolution, and a section of the other byte order. */
const SECTIONS: readonly (readonly [order: 'little' | 'big', blocks: readonly BuiltBlock[]])[] = [
  [
    'little',
    [
      interfaceBlock(),
      interfaceBlock({ linkType: 'RAW', resolution: 9, offset: 3n }),
      secretsBlock(new TextEncoder().encode('CLIENT_RANDOM 00 11\n')),
      packet(0),
      packetBlock({ units: unitsAt(1e6, 1_000_000n), bytes: new Uint8Array(5), options: [comment('höre')] }),
      packetBlock({ interfaceId: 1, units: unitsAt(2e6, 1_000_000_000n), bytes: new Uint8Array(6) }),
      simplePacketBlock(new Uint8Array(7)),
      oldPacketBlock({ units: unitsAt(3e6, 1_000_000n), bytes: new Uint8Array(8) }),
      block(4, () => NAMES),
      customBlock(new Uint8Array(3)),
      block(0x7777, () => new Uint8Array(11)),
      statisticsBlock(0, 1n, 2n),
    ],
  ],
  ['big', [interfaceBlock(), packet(4), packet(5)]],
];

/** The file up to each of its borders, from that behind the first section's header on. */
function pcapngBorders(): Uint8Array[] {
  const borders: Uint8Array[] = [];
  let before: Uint8Array = new Uint8Array(0);
  for (const [order, blocks] of SECTIONS) {
    for (let count = 0; count <= blocks.length; count++)
      borders.push(joined([before, section(blocks.slice(0, count), order)]));
    before = borders.at(-1) ?? before;
  }
  return borders;
}

function pcapBorders(options: Parameters<typeof buildPcap>[1]): Uint8Array[] {
  return Array.from({ length: records.length + 1 }, (_, count) => buildPcap(records.slice(0, count), options));
}

interface Read {
  readonly records: readonly ReadRecord[];
  readonly facts: CaptureFacts;
}

/** What the file's first bytes give; the exit status where it is no capture. */
async function readCut(file: Uint8Array, length: number): Promise<Read | number> {
  const path = join(folder, 'cut');
  writeFileSync(path, file.subarray(0, length));
  try {
    return await readFiles([path]);
  } catch (error) {
    if (error instanceof CaptureError) return exitStatusOfError(error.code);
    throw error;
  }
}

/** Reads the file cut at each byte. @returns the lengths at which nothing seems to be missing, and the most packets of a cut one */
async function cutEverywhere(file: Uint8Array, headerBytes: number) {
  const whole = (await readFiles([written(file)])).records;
  const silent: number[] = [];
  let most = 0;
  for (let length = 0; length < file.length; length++) {
    const read = await readCut(file, length);
    if (typeof read === 'number') {
      expect([read, length < headerBytes]).toEqual([65, true]);
      continue;
    }
    const { facts } = read;
    expect(read.records.map(told)).toEqual(whole.slice(0, read.records.length).map(told));
    expect(read.records.length).toBeGreaterThanOrEqual(most);
    most = read.records.length;
    expect(facts.files[0]?.truncated).toBe(facts.warnings.length > 0);
    if (facts.warnings.length === 0) silent.push(length);
    else expect(facts.warnings).toMatchObject([{ file: 0, packet: most + 1, byte: expect.any(Number) }]);
  }
  return { silent, most, whole: whole.length };
}

function written(file: Uint8Array): string {
  const path = join(folder, 'whole');
  writeFileSync(path, file);
  return path;
}

function told({ packet: number, epochNs, capturedBytes, originalBytes, linkType, hash }: ReadRecord): unknown[] {
  return [number, epochNs, capturedBytes, originalBytes, linkType, hash];
}

const FORMATS: readonly (readonly [name: string, headerBytes: number, borders: readonly Uint8Array[]])[] = [
  ['pcap', 24, pcapBorders({})],
  ['pcap in nanoseconds, big-endian', 24, pcapBorders({ byteOrder: 'big', resolution: 'ns' })],
  ["Kuznetzov's pcap", 24, pcapBorders({ modified: true })],
  ['pcapng', 28, pcapngBorders()],
];

describe.each(FORMATS)('%s cut at every byte', (_name, headerBytes, borders) => {
  const file = borders.at(-1) ?? new Uint8Array(0);

  it('gives the packets before the cut, and one warning except between two records', async () => {
    const { silent, most, whole } = await cutEverywhere(file, headerBytes);
    expect(silent).toEqual(borders.slice(0, -1).map(({ length }) => length));
    expect(most).toBe(whole - 1);
  });

  const packings: readonly (readonly [string, Uint8Array])[] = [
    ['gzip', new Uint8Array(gzipSync(file))],
    ['zstd', buildZstd(file)],
  ];
  it.each(packings)('and so does %s of it, with a warning each time', async (_packing, packed) => {
    const { silent } = await cutEverywhere(packed, packed.length);
    expect(silent).toEqual([]);
  });
});
