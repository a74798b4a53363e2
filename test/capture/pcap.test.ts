import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH_ROWS, readCapture } from '../../src/capture/index.ts';
import { BUILT_EPOCH_SECONDS, buildPcap, type PcapOptions, type PcapRecord, recordOffset } from '../build/pcap.ts';
import { hashOf, memorySource, readAll, type ReadRecord } from './records.ts';

const SECOND_NS = 1_000_000_000;
const EPOCH_NS = BUILT_EPOCH_SECONDS * 1_000_000_000n;

/** `count` records of different lengths, a millisecond apart; bytes that never look like a record header. */
function records(count: number): PcapRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    timeNs: index * 1_000_000,
    bytes: new Uint8Array(20 + (index % 7)).fill(0xe0 + (index % 16)),
  }));
}

/** What the reader must tell of records that are all sound; times count from the first. */
function expected(built: readonly PcapRecord[], linkType = 1): ReadRecord[] {
  const base = built[0]?.timeNs ?? 0;
  return built.map((record, index) => ({
    packet: index + 1,
    timeNs: record.timeNs - base,
    capturedBytes: record.bytes.length,
    originalBytes: record.originalBytes ?? record.bytes.length,
    linkType,
    hasTime: true,
    vantage: 0,
    file: 0,
    epochNs: EPOCH_NS + BigInt(record.timeNs),
    hash: hashOf(record.bytes),
  }));
}

function read(file: Uint8Array, blockBytes?: number) {
  return readAll(memorySource(file), blockBytes === undefined ? {} : { blockBytes });
}

describe('reading sound files', () => {
  for (const byteOrder of ['little', 'big'] as const) {
    for (const resolution of ['us', 'ns'] as const) {
      it(`reads ${byteOrder}-endian files with ${resolution} timestamps`, () => {
        const built = records(5);
        const result = read(buildPcap(built, { byteOrder, resolution, linkType: 'LINUX_SLL2' }));
        expect(result.records).toEqual(expected(built, 276));
        expect(result.facts).toMatchObject({
          packets: 5,
          baseNs: EPOCH_NS,
          firstNs: 0,
          lastNs: 4_000_000,
          warnings: [],
        });
        expect(result.facts.files[0]).toMatchObject({
          linkTypes: [276],
          truncated: false,
          resolutionDigits: resolution === 'ns' ? 9 : 6,
        });
      });
    }
  }

  it('keeps single nanoseconds', () => {
    const built = [1, 2, 5].map((timeNs) => ({ timeNs, bytes: new Uint8Array(1) }));
    const result = read(buildPcap(built, { resolution: 'ns' }));
    expect(result.records.map((record) => record.timeNs)).toEqual([0, 1, 4]);
    expect(result.facts.baseNs).toBe(EPOCH_NS + 1n);
  });

  it('gives packets before the first one negative times', () => {
    const built = [5, 3, 9].map((seconds) => ({ timeNs: seconds * SECOND_NS, bytes: new Uint8Array(1) }));
    const { facts, records: got } = read(buildPcap(built));
    expect(got.map((record) => record.timeNs)).toEqual([0, -2 * SECOND_NS, 4 * SECOND_NS]);
    expect([facts.firstNs, facts.lastNs]).toEqual([-2 * SECOND_NS, 4 * SECOND_NS]);
  });

  it('takes the base from the first packet that has a time', () => {
    const built = [{ timeNs: 0, bytes: new Uint8Array(1), claimedSeconds: 0 }, ...records(2)];
    const { facts, records: got } = read(buildPcap(built));
    expect(facts.baseNs).toBe(EPOCH_NS);
    expect(got.map((record) => record.timeNs)).toEqual([-Number(EPOCH_NS), 0, 1_000_000]);
  });

  it('takes the base from the first packet where all count from 1970', () => {
    const built = [7, 8].map((claimedSeconds) => ({ timeNs: 0, bytes: new Uint8Array(1), claimedSeconds }));
    expect(read(buildPcap(built)).facts.baseNs).toBe(7_000_000_000n);
  });

  it('lets a fraction run past its second', () => {
    const built = [
      { timeNs: 0, bytes: new Uint8Array(1) },
      { timeNs: 0, bytes: new Uint8Array(1), claimedFraction: 3_500_000 },
    ];
    expect(read(buildPcap(built)).records[1]?.timeNs).toBe(3.5 * SECOND_NS);
  });

  it('keeps the length on the wire of packets cut by the snap length', () => {
    const built = [{ timeNs: 0, bytes: new Uint8Array(68), originalBytes: 65_000 }];
    expect(read(buildPcap(built, { snapLength: 68 })).records[0]).toMatchObject({
      capturedBytes: 68,
      originalBytes: 65_000,
    });
  });

  it('tolerates more captured than original bytes, as some tools write', () => {
    const built = [{ timeNs: 0, bytes: new Uint8Array(68), originalBytes: 60 }, ...records(1)];
    expect(read(buildPcap(built)).records.map((record) => record.capturedBytes)).toEqual([68, 20]);
  });

  it('believes no snap length: 0, too small and huge ones are common', () => {
    for (const snapLength of [0, 1, 0xffffffff]) {
      expect(read(buildPcap(records(3), { snapLength })).records).toEqual(expected(records(3)));
    }
  });

  it('takes the link type from the lower 16 bits, beside the FCS length', () => {
    expect(read(buildPcap(records(1), { linkType: 0x24000001 })).facts.files[0]?.linkTypes).toEqual([1]);
  });

  it('reads the largest record that tcpdump writes', () => {
    const built = [{ timeNs: 0, bytes: new Uint8Array(262_144).fill(7) }, ...records(2)];
    expect(read(buildPcap(built), 64 * 1024).records).toEqual(expected(built));
  });

  it('finds no packets, and no time, in a file that is only a header', () => {
    const { facts } = read(buildPcap([]));
    expect(facts).toMatchObject({ packets: 0, baseNs: 0n, firstNs: null, lastNs: null, warnings: [] });
  });

  it('numbers packets across batches', () => {
    const built = Array.from({ length: BATCH_ROWS + 2 }, () => ({ timeNs: 0, bytes: new Uint8Array(0) }));
    const batches: [first: number, count: number][] = [];
    readCapture(memorySource(buildPcap(built)), (batch) => batches.push([batch.firstPacket, batch.count]));
    expect(batches).toEqual([
      [1, BATCH_ROWS],
      [BATCH_ROWS + 1, 2],
    ]);
  });
});

describe('relatives', () => {
  for (const byteOrder of ['little', 'big'] as const) {
    it(`Kuznetzov's modified format, ${byteOrder}-endian, whatever the block's size`, () => {
      const file = buildPcap(records(20), { modified: true, byteOrder, linkType: 'LINUX_SLL' });
      for (const size of [1, 50, 4096]) expect(read(file, size).records).toEqual(expected(records(20), 113));
    });
  }

  for (const [name, options] of [
    ['Red Hat 6.1', { moreHeaderBytes: 8 }],
    ['Nokia', { moreHeaderBytes: 4, byteOrder: 'big' }],
    ['SuSE 6.3', { modified: true, moreHeaderBytes: 4 }],
  ] as const)
    it(`longer record headers than the magic number says, of ${name}: the second record tells`, () => {
      for (const count of [2, 3, 20]) {
        const file = buildPcap(records(count), options);
        for (const size of [1, 50, 4096]) expect(read(file, size).records).toEqual(expected(records(count), 1));
      }
    });

  it('a usual file with the beginning of a next record, or with a record that lies, has the usual headers', () => {
    for (const stray of [4, 8]) {
      const file = buildPcap(records(1));
      expect(read(Uint8Array.from([...file, ...new Uint8Array(stray)])).records).toEqual(expected(records(1), 1));
    }
    const lying = records(3).map((record, index) => (index === 1 ? { ...record, claimedBytes: 2 ** 31 } : record));
    const [first, , last] = expected(lying, 1);
    expect(read(buildPcap(lying)).records).toMatchObject([first, { ...last, packet: 2 }]);
  });

  it("finds the next record of Kuznetzov's format behind a corrupt one", () => {
    const built = records(12).map((record, index) => (index === 4 ? { ...record, claimedBytes: 2 ** 31 } : record));
    const { facts, records: got } = read(buildPcap(built, { modified: true }));
    expect(got).toHaveLength(11);
    expect(facts.warnings).toMatchObject([{ code: 'corrupt-record-skipped', args: { skippedBytes: 24 + 24 } }]);
  });

  it('AIX: version 2.2, interface kinds as link types, nanoseconds, lengths in either order', () => {
    for (const [kind, linkType] of [
      [6, 1],
      [9, 6],
      [15, 10],
      [24, 0],
    ] as const) {
      const built = [{ timeNs: 999_999_999, bytes: new Uint8Array(60), originalBytes: 1000 }];
      const swapped = [{ timeNs: 999_999_999, bytes: new Uint8Array(60), claimedBytes: 1000, originalBytes: 60 }];
      const how = { version: [2, 2], linkType: kind, resolution: 'ns', magic: 0xa1b2c3d4, byteOrder: 'big' } as const;
      expect(read(buildPcap(built, how)).records).toEqual(expected(built, linkType));
      expect(read(buildPcap(swapped, how)).records).toEqual(expected(built, linkType));
    }
  });

  it('more captured bytes than the snap length or than the packet had, as some tools write', () => {
    const built = [{ timeNs: 0, bytes: new Uint8Array(100), originalBytes: 60 }];
    expect(read(buildPcap(built, { snapLength: 64 })).records).toEqual(expected(built));
  });
});

describe('old versions', () => {
  const built = [{ timeNs: 0, bytes: new Uint8Array(60), originalBytes: 1000 }];
  const swapped = [{ timeNs: 0, bytes: new Uint8Array(60), claimedBytes: 1000, originalBytes: 60 }];

  it('reads the two lengths in their old order before version 2.3', () => {
    expect(read(buildPcap(swapped, { version: [2, 2] })).records).toEqual(expected(built));
  });

  it("reads them so in DG/UX's version 2.543, too", () => {
    expect(read(buildPcap(swapped, { version: [2, 543] })).records).toEqual(expected(built));
  });

  it('takes the smaller length as the captured one in version 2.3, which was written in both orders', () => {
    expect(read(buildPcap(swapped, { version: [2, 3] })).records).toEqual(expected(built));
    expect(read(buildPcap(built, { version: [2, 3] })).records).toEqual(expected(built));
  });
});

describe('cut files', () => {
  it('gives the same prefix and a warning at every byte where a file can be cut', () => {
    const built = records(6);
    const file = buildPcap(built);
    for (let length = 24; length < file.length; length++) {
      const whole = built.filter((_, index) => recordOffset(built, index + 1) <= length);
      const { facts, records: got } = read(file.subarray(0, length));
      const heldBytes = length - recordOffset(built, whole.length);
      expect(got).toEqual(expected(whole));
      expect(facts.files[0]?.truncated).toBe(heldBytes > 0);
      const warning = { code: 'cut-last-record', file: 0, byte: length - heldBytes, packet: whole.length + 1 };
      expect(facts.warnings).toEqual(heldBytes === 0 ? [] : [{ ...warning, args: { heldBytes } }]);
    }
  });

  it('keeps what came before a disk error, and says where it stopped', () => {
    const file = buildPcap(records(6));
    const source = memorySource(file, 'memory.pcap', recordOffset(records(6), 3) + 30);
    const { facts, records: got } = readAll(source, { blockBytes: 32 });
    expect(got).toEqual(expected(records(3)));
    expect(facts.warnings).toMatchObject([{ code: 'read-error', packet: 4, args: { errno: 'EIO' } }]);
  });
});

describe('records with nonsense lengths', () => {
  const corrupt = (at: number, claimedBytes: number, count = 12): PcapRecord[] =>
    records(count).map((record, index) => (index === at ? { ...record, claimedBytes } : record));

  for (const claimedBytes of [262_145, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    it(`skips a record that claims ${claimedBytes} bytes and goes on at the next`, () => {
      const built = corrupt(4, claimedBytes);
      const { facts, records: got } = read(buildPcap(built));
      const left = expected(records(12)).filter((_, index) => index !== 4);
      expect(got.map((record) => record.hash)).toEqual(left.map((record) => record.hash));
      expect(got.map((record) => record.timeNs)).toEqual(left.map((record) => record.timeNs));
      expect(facts.files[0]?.truncated).toBe(false);
      expect(facts.warnings).toEqual([
        {
          code: 'corrupt-record-skipped',
          file: 0,
          byte: recordOffset(built, 4),
          packet: 5,
          args: { claimedBytes, skippedBytes: 16 + 24 },
        },
      ]);
    });
  }

  it('stops where no run of plausible records follows', () => {
    const built = corrupt(10, 2 ** 31);
    const rest = { timeNs: 0, bytes: new Uint8Array(500).fill(0xff) };
    const { facts, records: got } = read(buildPcap([...built.slice(0, 11), rest]).subarray(0, -400));
    expect(got).toHaveLength(10);
    expect(facts.files[0]?.truncated).toBe(true);
    expect(facts.warnings).toMatchObject([
      { code: 'corrupt-record-stopped', byte: recordOffset(built, 10), packet: 11, args: { claimedBytes: 2 ** 31 } },
    ]);
  });

  it('does not take records far away in time for the next ones', () => {
    const built = corrupt(4, 2 ** 31).map((record, index) =>
      index > 4 ? { ...record, timeNs: record.timeNs + 2 * 24 * 3600 * SECOND_NS } : record,
    );
    expect(read(buildPcap(built)).records).toHaveLength(4);
  });

  it('finds records behind a corrupt first one', () => {
    expect(read(buildPcap(corrupt(0, 2 ** 32 - 1))).records).toHaveLength(11);
  });

  it('finds the last record alone, where it ends with the file', () => {
    expect(read(buildPcap(corrupt(10, 2 ** 32 - 1))).records).toHaveLength(11);
  });

  it('goes on at two whole records and a cut one, which end with the file', () => {
    const file = buildPcap(corrupt(8, 2 ** 31)).subarray(0, -1);
    const { facts, records: got } = read(file);
    expect(got).toHaveLength(8 + 2);
    expect(facts.warnings.map(({ code }) => code)).toEqual(['corrupt-record-skipped', 'cut-last-record']);
    const cutInHeader = buildPcap(corrupt(8, 2 ** 31)).subarray(0, -30);
    expect(read(cutInHeader).records).toHaveLength(8 + 2);
  });

  it('does not go on at one whole record and a cut one: too little to tell', () => {
    expect(read(buildPcap(corrupt(9, 2 ** 31)).subarray(0, -1)).records).toHaveLength(9);
    expect(read(buildPcap(corrupt(9, 2 ** 31)).subarray(0, -30)).records).toHaveLength(9);
  });

  const implausible: [name: string, lie: Partial<PcapRecord>][] = [
    ['a fraction above a second', { claimedFraction: 1_000_000 }],
    ['more captured than original bytes', { originalBytes: 1 }],
    ['a length on the wire above the maximum', { originalBytes: 262_145 }],
  ];
  for (const [name, lie] of implausible) {
    it(`does not go on at records with ${name}`, () => {
      const built = corrupt(4, 2 ** 31).map((record, index) =>
        index > 4 && index % 2 === 0 ? { ...record, ...lie } : record,
      );
      expect(read(buildPcap(built)).records).toHaveLength(4 + 1);
    });
  }

  it('takes nanosecond fractions for what they are', () => {
    const built = corrupt(4, 2 ** 31).map((record) => ({ ...record, claimedFraction: 999_999_999 }));
    expect(read(buildPcap(built, { resolution: 'ns' })).records).toHaveLength(11);
    expect(read(buildPcap(built, { resolution: 'us' })).records).toHaveLength(4);
  });

  it('counts the warnings that it does not keep', () => {
    const built = records(2000).map((record, index) =>
      index % 8 === 3 ? { ...record, claimedBytes: 2 ** 30 } : record,
    );
    const { facts } = read(buildPcap(built));
    expect(facts.packets).toBe(1750);
    expect(facts.warnings).toHaveLength(100);
    expect(facts.warningsOmitted).toBe(150);
  });
});

describe('any block size', () => {
  const record: fc.Arbitrary<PcapRecord> = fc.record({
    timeNs: fc.integer({ min: -1e6, max: 1e6 }).map((us) => us * 1000),
    bytes: fc.uint8Array({ maxLength: 80 }),
    originalBytes: fc.integer({ min: 80, max: 70_000 }),
  });
  const options: fc.Arbitrary<PcapOptions> = fc.record({
    byteOrder: fc.constantFrom('little', 'big'),
    resolution: fc.constantFrom('us', 'ns'),
  });
  const blockBytes = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(4096, 1024 * 1024));

  it('gives the records that were written', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), options, blockBytes, (built, how, size) => {
        expect(read(buildPcap(built, how), size).records).toEqual(expected(built));
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same records and warnings of a file with overwritten bytes, and never throws', () => {
    const overwrites = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(record, { minLength: 4, maxLength: 20 }), overwrites, blockBytes, (built, bytes, size) => {
        const file = buildPcap(built);
        for (const [where, value] of bytes) file[24 + (where % (file.length - 24))] = value;
        expect(read(file, size)).toEqual(read(file));
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same where the search for the next record crosses blocks', () => {
    const built = records(4000).map((record, index) =>
      index % 50 === 7 ? { ...record, claimedBytes: 2 ** 31 } : record,
    );
    const file = buildPcap(built);
    const reference = read(file);
    expect(reference.facts.packets).toBe(4000 - 80);
    for (const size of [4096, 65_536, 16 * 1024 * 1024]) expect(read(file, size)).toEqual(reference);
  });
});
