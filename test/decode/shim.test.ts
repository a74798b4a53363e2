import { describe, expect, it } from 'vitest';
import { NO_PORT } from '../../src/decode/index.ts';
import { ETHER_TYPE, ethernet, ipv4, ipv6, mpls, pppoe, PROTOCOL, u16, udp } from '../build/layers.ts';
import { tcpPacket } from '../build/packet.ts';
import { LINKTYPE } from '../build/pcap.ts';
import { decodeBytes } from './decoded.ts';

const V4 = tcpPacket({ from: '10.9.1.2:49739', to: '10.9.0.2:80', payload: 'hello', link: 'RAW' });
const V6 = tcpPacket({ from: '[2001:db8::1]:49739', to: '[2001:db8::2]:80', payload: 'hello', link: 'RAW' });
const FRAME = ethernet(ETHER_TYPE.ipv4, V4);
const PPP_V4 = [0x00, 0x21, ...V4];
const SNAP = [0xaa, 0xaa, 3, 0, 0, 0];
const ADDRESSES = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8];

function read(linkType: number, bytes: readonly number[]) {
  return decodeBytes(Uint8Array.from(bytes), linkType);
}

function onEthernet(etherType: number, payload: readonly number[]) {
  return read(LINKTYPE.ETHERNET, ethernet(etherType, payload));
}

describe('between Ethernet and IP', () => {
  const stacks: [name: string, etherType: number, payload: readonly number[]][] = [
    ['an MPLS label', ETHER_TYPE.mpls, mpls([100], V4)],
    ['MPLS labels over IPv6', ETHER_TYPE.mpls, mpls([100, 2], V6)],
    ['MPLS labels that the receiver assigned', 0x8848, mpls([100, 200, 0], V4)],
    ['MPLS in a VLAN', ETHER_TYPE.vlan, [0, 7, ...u16(ETHER_TYPE.mpls), ...mpls([100], V4)]],
    ['PPPoE (RFC 2516)', ETHER_TYPE.pppoe, pppoe(PPP_V4)],
    ['PPPoE with IPv6', ETHER_TYPE.pppoe, pppoe([0x00, 0x57, ...V6])],
    ['PPPoE with MPLS', ETHER_TYPE.pppoe, pppoe([0x02, 0x81, ...mpls([4], V4)])],
    ['PPPoE with padding behind it', ETHER_TYPE.pppoe, [...pppoe(PPP_V4), 0, 0, 0, 0]],
    ['PPP with a compressed number (RFC 1661 §6.5)', ETHER_TYPE.pppoe, pppoe([0x21, ...V4])],
    ['a provider backbone bridge (IEEE 802.1ah)', ETHER_TYPE.providerBackbone, [0, 0, 0, 7, ...FRAME]],
    ['a port extender (IEEE 802.1BR)', ETHER_TYPE.portExtension, [0, 0, 0, 0, 0, 0, ...u16(ETHER_TYPE.ipv4), ...V4]],
    ['a VN-Tag', ETHER_TYPE.vnTag, [0, 0, 0, 0, ...u16(ETHER_TYPE.ipv4), ...V4]],
    ['a service chain (RFC 8300)', ETHER_TYPE.nsh, [0, 2, 1, 1, 0, 0, 1, 255, ...V4]],
    ['SNAP (RFC 1042)', 80, [...SNAP, ...u16(ETHER_TYPE.ipv4), ...V4]],
    ['SNAP of a bridge (IEEE 802.1H)', 80, [0xaa, 0xaa, 3, 0, 0, 0xf8, ...u16(ETHER_TYPE.ipv6), ...V6]],
    ['IEEE 802.2 with IP', 80, [6, 6, 3, ...V4]],
    ['an old provider tag', 0x9200, [0, 7, ...u16(ETHER_TYPE.ipv4), ...V4]],
  ];
  for (const [name, etherType, payload] of stacks) {
    it(`${name} is skipped`, () => {
      const decoded = onEthernet(etherType, payload);
      expect([decoded.stop, decoded.payload, decoded.segment.tunnels]).toEqual(['none', 'hello', 0]);
    });
  }

  it('an IP length beyond the PPPoE frame counts padding, which is no payload', () => {
    const frame = ethernet(ETHER_TYPE.pppoe, [...pppoe(PPP_V4, PPP_V4.length - 5), 0, 0]);
    expect(read(LINKTYPE.ETHERNET, frame).segment.payloadBytes).toBe(0);
    const cut = decodeBytes(Uint8Array.from(frame.slice(0, 14 + 6 + 2 + 40)), LINKTYPE.ETHERNET, frame.length);
    expect(cut.segment.payloadBytes).toBe(0);
  });

  it('what a label stands for is not guessed where no IP follows', () => {
    expect(onEthernet(ETHER_TYPE.mpls, mpls([5], [0, 0, 0, 0, ...FRAME])).stop).toBe('mplsOther');
  });

  it('tags and frames in each other end at a fixed depth', () => {
    const nested = (depth: number): number[] =>
      depth === 0 ? FRAME : ethernet(ETHER_TYPE.providerBackbone, [0, 0, 0, 1, ...nested(depth - 1)]);
    expect(read(LINKTYPE.ETHERNET, nested(16)).stop).toBe('none');
    expect(read(LINKTYPE.ETHERNET, nested(17)).stop).toBe('layersMany');
  });
});

describe('link types', () => {
  const nflogPayload = (bytes: readonly number[]) => [...u16LE(4 + bytes.length), 9, 0, ...bytes];
  const nflog = [0, 0, 0, 0, 5, 0, 10, 0, 0x41, 0, 0, 0];
  const pktap = (flags: number, linkType: number) => [
    44,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    linkType,
    0,
    0,
    0,
    ...Array(24).fill(0),
    flags,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  const data = (flags: number, subtype = 0) => [0x08 | subtype, flags, 0, 0, ...ADDRESSES, ...Array(8).fill(0)];
  const wireless = [...SNAP, ...u16(ETHER_TYPE.ipv4), ...V4];
  const frames: [name: string, linkType: number, bytes: readonly number[]][] = [
    ['PPP', 9, PPP_V4],
    ['PPP in HDLC framing', 9, [0xff, 3, ...PPP_V4]],
    ['PPP_HDLC', 50, [0xff, 3, ...PPP_V4]],
    ['PPP_HDLC that is Cisco HDLC', 50, [0x0f, 0, 8, 0, ...V4]],
    ['PPP_ETHER', 51, pppoe(PPP_V4)],
    ['C_HDLC', 104, [0x8f, 0, 0x86, 0xdd, ...V6]],
    ['FRELAY with IPv4 (RFC 2427)', 107, [0x18, 0x41, 3, 0xcc, ...V4]],
    ['FRELAY with IPv6', 107, [0x18, 0x41, 3, 0x8e, ...V6]],
    ['FRELAY with SNAP and padding', 107, [0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0, ...V4]],
    ["FRELAY in Cisco's way, a long address", 107, [0x18, 0x40, 0x40, 0x41, 8, 0, ...V4]],
    ['PPP_PPPD', 166, [0, 3, ...PPP_V4]],
    ['PPP_WITH_DIR', 204, [1, 0xff, 3, ...PPP_V4]],
    ['NFLOG with IPv4', 239, [2, 0, 0, 0, ...nflog.slice(4), ...nflogPayload([...V4])]],
    ['NFLOG with IPv6', 239, [10, 0, 0, 0, ...nflogPayload([...V6])]],
    ['NFLOG of a big-endian host', 239, [2, 0, 0, 0, ...u16(4 + V4.length), 0, 9, ...V4]],
    ['IPOIB', 242, [...Array(40).fill(0), 8, 0, 0, 0, ...V4]],
    ['PKTAP over Ethernet', 258, [...pktap(1, 1), ...FRAME]],
    ['PKTAP over RAW', 258, [...pktap(1, 101), ...V4]],
    ['DSA_TAG_BRCM', 281, [...ADDRESSES, 1, 2, 3, 4, 8, 0, ...V4]],
    ['DSA_TAG_BRCM_PREPEND', 282, [1, 2, 3, 4, ...FRAME]],
    ['DSA_TAG_DSA', 284, [...ADDRESSES, 1, 2, 3, 4, 8, 0, ...V4]],
    ['IEEE802_11', 105, [...data(1), ...wireless]],
    ['IEEE802_11 with quality of service', 105, [...data(2, 0x80), 0, 0, ...wireless]],
    ['IEEE802_11 relayed', 105, [...data(3), ...ADDRESSES.slice(6), ...wireless]],
    ['IEEE802_11 with high throughput control', 105, [...data(0x81, 0x80), 0, 0, 1, 2, 3, 4, ...wireless]],
    ['IEEE802_11_RADIOTAP', 127, [0, 0, 8, 0, 0, 0, 0, 0, ...data(1), ...wireless]],
    [
      'IEEE802_11_RADIOTAP with padding',
      127,
      [0, 0, 9, 0, 2, 0, 0, 0, 0x20, ...data(1, 0x80), 0, 0, 0xee, 0xee, ...wireless],
    ],
    [
      'IEEE802_11_RADIOTAP with a time, two words of fields, and padding',
      127,
      [
        0,
        0,
        25,
        0,
        3,
        0,
        0,
        0x80,
        0,
        0,
        0,
        0,
        0xee,
        0xee,
        0xee,
        0xee,
        9,
        9,
        9,
        9,
        9,
        9,
        9,
        9,
        0x20,
        ...data(1, 0x80),
        0,
        0,
        0xee,
        0xee,
        ...wireless,
      ],
    ],
  ];
  for (const [name, linkType, bytes] of frames) {
    it(name, () => {
      const { stop, payload, segment } = read(linkType, bytes);
      expect([stop, payload, segment.srcPort]).toEqual(['none', 'hello', 49739]);
    });

    it(`${name}: cut anywhere before TCP, it stops`, () => {
      for (let length = 0; length < bytes.length - 'hello'.length; length++) {
        const { stop } = decodeBytes(Uint8Array.from(bytes.slice(0, length)), linkType, bytes.length);
        expect(stop).toMatch(/Cut$/u);
      }
    });
  }

  it('PKTAP tells the direction', () => {
    const directions = [1, 2, 0].map((flags) => read(258, [...pktap(flags, 1), ...FRAME]).segment.direction);
    expect(directions).toEqual([1, 2, 0]);
  });

  it('PKTAP around a link type without a reader', () => {
    expect(read(258, [...pktap(1, 147), ...FRAME]).stop).toBe('linkTypeUnknown');
  });

  it('wireless frames without a packet, encrypted or aggregated, are counted as such', () => {
    const beacon = [0x80, 0, 0, 0, ...ADDRESSES, ...Array(8).fill(0)];
    const acknowledgement = [0xd4, 0, 0, 0, ...ADDRESSES.slice(6)];
    const aggregate = [...data(1, 0x80), 0x80, 0, ...wireless];
    for (const frame of [beacon, acknowledgement, data(1, 0x40), [...data(0x41), ...wireless], aggregate])
      expect(read(105, frame).stop).toBe('wlan');
  });
});

function u16LE(value: number): [number, number] {
  const [high, low] = u16(value);
  return [low, high];
}

describe('what is not analysed is named', () => {
  const quicLong = [0xc3, 0, 0, 0, 1, 8, 1, 2, 3];
  const kinds: [stop: string, etherType: number, payload: readonly number[]][] = [
    ['arp', 0x0806, []],
    ['arp', 0x8035, []],
    ['lacp', 0x8809, []],
    ['pppoeDiscovery', 0x8863, []],
    ['pppoeDiscovery', ETHER_TYPE.pppoe, pppoe([], 0, 9)],
    ['pppControl', ETHER_TYPE.pppoe, pppoe([0xc0, 0x21, 1, 1])],
    ['eapol', 0x888e, []],
    ['lldp', 0x88cc, []],
    ['macsec', 0x88e5, []],
    ['ptp', 0x88f7, []],
    ['notIp', 0x9999, []],
    ['notIp', 1501, []],
    ['stp', 38, [0x42, 0x42, 3]],
    ['llc', 38, [0xfe, 0xfe, 3]],
    ['llc', 38, [0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0]],
    ['udp', ETHER_TYPE.ipv4, ipv4(17, udp(1000, 2000, [1]))],
    ['dns', ETHER_TYPE.ipv4, ipv4(17, udp(1000, 53, [1]))],
    ['dns', ETHER_TYPE.ipv6, ipv6(17, udp(53, 1000, [1]))],
    ['dns', ETHER_TYPE.ipv4, ipv4(17, udp(5353, 5353, [1]))],
    ['quic', ETHER_TYPE.ipv4, ipv4(17, udp(1000, 443, [0x41]))],
    ['quic', ETHER_TYPE.ipv4, ipv4(17, udp(443, 1000, [0x7f]))],
    ['quic', ETHER_TYPE.ipv4, ipv4(17, udp(1000, 8443, quicLong))],
    ['udp', ETHER_TYPE.ipv4, ipv4(17, udp(1000, 8443, quicLong.slice(0, 4)))],
    ['udp', ETHER_TYPE.ipv4, ipv4(17, udp(1000, 443, [0x01]))],
    ['udp', ETHER_TYPE.ipv4, ipv4(17, udp(1000, 443, []))],
    ['icmp', ETHER_TYPE.ipv4, ipv4(1, [8, 0, 0, 0, 0, 1, 0, 1, 0x45])],
    ['icmpv6', ETHER_TYPE.ipv6, ipv6(58, [135, 0, 0, 0, 0, 0, 0, 0, 0x60])],
    ['igmp', ETHER_TYPE.ipv4, ipv4(2, [])],
    ['sctp', ETHER_TYPE.ipv4, ipv4(132, [...u16(5), ...u16(6)])],
    ['esp', ETHER_TYPE.ipv6, ipv6(50, [])],
    ['ospf', ETHER_TYPE.ipv4, ipv4(89, [])],
    ['pim', ETHER_TYPE.ipv4, ipv4(103, [])],
    ['vrrp', ETHER_TYPE.ipv4, ipv4(112, [])],
    ['notTcp', ETHER_TYPE.ipv4, ipv4(255, [])],
  ];
  for (const [index, [stop, etherType, payload]] of kinds.entries()) {
    it(`${stop} (${index})`, () => {
      expect(onEthernet(etherType, payload).stop).toBe(stop);
    });
  }

  it('with addresses, and ports where there are some', () => {
    const { segment } = onEthernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(1000, 2000, [])));
    expect(segment).toMatchObject({ ipVersion: 4, src3: 0xc0000201 | 0, srcPort: 1000, dstPort: 2000 });
    const sctp = onEthernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.sctp, [...u16(5), ...u16(6)]));
    expect(sctp.segment).toMatchObject({ srcPort: 5, dstPort: 6 });
    const igmp = onEthernet(ETHER_TYPE.ipv6, ipv6(2, []));
    expect(igmp.segment).toMatchObject({ ipVersion: 6, srcPort: NO_PORT, dstPort: NO_PORT });
    expect(onEthernet(ETHER_TYPE.arp, []).segment.ipVersion).toBe(0);
  });

  it('ports of a TCP header that is cut, or says what cannot be, are kept', () => {
    const cut = decodeBytes(V4.subarray(0, 24), LINKTYPE.RAW, V4.length);
    expect(cut).toMatchObject({ stop: 'tcpHeaderCut', segment: { srcPort: 49739, dstPort: 80 } });
    const shorter = decodeBytes(V4.subarray(0, 23), LINKTYPE.RAW, V4.length);
    expect(shorter).toMatchObject({ stop: 'tcpHeaderCut', segment: { srcPort: NO_PORT, dstPort: NO_PORT } });
    const odd = V4.slice();
    odd[32] = 0x10;
    expect(decodeBytes(odd, LINKTYPE.RAW)).toMatchObject({ stop: 'tcpOffsetOdd', segment: { srcPort: 49739 } });
  });
});
