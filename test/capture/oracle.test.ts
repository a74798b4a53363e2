import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { parse } from 'pcap-parser';
import { describe, expect, it } from 'vitest';
import { buildPcap, type PcapOptions } from '../build/pcap.ts';
import { tcpPacket } from '../build/packet.ts';
import { hashOf, memorySource, readAll } from './records.ts';

interface OracleRecord {
  readonly timeNs: bigint;
  readonly capturedBytes: number;
  readonly originalBytes: number;
  readonly hash: string;
}

/** What pcap-parser, written by others and sharing nothing with our reader, makes of the same bytes. */
function pcapParser(file: Uint8Array): Promise<OracleRecord[]> {
  return new Promise((resolve, reject) => {
    const records: OracleRecord[] = [];
    parse(Readable.from([Buffer.from(file)]))
      .on('packet', ({ header, data }) =>
        records.push({
          timeNs: BigInt(header.timestampSeconds) * 1_000_000_000n + BigInt(header.timestampMicroseconds) * 1000n,
          capturedBytes: header.capturedLength,
          originalBytes: header.originalLength,
          hash: hashOf(new Uint8Array(data)),
        }),
      )
      .on('error', reject)
      .on('end', () => resolve(records));
  });
}

function ours(file: Uint8Array): OracleRecord[] {
  const { facts, records } = readAll(memorySource(file));
  return records.map(({ timeNs, capturedBytes, originalBytes, hash }) => ({
    timeNs: facts.baseNs + BigInt(timeNs),
    capturedBytes,
    originalBytes,
    hash,
  }));
}

/** Every committed capture: samples/, and test/captures/ with its folders. */
function committedCaptures(): string[] {
  return ['samples', 'test/captures'].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.pcap'))
          .map((name) => `${folder}/${name}`)
          .toSorted()
      : [],
  );
}

describe('packet for packet as pcap-parser reads them', () => {
  const packets = Array.from({ length: 500 }, (_, index) => ({
    timeNs: index * 1_234_567_000,
    bytes: tcpPacket({ from: '10.9.1.2:49739', to: '10.9.0.2:80', seq: index, payload: 'x'.repeat(index * 3) }),
    originalBytes: 2000,
  }));
  const variants: PcapOptions[] = [{ byteOrder: 'little' }, { byteOrder: 'big' }];

  for (const options of variants) {
    it(`a built ${options.byteOrder}-endian capture`, async () => {
      const file = buildPcap(packets, options);
      expect(ours(file)).toEqual(await pcapParser(file));
    });
  }

  for (const path of committedCaptures()) {
    it(path, async () => {
      const file = new Uint8Array(readFileSync(path));
      expect(ours(file)).toEqual(await pcapParser(file));
    });
  }
});

/** Why pcap-parser is the oracle and not the reader: docs/decisions/0001. Should one of these fail, that record wants another look. */
describe('what pcap-parser 0.2.1 does not read', () => {
  const built = [0, 1, 2].map((index) => ({ timeNs: index * 1000, bytes: new Uint8Array(100).fill(index) }));

  it('nanosecond captures: an error', async () => {
    await expect(pcapParser(buildPcap(built, { resolution: 'ns' }))).rejects.toThrow('unknown magic number: 4d3cb2a1');
  });

  it('a cut last record: it vanishes without a word', async () => {
    expect(await pcapParser(buildPcap(built).subarray(0, -1))).toHaveLength(2);
  });

  it('a nonsense length: it and all that follows vanish without a word', async () => {
    const lying = built.map((record, index) => (index === 1 ? { ...record, claimedBytes: 2 ** 31 } : record));
    expect(await pcapParser(buildPcap(lying))).toHaveLength(1);
  });
});
