import { describe, expect, it } from 'vitest';
import { NO_PORT } from '../../src/decode/index.ts';
import { LINKTYPE } from '../build/pcap.ts';
import { type Ipv6Extension, type TcpPacket, tcpPacket } from '../build/packet.ts';
import { decode, decodeBytes } from './decoded.ts';

const V4: TcpPacket = { from: '10.9.1.2:49739', to: '203.0.113.200:80', payload: 'hello', ttl: 63, ipId: 0xbeef };
const V6: TcpPacket = { from: '[2001:db8:1:2:3:4:5:ffff]:49739', to: '[fe80::1]:80', payload: 'hello', ttl: 63 };
const ETHERNET_BYTES = 14;

/** The packet with one byte of its IP header changed. */
function patched(packet: TcpPacket, ipOffset: number, value: number) {
  const frame = tcpPacket(packet);
  frame[ETHERNET_BYTES + ipOffset] = value;
  return decodeBytes(frame, LINKTYPE.ETHERNET);
}

describe('IPv4', () => {
  it('gives addresses as mapped ones (RFC 4291 §2.5.5.2), TTL and identification', () => {
    expect(decode(V4).segment).toMatchObject({
      ipVersion: 4,
      src0: 0,
      src1: 0,
      src2: 0xffff,
      src3: 0x0a090102,
      dst2: 0xffff,
      dst3: 0xcb0071c8 | 0,
      ttl: 63,
      ipId: 0xbeef,
    });
  });

  it('skips options', () => {
    expect(decode({ ...V4, ipv4Options: [0x94, 4, 0, 0, 1, 1, 1, 0] }).payload).toBe('hello');
  });

  it('does not take Ethernet padding for payload', () => {
    const { segment, payload } = decode({ ...V4, payload: '', paddingBytes: 6 });
    expect([segment.payloadBytes, payload]).toEqual([0, '']);
  });

  it('takes the frame for the packet where segmentation offload left the total length 0', () => {
    const { segment, payload } = decode({ ...V4, claimedIpLength: 0 });
    expect([segment.payloadBytes, payload]).toEqual([5, 'hello']);
  });

  it('counts bytes beyond the snap length where the total length is 0', () => {
    const packet = { ...V4, payload: 'x'.repeat(100_000), claimedIpLength: 0 };
    const { segment, payload } = decode(packet, 1000);
    expect(segment.payloadBytes).toBe(100_000);
    expect(payload).toHaveLength(1000 - ETHERNET_BYTES - 40);
  });

  it('keeps the payload length of a packet cut by the snap length', () => {
    const { stop, segment, payload } = decode({ ...V4, payload: 'x'.repeat(1000) }, 96);
    expect([stop, segment.payloadBytes, payload.length]).toEqual(['none', 1000, 96 - ETHERNET_BYTES - 40]);
  });

  it('trusts its length where a tool wrote the cut length as the original one', () => {
    const frame = tcpPacket({ ...V4, payload: 'x'.repeat(1000) }).subarray(0, 96);
    expect(decodeBytes(frame, LINKTYPE.ETHERNET, 96).segment.payloadBytes).toBe(1000);
  });

  it('stops at a total length shorter than the header', () => {
    expect(decode({ ...V4, claimedIpLength: 19 }).stop).toBe('ipLengthOdd');
  });

  it('stops at a header length below five words', () => {
    expect(patched(V4, 0, 0x44).stop).toBe('ipLengthOdd');
  });

  it('stops at another version', () => {
    expect(patched(V4, 0, 0x65).stop).toBe('ipVersionOdd');
  });

  it('stops at another protocol', () => {
    expect(patched(V4, 9, 99).stop).toBe('notTcp');
  });

  it('stops at a fragment, first or later', () => {
    for (const offset of [0, 8]) {
      for (const more of [true, false]) {
        if (offset === 0 && !more) continue;
        const { stop, segment } = decode({ ...V4, fragment: { offset, more } });
        expect([stop, segment.fragmentOffset, segment.fragmentMore]).toEqual(['ipFragment', offset, more ? 1 : 0]);
      }
    }
  });

  it('stops where its options are cut', () => {
    const cut = ETHERNET_BYTES + 20 + 4;
    expect(decode({ ...V4, ipv4Options: [1, 1, 1, 1, 1, 1, 1, 1] }, cut).stop).toBe('ipHeaderCut');
  });

  const route = (pointer: number) => [137, 11, pointer, 10, 0, 0, 1, 10, 0, 0, 2, 0];
  it('names the connection by the end of a source route that is not travelled yet (RFC 791 §3.1)', () => {
    expect(decode({ ...V4, ipv4Options: route(4) }).segment.dst3).toBe(0x0a000002);
    expect(decode({ ...V4, ipv4Options: [1, ...route(8).slice(0, 11)] }).segment.dst3).toBe(0x0a000002);
    expect(decode({ ...V4, ipv4Options: route(12) }).segment.dst3).toBe(0xcb0071c8 | 0);
  });

  it('ends the options at one with an impossible length', () => {
    for (const bytes of [0, 1, 12])
      expect(decode({ ...V4, ipv4Options: [131, bytes, 4, 9, 9, 9, 9, 0] }).segment.dst3).toBe(0xcb0071c8 | 0);
  });
});

describe('IPv6', () => {
  it('gives addresses, hop limit, and no identification', () => {
    expect(decode(V6).segment).toMatchObject({
      ipVersion: 6,
      src0: 0x20010db8,
      src1: 0x00010002,
      src2: 0x00030004,
      src3: 0x0005ffff,
      dst0: 0xfe800000 | 0,
      dst1: 0,
      dst2: 0,
      dst3: 1,
      ttl: 63,
      ipId: -1,
    });
  });

  const chains: Ipv6Extension[][] = [
    ['hop-by-hop'],
    ['routing'],
    ['destination-options'],
    ['hop-by-hop', 'destination-options', 'routing', 'destination-options'],
  ];
  for (const ipv6Extensions of chains) {
    it(`follows ${ipv6Extensions.join(', ')}`, () => {
      const { segment, payload } = decode({ ...V6, ipv6Extensions });
      expect([segment.payloadBytes, payload]).toEqual([5, 'hello']);
    });
  }

  it('stops at an extension header that is cut, or runs beyond the packet', () => {
    const packet: TcpPacket = { ...V6, ipv6Extensions: ['hop-by-hop'] };
    expect(decode(packet, ETHERNET_BYTES + 40 + 7).stop).toBe('ipExtensionCut');
    expect(patched(packet, 41, 255).stop).toBe('ipExtensionCut');
  });

  it('reads an atomic fragment, which is the whole packet (RFC 6946)', () => {
    expect(decode({ ...V6, fragment: { offset: 0, more: false } }).payload).toBe('hello');
  });

  it('stops at a fragment, first or later', () => {
    for (const fragment of [
      { offset: 0, more: true },
      { offset: 1448, more: false },
    ]) {
      expect(decode({ ...V6, fragment })).toMatchObject({
        stop: 'ipFragment',
        segment: { fragmentOffset: fragment.offset, fragmentId: 0xfeed, fragmentProtocol: 6, srcPort: NO_PORT },
      });
    }
  });

  it('does not take Ethernet padding for payload', () => {
    const { segment, payload } = decode({ ...V6, paddingBytes: 4 });
    expect([segment.payloadBytes, payload]).toEqual([5, 'hello']);
  });

  it('takes the frame for the packet where the payload length is 0 (RFC 2675 §3, segmentation offload)', () => {
    expect(decode({ ...V6, claimedIpLength: 0 }).segment.payloadBytes).toBe(5);
  });

  it('keeps the payload length of a packet cut by the snap length', () => {
    expect(decode({ ...V6, payload: 'x'.repeat(1000) }, 96).segment.payloadBytes).toBe(1000);
  });

  it('stops at another version and at another protocol', () => {
    expect(patched(V6, 0, 0x45).stop).toBe('ipVersionOdd');
    expect(patched(V6, 6, 99).stop).toBe('notTcp');
  });

  it('follows an authentication header, which counts other units (RFC 4302 §2.2)', () => {
    const frame = tcpPacket({ ...V6, ipv6Extensions: ['destination-options'] });
    frame[ETHERNET_BYTES + 6] = 51;
    frame[ETHERNET_BYTES + 41] = 2;
    expect(decodeBytes(frame, LINKTYPE.ETHERNET).payload).toBe('hello');
  });

  it('follows what stands behind one', () => {
    const frame = tcpPacket({ ...V6, ipv6Extensions: ['destination-options', 'destination-options'] });
    frame[ETHERNET_BYTES + 6] = 51;
    frame[ETHERNET_BYTES + 41] = 2;
    expect(decodeBytes(frame, LINKTYPE.ETHERNET).payload).toBe('hello');
  });
});

it('RAW stops where the first nibble is neither 4 nor 6', () => {
  expect(decodeBytes(Uint8Array.of(0x50, 0, 0, 0), LINKTYPE.RAW).stop).toBe('ipVersionOdd');
});
