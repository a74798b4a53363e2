import { describe, expect, it } from 'vitest';
import { FLAG } from '../../src/decode/index.ts';
import type { TcpPacket } from '../build/packet.ts';
import { AT, decode } from './decoded.ts';

const PACKET: TcpPacket = { from: '10.9.1.2:49739', to: '10.9.0.2:80', payload: 'hello' };
/** Offset of the TCP header in an Ethernet frame with plain IPv4. */
const TCP_AT = 34;
const ABSENT = { windowShift: -1, hasTimestamps: 0, tsVal: 0, tsEcr: 0 };

describe('TCP header', () => {
  it('gives ports, flags and window', () => {
    const { segment } = decode({ ...PACKET, flags: 'PSH,ACK', window: 65_535 });
    expect(segment).toMatchObject({ srcPort: 49739, dstPort: 80, flags: FLAG.psh | FLAG.ack, window: 65_535 });
  });

  it('gives sequence numbers as signed words, also above 2^31', () => {
    const { segment } = decode({ ...PACKET, seq: 0xffffffff, ack: 0x80000000 });
    expect([segment.seq, segment.ack]).toEqual([-1, -(2 ** 31)]);
  });

  it('gives all eight flags', () => {
    expect(decode({ ...PACKET, flags: 'FIN,SYN,RST,PSH,ACK,URG,ECE,CWR' }).segment.flags).toBe(0xff);
  });

  it('places the payload', () => {
    const { segment, payload } = decode(PACKET);
    expect([segment.payloadAt, segment.payloadEnd, segment.payloadBytes]).toEqual([
      AT + TCP_AT + 20,
      AT + TCP_AT + 25,
      5,
    ]);
    expect(payload).toBe('hello');
  });

  it('stops at a data offset below five words or beyond the packet', () => {
    expect(decode({ ...PACKET, claimedHeaderBytes: 16 }).stop).toBe('tcpOffsetOdd');
    expect(decode({ ...PACKET, claimedHeaderBytes: 24 }).stop).toBe('none');
    expect(decode({ ...PACKET, claimedHeaderBytes: 28 }).stop).toBe('tcpOffsetOdd');
  });

  it('counts with its 20 bytes captured, though options and payload are not', () => {
    const packet: TcpPacket = { ...PACKET, options: { timestamps: [1, 2] } };
    const { stop, segment, payload } = decode(packet, TCP_AT + 20);
    expect([stop, payload]).toEqual(['none', '']);
    expect(segment).toMatchObject({ payloadBytes: 5, ...ABSENT });
  });
});

describe('TCP options', () => {
  it('are absent without any', () => {
    expect(decode(PACKET).segment).toMatchObject(ABSENT);
  });

  it('of a SYN: timestamps and window scale, behind others', () => {
    const options = { mss: 1460, sackPermitted: true, timestamps: [0xfffffffe, 0], windowShift: 7 } as const;
    expect(decode({ ...PACKET, flags: 'SYN', options }).segment).toMatchObject({
      hasTimestamps: 1,
      tsVal: -2,
      windowShift: 7,
    });
  });

  it('timestamps in their usual place, behind two NOPs', () => {
    const raw = [1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 9];
    expect(decode({ ...PACKET, options: { raw } }).segment).toMatchObject({
      ...ABSENT,
      hasTimestamps: 1,
      tsVal: 5,
      tsEcr: 9,
    });
  });

  it('timestamps, with SACK blocks behind them', () => {
    const options = {
      timestamps: [5, 9],
      sack: [
        [100, 200],
        [300, 400],
      ],
    } as const;
    expect(decode({ ...PACKET, options }).segment).toMatchObject({
      ...ABSENT,
      hasTimestamps: 1,
      tsVal: 5,
      tsEcr: 9,
    });
  });

  it('a window shift above 14 counts as 14 (RFC 7323 §2.3)', () => {
    expect(decode({ ...PACKET, options: { windowShift: 200 } }).segment.windowShift).toBe(14);
  });

  it('of unknown kinds are skipped', () => {
    const raw = [254, 4, 0xde, 0xad, 1, 3, 3, 7];
    expect(decode({ ...PACKET, options: { raw } }).segment).toMatchObject({ ...ABSENT, windowShift: 7 });
  });

  it('end with kind 0', () => {
    expect(decode({ ...PACKET, options: { raw: [0, 1, 1, 1, 1, 3, 3, 7] } }).segment).toMatchObject(ABSENT);
  });

  const impossible: [name: string, raw: number[]][] = [
    ['a length of 0', [8, 0, 1, 1, 1, 3, 3, 7]],
    ['a length of 1', [8, 1, 1, 1, 1, 3, 3, 7]],
    ['a length beyond the header', [1, 1, 8, 10]],
    ['no length byte', [1, 1, 1, 8]],
  ];
  for (const [name, raw] of impossible) {
    it(`with ${name} end the reading; the payload stands`, () => {
      const { stop, segment, payload } = decode({ ...PACKET, options: { raw } });
      expect([stop, payload]).toEqual(['none', 'hello']);
      expect(segment).toMatchObject(ABSENT);
    });
  }

  it("with a length that is not their kind's are not read", () => {
    const raw = [2, 3, 5, 3, 4, 7, 7, 8, 3, 1, 1, 1];
    expect(decode({ ...PACKET, options: { raw } }).segment).toMatchObject(ABSENT);
  });

  it('of an earlier packet do not show through', () => {
    const first = decode({ ...PACKET, options: { mss: 1460, windowShift: 7, timestamps: [1, 2], sack: [[1, 2]] } });
    expect(first.segment).not.toMatchObject(ABSENT);
    expect(decode(PACKET, undefined, first.segment).segment).toMatchObject(ABSENT);
  });
});
