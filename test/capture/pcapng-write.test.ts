import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BytesSource,
  type InterfaceFacts,
  type NameRecord,
  readCapture,
  writeInterface,
  writeNames,
  writePacket,
  writeSecrets,
  writeSection,
} from '../../src/capture/index.ts';
import { LINKTYPE } from '../build/pcap.ts';
import { block, type BuiltBlock, interfaceBlock, joined, packetBlock, section } from '../build/pcapng.ts';

/** What reading a file's bytes tells, packet by packet and beside them. */
function told(bytes: Uint8Array): {
  packets: object[];
  interfaces: InterfaceFacts[];
  names: NameRecord[];
  secrets: string[];
  warnings: number;
} {
  const packets: object[] = [];
  const interfaces: InterfaceFacts[] = [];
  const names: NameRecord[] = [];
  const secrets: string[] = [];
  const facts = readCapture(
    new BytesSource('built', bytes),
    (batch) => {
      for (let row = batch.firstRow; row < batch.count; row++) {
        const at = batch.at[row] ?? 0;
        packets.push({
          bytes: [...new Uint8Array(batch.view.buffer, at, batch.capturedBytes[row] ?? 0)],
          originalBytes: batch.originalBytes[row],
          epochNs: batch.epochNs(row),
          linkType: batch.linkType[row],
          vantage: batch.vantage[row],
          comment: batch.comments.find((comment) => comment.row === row)?.text ?? null,
        });
      }
    },
    {
      onInterface: (described) => void interfaces.push(described),
      onNames: (records) => void names.push(...records),
      onSecrets: (keyLog) => void secrets.push(new TextDecoder().decode(keyLog)),
    },
  );
  return { packets, interfaces, names, secrets, warnings: facts.warnings.length };
}

const ETHERNET = { linkType: LINKTYPE.ETHERNET, snapLength: 128, name: 'eth0', resolutionDigits: 9 } as const;
const COOKED = { linkType: LINKTYPE.LINUX_SLL2, snapLength: 0, name: null, resolutionDigits: 6 } as const;

const anyPacket = fc.record({
  interfaceId: fc.constantFrom(0, 1),
  microseconds: fc.bigInt(0n, 4_000_000_000_000_000n),
  nanoseconds: fc.bigInt(0n, 999n),
  bytes: fc.uint8Array({ maxLength: 70 }),
  cut: fc.nat(3000),
  comment: fc.oneof(fc.constant(null), fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })),
});

test('what is written is read again: bytes, both lengths, time, link type, interface, comment, in order', () => {
  fc.assert(
    fc.property(fc.array(anyPacket, { maxLength: 12 }), (packets) => {
      const written = packets.map(({ interfaceId, microseconds, nanoseconds, bytes, cut, comment }) => {
        const epochNs = microseconds * 1000n + nanoseconds;
        const resolutionDigits = interfaceId === 0 ? (9 as const) : (6 as const);
        return {
          packet: { interfaceId, resolutionDigits, epochNs, bytes, originalBytes: bytes.length + cut },
          comment,
          // A file of microseconds has no more.
          kept: interfaceId === 0 ? epochNs : microseconds * 1000n,
        };
      });
      const file = joined([
        writeSection({ application: 'a test', comment: '' }),
        writeInterface(ETHERNET),
        writeInterface(COOKED),
        ...written.map(({ packet, comment }) =>
          writePacket({ ...packet, comments: comment === null ? [] : [comment] }),
        ),
      ]);
      const again = told(file);
      expect(again.warnings).toBe(0);
      expect(again.packets).toEqual(
        written.map(({ packet, comment, kept }) => ({
          bytes: [...packet.bytes],
          originalBytes: packet.originalBytes,
          epochNs: kept,
          linkType: packet.interfaceId === 0 ? ETHERNET.linkType : COOKED.linkType,
          vantage: packet.interfaceId,
          comment: comment === null ? null : new TextDecoder().decode(new TextEncoder().encode(comment)),
        })),
      );
    }),
  );
});

test('interfaces, names and secrets are read again as they were told', () => {
  const names = [
    { type: 1, value: Uint8Array.of(10, 9, 1, 2, ...new TextEncoder().encode('client\0')) },
    { type: 2, value: Uint8Array.of(...new Uint8Array(15), 1, ...new TextEncoder().encode('localhost\0')) },
  ];
  const file = joined([
    writeSection({ application: 'a test', comment: 'all of it' }),
    writeInterface(ETHERNET),
    writeInterface(COOKED),
    writeNames(names),
    writeSecrets(new TextEncoder().encode('CLIENT_RANDOM 00 11\n')),
  ]);
  expect(told(file)).toEqual({
    packets: [],
    interfaces: [
      { file: 0, vantage: 0, ...ETHERNET },
      { file: 0, vantage: 1, ...COOKED },
    ],
    names,
    secrets: ['CLIENT_RANDOM 00 11\n'],
    warnings: 0,
  });
});

test('a time before 1970 becomes 1970, which is the earliest that pcapng can say', () => {
  const file = joined([
    writeSection({ application: 'a test', comment: '' }),
    writeInterface(ETHERNET),
    writePacket({
      interfaceId: 0,
      resolutionDigits: 9,
      epochNs: -5n,
      bytes: Uint8Array.of(1),
      originalBytes: 1,
      comments: [],
    }),
  ]);
  expect(told(file).packets).toMatchObject([{ epochNs: 0n }]);
});

/** Name Resolution Block (draft-ietf-opsawg-pcapng §4.5) with a record's length as it is told. */
function namesBlock(type: number, value: readonly number[], claimed = value.length): BuiltBlock {
  return block(4, (little) => {
    const bytes = new Uint8Array(4 + value.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, type, little);
    view.setUint16(2, claimed, little);
    bytes.set(value, 4);
    return bytes;
  });
}

test('names are read in either byte order, and a record that claims more than its block has is none', () => {
  const record = [10, 9, 1, 2, 0x61, 0x62, 0x63, 0];
  for (const order of ['little', 'big'] as const) {
    const sound = section([interfaceBlock(), namesBlock(1, record)], order);
    expect(told(sound).names).toEqual([{ type: 1, value: Uint8Array.from(record) }]);
    const lying = section([interfaceBlock(), namesBlock(1, record, 4000)], order);
    expect(told(lying)).toMatchObject({ names: [], warnings: 0 });
  }
});

test('an interface tells its name and how fine its times are, in either byte order', () => {
  const options = [{ code: 2, value: new TextEncoder().encode('ens192') }];
  for (const order of ['little', 'big'] as const) {
    const file = section(
      [
        interfaceBlock({ options, linkType: 'RAW', snapLength: 96, resolution: 9 }),
        interfaceBlock({ resolution: 0x80 | 19 }),
        packetBlock({ units: 0n, bytes: Uint8Array.of(1) }),
      ],
      order,
    );
    expect(told(file).interfaces).toEqual([
      { file: 0, vantage: 0, linkType: LINKTYPE.RAW, snapLength: 96, name: 'ens192', resolutionDigits: 9 },
      { file: 0, vantage: 1, linkType: LINKTYPE.ETHERNET, snapLength: 0, name: null, resolutionDigits: 6 },
    ]);
  }
});
