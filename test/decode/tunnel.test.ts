import { describe, expect, it } from 'vitest';
import { NO_PORT, TUNNEL } from '../../src/decode/index.ts';
import { ETHER_TYPE, ethernet, geneve, gre, ipv4, ipv6, mpls, PROTOCOL, udp, vxlan } from '../build/layers.ts';
import { tcpPacket } from '../build/packet.ts';
import { LINKTYPE } from '../build/pcap.ts';
import { decodeBytes } from './decoded.ts';

const V4 = tcpPacket({ from: '10.9.1.2:49739', to: '10.9.0.2:80', payload: 'hello', link: 'RAW' });
const V6 = tcpPacket({ from: '[2001:db8::1]:49739', to: '[2001:db8::2]:80', payload: 'hello', link: 'RAW' });
const FRAME = ethernet(ETHER_TYPE.ipv4, V4);
const OUTER_SOURCE = 0xc0000201 | 0;

function inIpv4(protocol: number, payload: readonly number[] | Uint8Array) {
  return decodeBytes(Uint8Array.from(ethernet(ETHER_TYPE.ipv4, ipv4(protocol, payload))), LINKTYPE.ETHERNET);
}

function inUdp(port: number, payload: readonly number[], sourcePort = 40_000) {
  return inIpv4(PROTOCOL.udp, udp(sourcePort, port, payload));
}

describe('a packet inside another is the one that is analysed', () => {
  const { ipInIp, gre: inGre, vxlan: inVxlan, geneve: inGeneve, gtpUser, other } = TUNNEL;
  const stacks: [name: string, tunnel: number, id: number, decoded: ReturnType<typeof inIpv4>][] = [
    ['IPv4 in IPv4 (RFC 2003)', ipInIp, 0, inIpv4(PROTOCOL.ipv4, V4)],
    ['IPv6 in IPv4 (RFC 4213)', ipInIp, 0, inIpv4(PROTOCOL.ipv6, V6)],
    ['GRE (RFC 2784)', inGre, 0, inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, V4))],
    ['GRE with IPv6', inGre, 0, inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv6, V6))],
    ['GRE with a checksum', inGre, 0, inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, V4, { checksum: true }))],
    ['GRE with a key (RFC 2890)', inGre, 7, inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, V4, { key: 7 }))],
    [
      'GRE with everything',
      inGre,
      9,
      inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, V4, { checksum: true, key: 9, sequence: 1 })),
    ],
    ['GRE with Ethernet', inGre, 0, inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ethernet, FRAME))],
    ['GRE with MPLS', inGre, 0, inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.mpls, mpls([16, 17], V4)))],
    [
      'GRE of PPTP (RFC 2637)',
      inGre,
      0,
      inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ppp, [0x00, 0x21, ...V4], { key: 1, sequence: 1, flags: 1 })),
    ],
    ['ERSPAN I', inGre, 0, inIpv4(PROTOCOL.gre, gre(0x88be, FRAME))],
    ['ERSPAN II', inGre, 0, inIpv4(PROTOCOL.gre, gre(0x88be, [...Array(8).fill(0), ...FRAME], { sequence: 1 }))],
    ['ERSPAN III', inGre, 0, inIpv4(PROTOCOL.gre, gre(0x22eb, [...Array(12).fill(0), ...FRAME], { sequence: 1 }))],
    [
      'ERSPAN III with its option',
      inGre,
      0,
      inIpv4(PROTOCOL.gre, gre(0x22eb, [...Array(11).fill(0), 1, ...Array(8).fill(0), ...FRAME], { sequence: 1 })),
    ],
    ['WCCP in GRE, with its word', inGre, 0, inIpv4(PROTOCOL.gre, gre(0x883e, [0, 0, 0, 0, ...V4]))],
    ['WCCP in GRE, without', inGre, 0, inIpv4(PROTOCOL.gre, gre(0x883e, V4))],
    ['VXLAN (RFC 7348)', inVxlan, 70_000, inUdp(4789, vxlan(70_000, FRAME))],
    ['VXLAN from its port', inVxlan, 5, inUdp(40_000, vxlan(5, FRAME), 4789)],
    ['VXLAN as flannel has it', inVxlan, 1, inUdp(8472, vxlan(1, FRAME))],
    ['VXLAN-GPE with IPv4', inVxlan, 3, inUdp(4790, [0x0c, 0, 0, 1, 0, 0, 3, 0, ...V4])],
    ['VXLAN-GPE with NSH', inVxlan, 3, inUdp(4790, [0x0c, 0, 0, 4, 0, 0, 3, 0, 0, 2, 1, 1, 0, 0, 0, 0, ...V4])],
    ['VXLAN of a tagged frame', inVxlan, 2, inUdp(4789, vxlan(2, ethernet(ETHER_TYPE.vlan, [0, 5, 8, 0, ...V4])))],
    ['Geneve (RFC 8926)', inGeneve, 8, inUdp(6081, geneve(8, ETHER_TYPE.ethernet, FRAME))],
    ['Geneve with options', inGeneve, 8, inUdp(6081, geneve(8, ETHER_TYPE.ethernet, FRAME, 3))],
    ['Geneve with IPv6', inGeneve, 8, inUdp(6081, geneve(8, ETHER_TYPE.ipv6, V6))],
    ['GTP-U (3GPP TS 29.281)', gtpUser, 9, inUdp(2152, [0x30, 0xff, 0, V4.length, 0, 0, 0, 9, ...V4])],
    ['GTP-U with IPv6', gtpUser, 9, inUdp(2152, [0x30, 0xff, 0, V6.length, 0, 0, 0, 9, ...V6])],
    [
      'GTP-U with a sequence number, whose extension type means nothing',
      gtpUser,
      9,
      inUdp(2152, [0x32, 0xff, 0, 0, 0, 0, 0, 9, 0, 1, 0, 0x85, ...V4]),
    ],
    [
      'GTP-U with extension headers',
      gtpUser,
      9,
      inUdp(2152, [0x34, 0xff, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0, 9, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0, ...V4]),
    ],
    ['MPLS in IP (RFC 4023)', other, 0, inIpv4(PROTOCOL.mpls, mpls([99], V4))],
    ['MPLS in UDP (RFC 7510)', other, 0, inUdp(6635, mpls([99], V6))],
    ['EtherIP (RFC 3378)', other, 0, inIpv4(PROTOCOL.etherIp, [0x30, 0, ...FRAME])],
    ['Ethernet in IP (RFC 8986)', other, 0, inIpv4(PROTOCOL.ethernet, FRAME)],
    ['Teredo (RFC 4380)', ipInIp, 0, inUdp(3544, [...V6])],
    ['Teredo with an origin', ipInIp, 0, inUdp(3544, [0, 0, 1, 2, 3, 4, 5, 6, ...V6])],
    ['Teredo with an authentication', ipInIp, 0, inUdp(3544, [0, 1, 1, 2, 9, 9, 9, ...Array(9).fill(0), ...V6])],
    ['an authentication header (RFC 4302)', TUNNEL.none, 0, inIpv4(51, [6, 4, ...Array(22).fill(0), ...V4.slice(20)])],
  ];
  for (const [name, tunnel, id, { stop, segment, payload }] of stacks) {
    it(name, () => {
      expect([stop, segment.srcPort, segment.dstPort, payload]).toEqual(['none', 49739, 80, 'hello']);
      if (tunnel === TUNNEL.none) return;
      expect(segment).toMatchObject({ tunnels: 1, tunnel, tunnelId: id, outerIpVersion: 4, outerSrc3: OUTER_SOURCE });
      expect(segment.src3).toBe(segment.ipVersion === 4 ? 0x0a090102 : 1);
    });
  }

  it('IPv4 in IPv6, and IPv6 in IPv6 (RFC 2473)', () => {
    for (const [protocol, inner] of [
      [PROTOCOL.ipv4, V4],
      [PROTOCOL.ipv6, V6],
    ] as const) {
      const { segment, payload } = decodeBytes(Uint8Array.from(ipv6(protocol, inner)), LINKTYPE.RAW);
      expect([payload, segment.tunnels, segment.outerIpVersion, segment.outerDst3]).toEqual(['hello', 1, 6, 0x92]);
    }
  });
});

describe('tunnels in tunnels', () => {
  it('keep the outermost addresses and the innermost network', () => {
    const inner = ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(1, 4789, vxlan(5, FRAME))));
    const { segment, payload } = decodeBytes(
      Uint8Array.from(ipv6(PROTOCOL.gre, gre(ETHER_TYPE.ethernet, inner, { key: 3 }))),
      LINKTYPE.RAW,
    );
    expect(payload).toBe('hello');
    expect(segment).toMatchObject({
      tunnels: 2,
      tunnel: TUNNEL.vxlan,
      tunnelId: 5,
      outerIpVersion: 6,
      outerSrc3: 0x91,
    });
  });

  it('end at a fixed depth', () => {
    const nested = (depth: number): number[] => (depth === 0 ? [...V4] : ipv4(PROTOCOL.ipv4, nested(depth - 1)));
    const at = (depth: number) => decodeBytes(Uint8Array.from(nested(depth)), LINKTYPE.RAW).stop;
    expect([at(16), at(17), at(60)]).toEqual(['none', 'layersMany', 'layersMany']);
  });

  it('leave nothing behind for the next packet', () => {
    const { segment } = inIpv4(PROTOCOL.ipv4, V4);
    decodeBytes(V4, LINKTYPE.RAW, V4.length, segment);
    expect(segment.tunnels).toBe(0);
  });
});

describe('what is no such tunnel', () => {
  it('is UDP on the port that VXLAN shares with other programs', () => {
    expect(inUdp(8472, [8, 1, 0, 0, 0, 0, 1, 0, ...FRAME]).stop).toBe('udp');
    expect(inUdp(8472, [8, 0, 0, 0, 0, 0, 1, 1, ...FRAME]).stop).toBe('udp');
    expect(inUdp(8472, [8, 0, 0]).stop).toBe('udp');
  });

  it('is UDP where GTP-U carries no packet', () => {
    expect(inUdp(2152, [0x30, 1, 0, 0, 0, 0, 0, 0]).stop).toBe('udp');
    expect(inUdp(2152, [0x48, 0xff, 0, 0, 0, 0, 0, 9, ...V4]).stop).toBe('udp');
    expect(inUdp(2152, [0x30, 0xff, 0, 0, 0, 0, 0, 9, 0, ...V4]).stop).toBe('udp');
    // An extension header without a length would never end.
    expect(inUdp(2152, [0x34, 0xff, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x85, 0, 0, 9, 0, ...V4]).stop).toBe('tunnelCut');
  });

  it('is named where its header has no meaning', () => {
    expect(inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, V4, { flags: 0x4000 })).stop).toBe('tunnelOdd');
    expect(inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, V4, { flags: 2 })).stop).toBe('tunnelOdd');
    expect(inUdp(4790, [0x0c, 0, 0, 9, 0, 0, 3, 0, ...V4]).stop).toBe('tunnelOdd');
  });

  it('is GRE where it carries nothing (RFC 2637 §4.1: an acknowledgement)', () => {
    expect(inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ppp, [0, 0, 0, 9], { key: 1, flags: 0x0081 })).stop).toBe('gre');
  });

  it('is what it carries, where that is no TCP', () => {
    expect(inUdp(4789, vxlan(1, ethernet(ETHER_TYPE.arp, [])))).toMatchObject({
      stop: 'arp',
      segment: { ipVersion: 4, src3: OUTER_SOURCE, srcPort: 40_000, dstPort: 4789 },
    });
    expect(inUdp(4789, vxlan(1, ethernet(ETHER_TYPE.ipv4, ipv4(2, []))))).toMatchObject({
      stop: 'igmp',
      segment: { srcPort: NO_PORT, dstPort: NO_PORT },
    });
  });
});

it('a tunnel cut anywhere stops at a cut header, with the addresses that were read', () => {
  const frames = [
    ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(1, 4789, vxlan(5, FRAME)))),
    ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(1, 6081, geneve(5, ETHER_TYPE.ethernet, FRAME, 2)))),
    ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, V4, { key: 1, sequence: 2, checksum: true }))),
    ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.gre, gre(0x22eb, [...Array(12).fill(0), ...FRAME], { sequence: 1 }))),
    ethernet(ETHER_TYPE.mpls, mpls([1, 2], V4)),
  ];
  for (const frame of frames) {
    for (let length = 0; length < frame.length - 'hello'.length; length++) {
      const { stop } = decodeBytes(Uint8Array.from(frame.slice(0, length)), LINKTYPE.ETHERNET, frame.length);
      expect([length, stop]).toEqual([length, expect.stringMatching(/Cut$/u)]);
    }
  }
});

it('an authentication header that is cut stops', () => {
  expect(inIpv4(51, [6, 4, 0, 0]).stop).toBe('ipExtensionCut');
  expect(inIpv4(51, [6, 40, ...Array(22).fill(0)]).stop).toBe('ipExtensionCut');
});

it('padding behind the packet inside is none of its payload', () => {
  const frame = ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(1, 4789, vxlan(5, [...FRAME, 0, 0, 0]))));
  expect(decodeBytes(Uint8Array.from([...frame, 0, 0]), LINKTYPE.ETHERNET).segment.payloadBytes).toBe(5);
});
