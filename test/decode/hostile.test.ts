import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isLinkTypeKnown,
  isOtherTraffic,
  isSegment,
  STOP,
  STOP_COUNT,
  STOP_NAMES,
  type StopCode,
} from '../../src/decode/index.ts';
import { ETHER_TYPE, ethernet, geneve, gre, icmp, ipv4, mpls, PROTOCOL, udp, vxlan } from '../build/layers.ts';
import { LINKTYPE } from '../build/pcap.ts';
import { linkTypeOf, type TcpPacket, tcpPacket } from '../build/packet.ts';
import { AT, decodeBytes } from './decoded.ts';

const KNOWN_LINK_TYPES = Array.from({ length: 300 }, (_, number) => number).filter(isLinkTypeKnown);
const linkType = fc.constantFrom(...KNOWN_LINK_TYPES);
const originalBytes = fc.oneof(fc.nat({ max: 2000 }), fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1));

/** A packet of any shape that the builder knows. */
const packet: fc.Arbitrary<TcpPacket> = fc.record(
  {
    from: fc.constant('10.9.1.2:49739'),
    to: fc.constant('10.9.0.2:80'),
    seq: fc.nat({ max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 200 }),
    link: fc.constantFrom('ETHERNET', 'LINUX_SLL', 'LINUX_SLL2', 'RAW', 'NULL'),
    vlan: fc.array(fc.nat({ max: 4095 }), { maxLength: 2 }),
    options: fc.record({ mss: fc.nat({ max: 65_535 }), windowShift: fc.nat({ max: 14 }) }, { requiredKeys: [] }),
    paddingBytes: fc.nat({ max: 10 }),
  },
  { requiredKeys: ['from', 'to', 'payload'] },
);

/** What holds of every decoded segment, whatever the bytes said. */
function isInBounds(frame: Uint8Array, type: number, original: number): void {
  const { stop, segment } = decodeBytes(frame, type, original);
  expect(STOP_NAMES).toContain(stop);
  if (stop !== 'none') return;
  expect(segment.payloadAt).toBeGreaterThanOrEqual(AT + 20 + 20);
  expect(segment.payloadAt).toBeLessThanOrEqual(segment.payloadEnd);
  expect(segment.payloadEnd).toBeLessThanOrEqual(AT + frame.length);
  expect(segment.payloadBytes).toBeGreaterThanOrEqual(segment.payloadEnd - segment.payloadAt);
  for (const value of Object.values(segment)) expect(value).toBe(value | 0);
}

describe('hostile bytes', () => {
  it('never throw, and never place a payload outside the packet', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), linkType, originalBytes, isInBounds), { numRuns: 2000 });
  });

  it('nor do sound packets with overwritten bytes', () => {
    const overwrites = fc.array(fc.tuple(fc.nat({ max: 90 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(packet, overwrites, originalBytes, (described, bytes, original) => {
        const frame = tcpPacket(described);
        for (const [where, value] of bytes) if (where < frame.length) frame[where] = value;
        isInBounds(frame, linkTypeOf(described), original);
      }),
      { numRuns: 2000 },
    );
  });

  it('nor do tunnels with overwritten bytes', () => {
    const overwrites = fc.array(fc.tuple(fc.nat({ max: 110 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    const wrapper = fc.constantFrom<(inner: number[]) => number[]>(
      (inner) => ipv4(PROTOCOL.ipv4, inner),
      (inner) => ipv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, inner, { key: 1 })),
      (inner) => ipv4(PROTOCOL.udp, udp(1, 4789, vxlan(1, ethernet(ETHER_TYPE.ipv4, inner)))),
      (inner) => ipv4(PROTOCOL.udp, udp(1, 6081, geneve(1, ETHER_TYPE.ipv4, inner, 1))),
      (inner) => ipv4(PROTOCOL.gre, gre(ETHER_TYPE.mpls, mpls([1], inner))),
      (inner) => ipv4(PROTOCOL.icmp, icmp(3, 1, 0, inner)),
    );
    fc.assert(
      fc.property(
        packet,
        wrapper,
        wrapper,
        overwrites,
        originalBytes,
        (described, inside, outside, bytes, original) => {
          const frame = Uint8Array.from(
            outside(inside([...tcpPacket({ ...described, link: 'RAW', paddingBytes: 0 })])),
          );
          for (const [where, value] of bytes) if (where < frame.length) frame[where] = value;
          isInBounds(frame, LINKTYPE.RAW, original);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('a packet cut anywhere stops at a cut header, or gives the same numbers', () => {
    fc.assert(
      fc.property(packet, fc.nat(), (described, cut) => {
        const frame = tcpPacket(described);
        const type = linkTypeOf(described);
        const whole = decodeBytes(frame, type);
        const part = decodeBytes(frame.subarray(0, cut % frame.length), type, frame.length);
        if (part.stop !== 'none') {
          expect(part.stop).toMatch(/Cut$/);
          return;
        }
        const { seq, srcPort, payloadBytes } = whole.segment;
        expect(part.segment).toMatchObject({ seq, srcPort, payloadBytes });
        expect(whole.payload.startsWith(part.payload)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('stop codes', () => {
  it('are dense, and each has a name', () => {
    expect(Object.values(STOP)).toEqual(Array.from({ length: STOP_COUNT }, (_, index) => index));
    expect(STOP_NAMES.length).toBe(STOP_COUNT);
    expect([STOP_NAMES[STOP.ipFragment], STOP_NAMES[STOP.tcpOffsetOdd]]).toEqual(['ipFragment', 'tcpOffsetOdd']);
  });

  it('tell other traffic from packets that could not be decoded', () => {
    const other = STOP_NAMES.filter((_, stop) => isOtherTraffic(stop as StopCode));
    expect(other.slice(0, 4)).toEqual(['fragmentHeld', 'icmpQuote', 'notIp', 'arp']);
    expect(other.filter((name) => /Cut|Odd|Many|Unknown|ipFragment/u.test(name))).toEqual([]);
    expect(STOP_NAMES.filter((_, stop) => isSegment(stop as StopCode))).toEqual(['none', 'reassembled']);
  });
});
