import { describe, expect, it } from 'vitest';
import { DIRECTION, isLinkTypeKnown, linkTypeName } from '../../src/decode/index.ts';
import { LINKTYPE, type LinkTypeName } from '../build/pcap.ts';
import { type TcpPacket, tcpPacket } from '../build/packet.ts';
import { decode, decodeBytes } from './decoded.ts';

const V4: TcpPacket = { from: '10.9.1.2:49739', to: '10.9.0.2:80', payload: 'hello' };
const V6: TcpPacket = { from: '[2001:db8::1]:49739', to: '[2001:db8::2]:80', payload: 'hello' };

describe('link types', () => {
  const links: [link: LinkTypeName, packets: TcpPacket[]][] = [
    ['ETHERNET', [V4, V6]],
    ['LINUX_SLL', [V4, V6]],
    ['LINUX_SLL2', [V4, V6]],
    ['RAW', [V4, V6]],
    ['NULL', [V4, V6]],
    ['LOOP', [V4, V6]],
    ['IPV4', [V4]],
    ['IPV6', [V6]],
  ];
  for (const [link, packets] of links) {
    for (const packet of packets) {
      it(`${link} carries ${packet === V4 ? 'IPv4' : 'IPv6'}`, () => {
        const { stop, segment, payload } = decode({ ...packet, link });
        expect([stop, segment.srcPort, segment.dstPort, payload]).toEqual(['none', 49739, 80, 'hello']);
      });
    }

    it(`${link}: a frame cut anywhere before TCP stops, and says at which layer`, () => {
      const packet = { ...(packets[0] ?? V4), link };
      const headerBytes = tcpPacket(packet).length - 'hello'.length;
      for (let length = 0; length < headerBytes; length++) {
        expect(decode(packet, length).stop).toMatch(/Cut$/);
      }
    });
  }

  it('the numbers that BSD kernels wrote for RAW', () => {
    for (const linkType of [12, 14]) expect(decodeBytes(tcpPacket({ ...V4, link: 'RAW' }), linkType).stop).toBe('none');
  });

  it('NULL in the byte order of another host', () => {
    const frame = tcpPacket({ ...V4, link: 'NULL' });
    frame.set([0, 0, 0, 2]);
    expect(decodeBytes(frame, LINKTYPE.NULL).stop).toBe('none');
  });

  it('NULL with another family is no IP', () => {
    const frame = tcpPacket({ ...V4, link: 'NULL' });
    frame[0] = 7;
    expect(decodeBytes(frame, LINKTYPE.NULL).stop).toBe('notIp');
  });

  it('a link type without a reader', () => {
    for (const linkType of [147, 999, 65_535]) {
      expect(decodeBytes(tcpPacket(V4), linkType).stop).toBe('linkTypeUnknown');
      expect(isLinkTypeKnown(linkType)).toBe(false);
    }
    expect(isLinkTypeKnown(LINKTYPE.LINUX_SLL2)).toBe(true);
  });

  it('are called as on tcpdump.org', () => {
    for (const [name, number] of Object.entries(LINKTYPE)) expect(linkTypeName(number)).toBe(name);
    expect([50, 127, 147, 239, 304].map(linkTypeName)).toEqual([
      'PPP_HDLC',
      'IEEE802_11_RADIOTAP',
      'USER0',
      'NFLOG',
      'DECT_NR_TAP',
    ]);
    expect([12, 60_000].map(linkTypeName)).toEqual(['RAW', '60000']);
  });
});

describe('VLAN tags', () => {
  const stacks: [name: string, vlan: TcpPacket['vlan']][] = [
    ['one tag', [7]],
    ['QinQ', [[0x88a8, 100], 7]],
    ['the old QinQ number', [[0x9100, 100], 7]],
    ['the other old QinQ number', [[0x9200, 100], 7]],
    ['three tags', [1, 2, 3]],
  ];
  for (const [name, vlan = []] of stacks) {
    it(`are skipped: ${name}`, () => {
      expect(decode({ ...V4, vlan }).payload).toBe('hello');
      expect(decode({ ...V6, vlan }).payload).toBe('hello');
    });
  }

  it('end the reading above eight', () => {
    const tags = (count: number) => Array.from({ length: count }, (_, index) => index);
    expect(decode({ ...V4, vlan: tags(8) }).stop).toBe('none');
    expect(decode({ ...V4, vlan: tags(9) }).stop).toBe('linkTagsMany');
  });
});

describe('direction', () => {
  for (const link of ['LINUX_SLL', 'LINUX_SLL2'] as const) {
    it(`${link} tells it`, () => {
      const directions = [0, 1, 2, 3, 4, 5].map((cookedType) => decode({ ...V4, link, cookedType }).segment.direction);
      const { toUs, other, fromUs, unknown } = DIRECTION;
      expect(directions).toEqual([toUs, toUs, toUs, other, fromUs, unknown]);
    });
  }

  it('Ethernet does not tell it', () => {
    expect(decode(V4).segment.direction).toBe(DIRECTION.unknown);
  });
});

it('other EtherTypes are no IP', () => {
  const frame = tcpPacket(V4);
  frame.set([0x12, 0x34], 12);
  expect(decodeBytes(frame, LINKTYPE.ETHERNET).stop).toBe('notIp');
});
