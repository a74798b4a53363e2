import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH_ROWS, LINK_NO_PACKET, LINK_UNDECLARED, readCapture } from '../../src/capture/index.ts';
import { BUILT_EPOCH_SECONDS, buildPcap, LINKTYPE, type PcapRecord } from '../build/pcap.ts';
import {
  block,
  type BuiltBlock,
  buildPcapng,
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
import { memorySource, readAll } from './records.ts';

const EPOCH_NS = BUILT_EPOCH_SECONDS * 1_000_000_000n;
const MICROSECONDS = 1_000_000n;

function read(file: Uint8Array, blockBytes?: number) {
  return readAll(memorySource(file, 'it.pcapng'), blockBytes === undefined ? {} : { blockBytes });
}

function bytes(length: number, value = 0xe5): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** An Enhanced Packet Block `ms` milliseconds after the built epoch, in microseconds. */
function packet(ms: number, length = 20, interfaceId = 0): BuiltBlock {
  return packetBlock({ interfaceId, units: unitsAt(ms * 1e6, MICROSECONDS), bytes: bytes(length) });
}

function records(count: number): PcapRecord[] {
  return Array.from({ length: count }, (_, index) => ({ timeNs: index * 1_000_000, bytes: bytes(20 + (index % 9)) }));
}

describe('sound files', () => {
  for (const byteOrder of ['little', 'big'] as const) {
    for (const resolution of ['us', 'ns'] as const) {
      it(`the records of the same pcap file: ${byteOrder}, ${resolution}`, () => {
        const built = records(50).map((record) => ({ ...record, originalBytes: 100 }));
        const ng = read(buildPcapng(built, { byteOrder, resolution }));
        const classic = read(buildPcap(built, { byteOrder, resolution }));
        expect(ng.records).toEqual(classic.records);
        expect(ng.facts.baseNs).toBe(classic.facts.baseNs);
        expect(ng.facts.files).toMatchObject([{ format: 'pcapng', linkTypes: [1], truncated: false, packets: 50 }]);
        expect(ng.facts.files[0]?.resolutionDigits).toBe(resolution === 'ns' ? 9 : 6);
      });
    }
  }

  it('a later section in the other byte order, whose interfaces count from 0 again', () => {
    const first = section([interfaceBlock({ linkType: 'ETHERNET' }), packet(0)], 'little');
    const second = section([interfaceBlock({ linkType: 'RAW', resolution: 3 }), nanoless(5)], 'big');
    const third = section([interfaceBlock({ linkType: 'LINUX_SLL2' }), packet(9)], 'little');
    const { records: got, facts } = read(joined([first, second, third]));
    expect(got.map(({ linkType, timeNs, packet: number, vantage }) => [number, linkType, timeNs, vantage])).toEqual([
      [1, LINKTYPE.ETHERNET, 0, 0],
      [2, LINKTYPE.RAW, 5e6, 1],
      [3, LINKTYPE.LINUX_SLL2, 9e6, 2],
    ]);
    expect(got.map(({ epochNs }) => epochNs)).toEqual([EPOCH_NS, EPOCH_NS + 5_000_000n, EPOCH_NS + 9_000_000n]);
    expect(facts.files[0]?.linkTypes).toEqual([1, 101, 276]);
  });

  /** In milliseconds, if_tsresol 3. */
  function nanoless(ms: number): BuiltBlock {
    return packetBlock({ units: unitsAt(ms * 1e6, 1000n), bytes: bytes(20) });
  }

  it('a section length is not needed: -1, 0 and a lie give the same', () => {
    const blocks = [interfaceBlock(), packet(0), packet(1)];
    for (const length of [2n ** 64n - 1n, 0n, 12n]) {
      expect(read(section(blocks, 'little', { length })).records).toHaveLength(2);
    }
  });

  it('two interfaces of one file, each with its own link type', () => {
    const file = section([interfaceBlock(), interfaceBlock({ linkType: 'RAW' }), packet(0, 20, 1), packet(1, 20, 0)]);
    const { records: got } = read(file);
    expect(got.map(({ linkType, vantage }) => [linkType, vantage])).toEqual([
      [LINKTYPE.RAW, 1],
      [LINKTYPE.ETHERNET, 0],
    ]);
  });

  it('link types of interfaces that no packet came from are not listed', () => {
    const { facts } = read(section([interfaceBlock({ linkType: 'RAW' }), interfaceBlock(), packet(0, 20, 1)]));
    expect(facts.files[0]?.linkTypes).toEqual([1]);
  });

  it('an obsolete Packet Block, whose interface id is shorter', () => {
    const old = oldPacketBlock({
      interfaceId: 1,
      units: unitsAt(3e6, MICROSECONDS),
      bytes: bytes(21),
      originalBytes: 99,
    });
    const { records: got } = read(section([interfaceBlock(), interfaceBlock({ linkType: 'RAW' }), packet(0), old]));
    expect(got[1]).toMatchObject({ packet: 2, timeNs: 3e6, capturedBytes: 21, originalBytes: 99, linkType: 101 });
  });

  it('a Simple Packet Block: no time, the first interface, its snap length', () => {
    const file = section([
      interfaceBlock({ linkType: 'RAW', snapLength: 10 }),
      packet(7, 4),
      simplePacketBlock(bytes(10), 400),
      simplePacketBlock(bytes(7)),
    ]);
    const { records: got } = read(file);
    expect(got.map(({ hasTime, epochNs }) => [hasTime, epochNs === null])).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ]);
    expect(got[1]).toMatchObject({ capturedBytes: 10, originalBytes: 400, linkType: 101, timeNs: 0 });
    expect(got[2]).toMatchObject({ capturedBytes: 7, originalBytes: 7 });
  });

  it('a file of Simple Packet Blocks alone has packets and no time', () => {
    const { facts } = read(section([interfaceBlock(), simplePacketBlock(bytes(9))]));
    expect(facts).toMatchObject({ packets: 1, firstNs: null, lastNs: null });
  });

  it('Custom Blocks are numbered, as Wireshark does, and are no packets', () => {
    const { records: got } = read(
      section([interfaceBlock(), customBlock(bytes(9)), packet(0), customBlock(bytes(3), false)]),
    );
    expect(got.map(({ packet: number, linkType, capturedBytes }) => [number, linkType, capturedBytes])).toEqual([
      [1, LINK_NO_PACKET, 12],
      [2, 1, 20],
      [3, LINK_NO_PACKET, 4],
    ]);
  });

  it('so are a journal and the events of Sysdig', () => {
    const events = [9, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0x223].map((type) => block(type, () => bytes(8)));
    const { records: got } = read(section([interfaceBlock(), ...events, packet(0)]));
    expect(got.map(({ linkType }) => linkType)).toEqual([...events.map(() => LINK_NO_PACKET), LINKTYPE.ETHERNET]);
    expect(got.at(-1)?.packet).toBe(events.length + 1);
  });

  it('names, unknown blocks and blocks longer than what is read at once are passed over', () => {
    const names = block(4, () => bytes(40));
    const unknown = block(0x7777, () => bytes(700_000));
    for (const size of [4096, 1024 * 1024]) {
      const { records: got, facts } = read(section([interfaceBlock(), names, packet(0), unknown, packet(1)]), size);
      expect(got.map(({ timeNs }) => timeNs)).toEqual([0, 1e6]);
      expect(facts.warnings).toEqual([]);
    }
  });

  it('a packet in a block that is longer than what is read at once, for its options', () => {
    const options = Array.from({ length: 10 }, () => ({ code: 2988, value: bytes(65_535) }));
    const long = packetBlock({ units: unitsAt(0, MICROSECONDS), bytes: bytes(33), options });
    const { records: got } = read(section([interfaceBlock(), long, packet(1)]), 4096);
    expect(got.map(({ capturedBytes }) => capturedBytes)).toEqual([33, 20]);
  });

  it('more packets than a batch has rows', () => {
    const file = section([interfaceBlock(), ...Array.from({ length: BATCH_ROWS + 2 }, () => packet(0, 0))]);
    const batches: [first: number, count: number][] = [];
    readCapture(memorySource(file), (batch) => batches.push([batch.firstPacket, batch.count]));
    expect(batches).toEqual([
      [1, BATCH_ROWS],
      [BATCH_ROWS + 1, 2],
    ]);
  });
});

describe('times', () => {
  const NS = 1_234_567_890;
  const decimal = [0, 3, 6, 7, 9, 12, 18].map(
    (exponent) => [`10^-${exponent}`, exponent, 10n ** BigInt(exponent)] as const,
  );
  const binary = [0, 10, 20, 30, 32].map(
    (exponent) => [`2^-${exponent}`, 0x80 | exponent, 2n ** BigInt(exponent)] as const,
  );

  for (const [name, resolution, perSecond] of [...decimal, ...binary]) {
    it(`if_tsresol ${name}: exact to the nanosecond`, () => {
      const units = [unitsAt(0, perSecond), unitsAt(NS, perSecond)];
      if (units.some((each) => each >= 2n ** 64n))
        units.splice(0, 2, 5n, 5n + (BigInt(NS) * perSecond) / 1_000_000_000n);
      const blocks = units.map((each) => packetBlock({ units: each, bytes: bytes(1) }));
      const { records: got, facts } = read(section([interfaceBlock({ resolution }), ...blocks], 'big'));
      const wanted = units.map(
        (each) => (each / perSecond) * 1_000_000_000n + ((each % perSecond) * 1_000_000_000n) / perSecond,
      );
      expect(got.map(({ epochNs }) => epochNs)).toEqual(wanted);
      expect(got.map(({ timeNs }) => facts.baseNs + BigInt(timeNs))).toEqual(wanted);
      expect(facts.files[0]?.resolutionDigits).toBe(perSecond > MICROSECONDS ? 9 : 6);
    });
  }

  it('if_tsoffset is added, in seconds, and may be negative', () => {
    for (const offset of [3600n, -3600n, 2n ** 33n, -(2n ** 33n)]) {
      const file = section([interfaceBlock({ offset }), packet(0), packet(7)]);
      const { records: got, facts } = read(file);
      expect(facts.baseNs).toBe(EPOCH_NS + offset * 1_000_000_000n);
      expect(got.map(({ timeNs }) => timeNs)).toEqual([0, 7e6]);
      expect(got[1]?.epochNs).toBe(EPOCH_NS + offset * 1_000_000_000n + 7_000_000n);
    }
  });

  it('interfaces of different resolution and offset share one clock', () => {
    const file = section([
      interfaceBlock({ resolution: 9 }),
      interfaceBlock({ resolution: 3, offset: -10n }),
      packetBlock({ units: unitsAt(123_456_789, 1_000_000_000n), bytes: bytes(1) }),
      packetBlock({ interfaceId: 1, units: unitsAt(10_250_000_000, 1000n), bytes: bytes(1) }),
    ]);
    const { records: got, facts } = read(file);
    expect(got.map(({ timeNs }) => facts.baseNs + BigInt(timeNs) - EPOCH_NS)).toEqual([123_456_789n, 250_000_000n]);
  });

  it('times across the wrap of the lower half, both ways', () => {
    const at = (BUILT_EPOCH_SECONDS * MICROSECONDS) | 0xffff_ffffn;
    const blocks = [at, at + 1n, at - 1n].map((units) => packetBlock({ units, bytes: bytes(1) }));
    expect(read(section([interfaceBlock(), ...blocks])).records.map(({ timeNs }) => timeNs)).toEqual([0, 1000, -1000]);
  });

  it('the base is found behind packets without a plausible time, and behind long secrets', () => {
    const unset = packetBlock({ units: 5n, bytes: bytes(1) });
    const secrets = secretsBlock(bytes(300_000, 0x41));
    const { records: got, facts } = read(section([interfaceBlock(), secrets, unset, packet(0)]));
    expect(facts.baseNs).toBe(EPOCH_NS);
    expect(got[1]?.timeNs).toBe(0);
    expect(got[0]?.timeNs).toBeLessThan(0);
  });
});

describe('options', () => {
  it('comments of packets are kept, with odd lengths and other options around them', () => {
    const options = [{ code: 2, value: bytes(4) }, { code: 2989, value: bytes(7) }, comment('höre')];
    const noted = packetBlock({ units: unitsAt(0, MICROSECONDS), bytes: bytes(3), options });
    const { facts } = read(section([interfaceBlock(), packet(0), noted, packet(1)], 'big'));
    expect(facts.comments).toEqual([{ file: 0, packet: 2, text: 'höre' }]);
  });

  it('a comment is cut at 1,024 bytes, and the 257th is only counted', () => {
    const noted = (text: string) => packetBlock({ units: 0n, bytes: bytes(1), options: [comment(text)] });
    const blocks = [noted('x'.repeat(5000)), ...Array.from({ length: 260 }, (_, index) => noted(`${index}`))];
    const { facts } = read(section([interfaceBlock(), ...blocks]));
    expect(facts.comments[0]?.text).toBe('x'.repeat(1024));
    expect(facts.comments).toHaveLength(256);
    expect(facts.commentsOmitted).toBe(5);
  });

  it('an option that is longer than its block is no option', () => {
    const lying = { code: 1, value: bytes(2) };
    const file = section([interfaceBlock(), packetBlock({ units: 0n, bytes: bytes(4), options: [lying] })]);
    const at = file.length - 4 - 4 - 4 - 4;
    new DataView(file.buffer).setUint16(at + 2, 500, true);
    const { facts, records: got } = read(file);
    expect(got).toHaveLength(1);
    expect(facts.comments).toEqual([]);
  });

  it('drops that interfaces report are added up: the last statistics of each, over all sections', () => {
    const blocks = [interfaceBlock(), interfaceBlock(), packet(0)];
    const first = section([
      ...blocks,
      statisticsBlock(0, 1n, 2n),
      statisticsBlock(0, 10n, 20n),
      statisticsBlock(1, 100n, 0n),
    ]);
    const second = section([...blocks, statisticsBlock(0, 1000n, 0n)], 'big');
    expect(read(joined([first, second])).facts.files[0]?.droppedPackets).toBe(1130);
    expect(read(section(blocks)).facts.files[0]?.droppedPackets).toBe(null);
  });
});

describe('TLS secrets', () => {
  const keyLog = new TextEncoder().encode('CLIENT_RANDOM 00 11\nCLIENT_RANDOM 22 33\n');
  const told = (file: Uint8Array, blockBytes = 4096): string[] => {
    const secrets: string[] = [];
    const onSecrets = (each: Uint8Array) => secrets.push(new TextDecoder().decode(each));
    readCapture(memorySource(file), () => {}, { onSecrets, blockBytes });
    return secrets;
  };

  it('are handed on, of any length', () => {
    const long = new TextEncoder().encode('CLIENT_RANDOM 00 11\n'.repeat(60_000));
    const file = section([secretsBlock(keyLog), interfaceBlock(), secretsBlock(long), packet(0)], 'big');
    for (const size of [64, 4096, 262_144])
      expect(told(file, size)).toEqual([keyLog, long].map((each) => new TextDecoder().decode(each)));
  });

  it('of another kind, or longer than their block, are not', () => {
    expect(told(section([secretsBlock(keyLog, 0x57474b4c), interfaceBlock(), packet(0)]))).toEqual([]);
    const file = section([secretsBlock(keyLog), interfaceBlock()]);
    new DataView(file.buffer).setUint32(28 + 12, 4000, true);
    expect(told(file)).toEqual([]);
  });

  it('are never in what reading tells', () => {
    const { facts } = read(section([secretsBlock(keyLog), interfaceBlock(), packet(0)]));
    expect(JSON.stringify({ ...facts, baseNs: '' })).not.toContain('CLIENT_RANDOM');
  });
});

describe('broken files', () => {
  const sound = [interfaceBlock(), ...Array.from({ length: 6 }, (_, index) => packet(index))];
  const PACKET_BYTES = 52;
  const FIRST_PACKET_AT = 28 + 20;

  it('cut at every byte: what lies whole is read, and one warning says where', () => {
    const file = section(sound);
    for (let length = 28; length < file.length; length++) {
      const { facts, records: got } = read(file.subarray(0, length), 40);
      const whole = Math.max(0, Math.floor((length - FIRST_PACKET_AT) / PACKET_BYTES));
      const isAtBorder =
        length === 28 || (length >= FIRST_PACKET_AT && (length - FIRST_PACKET_AT) % PACKET_BYTES === 0);
      expect(got).toHaveLength(whole);
      expect(facts.warnings.map(({ code, packet: number }) => [code, number])).toEqual(
        isAtBorder ? [] : [['cut-last-record', whole + 1]],
      );
      expect(facts.files[0]?.truncated).toBe(!isAtBorder);
    }
  });

  it('cut within a block that is passed over', () => {
    const file = section([...sound, block(0x7777, () => bytes(600_000))]).subarray(0, -100_000);
    const { facts } = read(file, 4096);
    expect(facts.warnings).toMatchObject([{ code: 'cut-last-record', args: { heldBytes: 500_012 } }]);
  });

  const lies: [name: string, first: number][] = [
    ['0', 0],
    ['8', 8],
    ['not a multiple of four', 53],
    ['less than a packet block has', 28],
    ['2^31', 2 ** 31],
    ['2^32-1', 2 ** 32 - 1],
    ['16 MiB and more', 16 * 1024 * 1024 + 4],
  ];
  for (const [name, first] of lies) {
    it(`a packet block whose length is ${name}: goes on at the next`, () => {
      const lying = packetBlock({ units: 0n, bytes: bytes(20), lengths: { first } });
      const { facts, records: got } = read(section([...sound.slice(0, 3), lying, ...sound.slice(3)]));
      expect(got).toHaveLength(6);
      expect(facts.warnings).toEqual([
        {
          code: 'corrupt-block-skipped',
          file: 0,
          byte: FIRST_PACKET_AT + 2 * PACKET_BYTES,
          packet: 3,
          args: { problem: first === 28 ? 'lengths-disagree' : 'length', skippedBytes: PACKET_BYTES },
        },
      ]);
    });
  }

  it('two lengths of a block that disagree', () => {
    const lying = packetBlock({ units: 0n, bytes: bytes(20), lengths: { last: 56 } });
    const { facts, records: got } = read(section([...sound.slice(0, 3), lying, ...sound.slice(3)]));
    expect(got).toHaveLength(6);
    expect(facts.warnings).toMatchObject([{ code: 'corrupt-block-skipped', args: { problem: 'lengths-disagree' } }]);
  });

  it('more captured bytes than the block or any packet has', () => {
    for (const claimedBytes of [21, 2 ** 31, 2 ** 32 - 1]) {
      const lying = packetBlock({ units: 0n, bytes: bytes(20), claimedBytes });
      const { facts, records: got } = read(section([...sound.slice(0, 3), lying, ...sound.slice(3)]));
      expect(got).toHaveLength(6);
      expect(facts.warnings).toMatchObject([{ code: 'corrupt-block-skipped', packet: 3 }]);
    }
  });

  it('stops where no run of plausible blocks follows', () => {
    const lying = packetBlock({ units: 0n, bytes: bytes(4000, 0xff), lengths: { first: 2 ** 31 } });
    const { facts, records: got } = read(section([...sound, lying]));
    expect(got).toHaveLength(6);
    expect(facts.files[0]?.truncated).toBe(true);
    expect(facts.warnings).toMatchObject([{ code: 'corrupt-block-stopped', packet: 7, args: { searchedBytes: 4032 } }]);
  });

  it('finds the section behind a corrupt region, in its own byte order', () => {
    const lying = packetBlock({ units: 0n, bytes: bytes(40, 0xff), lengths: { first: 1 } });
    const file = joined([section([...sound, lying]), section([interfaceBlock(), packet(50)], 'big')]);
    expect(read(file).records).toHaveLength(7);
  });

  it('more interfaces than are kept: once warned of, and their packets are of unknown link type', () => {
    const kept = 2 ** 16;
    const many = Array.from({ length: kept + 3 }, () => interfaceBlock());
    const { facts, records: got } = read(
      section([...many, packet(0), packet(1, 20, kept - 1), packet(2, 20, kept + 1)]),
    );
    expect(got.map(({ linkType }) => linkType)).toEqual([1, 1, LINK_UNDECLARED]);
    expect(facts.warnings).toMatchObject([
      { code: 'too-many-interfaces', args: { kept } },
      { code: 'undeclared-interface', args: { interfaceId: kept + 1 } },
    ]);
  });

  it('interfaces that were never declared: the packet is numbered, once warned of, and of unknown link type', () => {
    const { facts, records: got } = read(
      section([interfaceBlock(), packet(0), packet(1, 20, 7), packet(2, 20, 9), packet(3)]),
    );
    expect(got.map(({ linkType }) => linkType)).toEqual([1, LINK_UNDECLARED, LINK_UNDECLARED, 1]);
    expect(got.map(({ hasTime }) => hasTime)).toEqual([true, false, false, true]);
    expect(facts.warnings).toMatchObject([{ code: 'undeclared-interface', packet: 2, args: { interfaceId: 7 } }]);
  });

  it('no interface at all', () => {
    const { facts, records: got } = read(section([packet(0), simplePacketBlock(bytes(4))]));
    expect(got.map(({ linkType }) => linkType)).toEqual([LINK_UNDECLARED, LINK_UNDECLARED]);
    expect(facts.warnings).toHaveLength(1);
  });

  it('a later section of another version ends the reading', () => {
    const file = joined([section(sound), section([interfaceBlock(), packet(9)], 'big', { version: [2, 1] })]);
    const { facts, records: got } = read(file);
    expect(got).toHaveLength(6);
    expect(facts.warnings).toMatchObject([{ code: 'section-version', packet: 7, args: { major: 2, minor: 1 } }]);
    expect(facts.files[0]?.truncated).toBe(true);
  });

  it('a file whose first section is of another version, or cut, is refused', () => {
    const versioned = section(sound, 'big', { version: [2, 1] });
    expect(() => read(versioned)).toThrow('it.pcapng: is a pcapng file of version 2.1, which is not read (at byte 12)');
    for (let length = 4; length < 28; length++)
      expect(() => read(section([]).subarray(0, length))).toThrow(
        `ends within the pcapng file header, after ${length} bytes`,
      );
  });

  it('time going backward is told as it is', () => {
    const { records: got } = read(section([interfaceBlock(), packet(100), packet(5), packet(101)]));
    expect(got.map(({ timeNs }) => timeNs)).toEqual([0, -95e6, 1e6]);
  });
});

describe('any block size', () => {
  const anyBlock = fc.oneof(
    fc
      .tuple(fc.nat({ max: 100 }), fc.nat({ max: 80 }), fc.nat({ max: 2 }))
      .map(([ms, length, id]) => packet(ms, length, id)),
    fc.uint8Array({ maxLength: 30 }).map((each) => simplePacketBlock(each)),
    fc.uint8Array({ maxLength: 30 }).map((each) => customBlock(each)),
    fc.uint8Array({ maxLength: 200 }).map((each) => block(0x7777, () => each)),
    fc.constantFrom(
      interfaceBlock(),
      interfaceBlock({ linkType: 'RAW', resolution: 0x94 }),
      statisticsBlock(0, 1n, 1n),
    ),
  );
  const anyFile = fc
    .array(fc.tuple(fc.array(anyBlock, { maxLength: 12 }), fc.constantFrom('little', 'big')), {
      minLength: 1,
      maxLength: 3,
    })
    .map((sections) => joined(sections.map(([blocks, order]) => section([interfaceBlock(), ...blocks], order))));
  const size = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(4096, 262_144));

  it('gives the same records and warnings', () => {
    fc.assert(
      fc.property(anyFile, size, (file, blockBytes) => {
        expect(read(file, blockBytes)).toEqual(read(file));
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same of a file with overwritten bytes, and never throws', () => {
    const overwrites = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(anyFile, overwrites, size, (file, bytesOver, blockBytes) => {
        for (const [where, value] of bytesOver) file[28 + (where % (file.length - 28))] = value;
        expect(read(file, blockBytes)).toEqual(read(file));
      }),
      { numRuns: 300 },
    );
  });
});
