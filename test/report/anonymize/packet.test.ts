import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findInputs, readCaptures } from '../../../src/capture/index.ts';
import { isLinkTypeKnown } from '../../../src/decode/index.ts';
import { StandIns } from '../../../src/report/anonymize/stand-ins.ts';
import { rewrittenPacket } from '../../../src/report/anonymize/packet.ts';
import { NoRoomError } from '../../../src/report/index.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../../build/corpus.ts';
import {
  ETHER_TYPE,
  ethernet,
  geneve,
  gre,
  icmp,
  ipv4,
  ipv6,
  mpls,
  pppoe,
  PROTOCOL,
  u16,
  udp,
  vxlan,
} from '../../build/layers.ts';
import { linkTypeOf, type TcpPacket, tcpPacket } from '../../build/packet.ts';
import { buildPcap, LINKTYPE } from '../../build/pcap.ts';
import { hasTshark, tsharkFields } from '../../build/tshark.ts';
import { outlineOf } from './rewritten.ts';

type Bytes = readonly number[] | Uint8Array;
type Rewriting = (bytes: Uint8Array, linkType: number) => Uint8Array | null;

const SECRET = 'GET /zq7/payments HTTP/1.1 bearer zq7';
const OPTIONS = { mss: 1460, windowShift: 7, sackPermitted: true, timestamps: [77, 88], sack: [[5, 9]] } as const;
const V4: TcpPacket = { from: '10.9.1.2:49739', to: '10.9.0.2:80', seq: 7, ack: 9, payload: SECRET, flags: 'PSH,ACK' };
const V6: TcpPacket = { ...V4, from: '[fd12:3456:789a::42]:49739', to: '[fd12:3456:789a:1::43]:80' };
const P4 = tcpPacket({ ...V4, link: 'RAW', options: { timestamps: [77, 88] } });
const P6 = tcpPacket({ ...V6, link: 'RAW' });
const FRAME = ethernet(ETHER_TYPE.ipv4, P4);
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

const onEthernet = (etherType: number, payload: Bytes): Uint8Array => Uint8Array.from(ethernet(etherType, payload));
const inIpv4 = (protocol: number, payload: Bytes): Uint8Array => onEthernet(ETHER_TYPE.ipv4, ipv4(protocol, payload));
const inUdp = (port: number, payload: Bytes): Uint8Array => inIpv4(PROTOCOL.udp, udp(40_000, port, payload));

/** A packet of each kind that is read, by its name and link type. All carry SECRET from one of the two connections. */
const STACKS: readonly (readonly [name: string, linkType: number, bytes: Uint8Array])[] = [
  ...(['ETHERNET', 'LINUX_SLL', 'LINUX_SLL2', 'NULL', 'LOOP', 'RAW'] as const).flatMap((link) =>
    [V4, V6].map((packet) => {
      const whole = { ...packet, link };
      return [`${link} ${packet === V4 ? 'IPv4' : 'IPv6'}`, linkTypeOf(whole), tcpPacket(whole)] as const;
    }),
  ),
  ['all TCP options', 1, tcpPacket({ ...V4, options: OPTIONS })],
  ['unknown TCP options', 1, tcpPacket({ ...V4, options: { raw: [34, 6, 1, 2, 3, 4, 30, 3, 9, 1, 1, 1] } })],
  ['IPv4 options', 1, tcpPacket({ ...V4, ipv4Options: [148, 4, 0, 0, 131, 7, 4, 10, 9, 5, 5, 0] })],
  ['a route recorded', 1, tcpPacket({ ...V4, ipv4Options: [7, 7, 8, 10, 9, 5, 5, 1] })],
  ['IPv6 extensions', 1, tcpPacket({ ...V6, ipv6Extensions: ['hop-by-hop', 'destination-options'] })],
  ['QinQ', 1, tcpPacket({ ...V4, vlan: [[0x88a8, 7], 8] })],
  ['padding', 1, tcpPacket({ ...V4, payload: 'zq7', paddingBytes: 9 })],
  ['MPLS', 1, onEthernet(ETHER_TYPE.mpls, mpls([16, 17], P4))],
  ['PPPoE', 1, onEthernet(ETHER_TYPE.pppoe, pppoe([0, 0x21, ...P4]))],
  ['SNAP', 1, onEthernet(P4.length + 8, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...P4])],
  ['provider backbone', 1, onEthernet(ETHER_TYPE.providerBackbone, [0, 0, 0, 9, ...FRAME])],
  ['port extension', 1, onEthernet(ETHER_TYPE.portExtension, [0, 1, 0, 2, 0, 3, 8, 0, ...P4])],
  ['VN tag', 1, onEthernet(ETHER_TYPE.vnTag, [0, 1, 0, 2, 8, 0, ...P4])],
  ['NSH', 1, onEthernet(ETHER_TYPE.nsh, [0, 2, 1, 1, 0, 0, 0, 0, ...P4])],
  ['IPv4 in IPv4', 1, inIpv4(PROTOCOL.ipv4, P4)],
  ['IPv6 in IPv4', 1, inIpv4(PROTOCOL.ipv6, P6)],
  ['IPv4 in IPv6', LINKTYPE.RAW, Uint8Array.from(ipv6(PROTOCOL.ipv4, P4))],
  ['GRE', 1, inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, P4))],
  [
    'GRE with everything',
    1,
    inIpv4(PROTOCOL.gre, gre(ETHER_TYPE.ethernet, FRAME, { checksum: true, key: 9, sequence: 1 })),
  ],
  ['ERSPAN II', 1, inIpv4(PROTOCOL.gre, gre(0x88be, [...zeros(8), ...FRAME], { sequence: 1 }))],
  ['ERSPAN III', 1, inIpv4(PROTOCOL.gre, gre(0x22eb, [...zeros(11), 1, ...zeros(8), ...FRAME], { sequence: 1 }))],
  ['WCCP', 1, inIpv4(PROTOCOL.gre, gre(0x883e, [0, 0, 0, 0, ...P4]))],
  ['VXLAN', 1, inUdp(4789, vxlan(7, FRAME))],
  ['VXLAN as flannel has it', 1, inUdp(8472, vxlan(1, FRAME))],
  ['VXLAN-GPE', 1, inUdp(4790, [0x0c, 0, 0, 1, 0, 0, 3, 0, ...P4])],
  ['Geneve with options', 1, inUdp(6081, geneve(8, ETHER_TYPE.ethernet, FRAME, 3))],
  ['Geneve with IPv6', 1, inUdp(6081, geneve(8, ETHER_TYPE.ipv6, P6))],
  ['MPLS in UDP', 1, inUdp(6635, mpls([99], P6))],
  ['Teredo', 1, inUdp(3544, [0, 1, 1, 2, 9, 9, 9, ...zeros(9), 0, 0, 1, 2, 3, 4, 5, 6, ...P6])],
  ['EtherIP', 1, inIpv4(PROTOCOL.etherIp, [0x30, 0, ...FRAME])],
  [
    'an authentication header',
    1,
    inIpv4(PROTOCOL.authentication, [6, 4, ...zeros(10), ...Array.from({ length: 12 }, () => 0x7a), ...P4.slice(20)]),
  ],
  ['ICMP', 1, inIpv4(PROTOCOL.icmp, icmp(3, 1, 0, P4))],
  ['ICMP with eight bytes', 1, inIpv4(PROTOCOL.icmp, icmp(11, 0, 0, P4.slice(0, 28)))],
  ['ICMPv6', LINKTYPE.RAW, Uint8Array.from(ipv6(PROTOCOL.icmpv6, icmp(1, 3, 0, P6)))],
  ['a first fragment', 1, tcpPacket({ ...V4, fragment: { offset: 0, more: true } })],
  ['a later fragment', 1, tcpPacket({ ...V4, fragment: { offset: 64, more: false } })],
  ['an IPv6 fragment', 1, tcpPacket({ ...V6, fragment: { offset: 0, more: true } })],
  ['a later IPv6 fragment', 1, tcpPacket({ ...V6, fragment: { offset: 64, more: false } })],
  ['segmentation offload', 1, tcpPacket({ ...V4, claimedIpLength: 0 })],
  ['PPP', 9, Uint8Array.from([0xff, 3, 0, 0x21, ...P4])],
  ['PPP_HDLC', 50, Uint8Array.from([0x0f, 0, 8, 0, ...P4])],
  ['PPP_ETHER', 51, Uint8Array.from(pppoe([0, 0x57, ...P6]))],
  ['C_HDLC', 104, Uint8Array.from([0x0f, 0, 8, 0, ...P4])],
  ['FRELAY', 107, Uint8Array.from([0x18, 0x41, 3, 0xcc, ...P4])],
  ['FRELAY with SNAP', 107, Uint8Array.from([0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0, ...P4])],
  ['PPP_PPPD', 166, Uint8Array.from([0, 3, 0, 0x21, ...P4])],
  ['PPP_WITH_DIR', 204, Uint8Array.from([1, 0xff, 3, 0, 0x21, ...P4])],
  ['IPV4', 228, P4],
  ['IPV6', 229, P6],
  [
    'NFLOG',
    239,
    Uint8Array.from([
      2,
      0,
      0,
      7,
      9,
      0,
      10,
      0,
      0x7a,
      0x71,
      0x37,
      0x21,
      0,
      0,
      0,
      0,
      ...u16(P4.length + 4).toReversed(),
      9,
      0,
      ...P4,
    ]),
  ],
  ['IPOIB', 242, Uint8Array.from([...Array.from({ length: 40 }, () => 0x7a), 8, 0, 0, 0, ...P4])],
  [
    'PKTAP',
    258,
    Uint8Array.from([
      44,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      ...Array.from({ length: 24 }, () => 0x7a),
      2,
      0,
      0,
      0,
      0x7a,
      0x71,
      0x37,
      0x21,
      ...FRAME,
    ]),
  ],
  [
    'IEEE802_11',
    105,
    Uint8Array.from([0x88, 2, 0, 0, ...zeros(17), 7, 0, 0, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...P4]),
  ],
  [
    'IEEE802_11_RADIOTAP',
    127,
    Uint8Array.from([
      0,
      0,
      9,
      0,
      4,
      0,
      0,
      0,
      0x7a,
      8,
      2,
      0,
      0,
      ...zeros(17),
      7,
      0,
      0,
      0xaa,
      0xaa,
      3,
      0,
      0,
      0,
      8,
      0,
      ...P4,
    ]),
  ],
  ['DSA_TAG_BRCM', 281, Uint8Array.from([...FRAME.slice(0, 12), 1, 2, 3, 4, ...FRAME.slice(12)])],
  ['DSA_TAG_BRCM_PREPEND', 282, Uint8Array.from([1, 2, 3, 4, ...FRAME])],
  ['DSA_TAG_DSA', 284, Uint8Array.from([...FRAME.slice(0, 12), 1, 2, 3, 4, ...FRAME.slice(12)])],
  [
    'ARP',
    1,
    onEthernet(ETHER_TYPE.arp, [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 8, 10, 9, 1, 2, 0, 0, 0, 0, 0, 0, 10, 9, 0, 2]),
  ],
  [
    'neighbour solicitation',
    LINKTYPE.RAW,
    Uint8Array.from(ipv6(PROTOCOL.icmpv6, [135, 0, 0, 0, 0, 0, 0, 0, ...P6.slice(24, 40), 1, 1, 2, 0, 0, 0, 0, 8])),
  ],
];

/** What was planted, as bytes: addresses of all layers, pieces of the payload, and `zzz` where headers have fields that name somebody. */
const TRACES: readonly (readonly [name: string, bytes: Bytes])[] = [
  ['10.9.1.2', [10, 9, 1, 2]],
  ['10.9.0.2', [10, 9, 0, 2]],
  ['10.9.5.5', [10, 9, 5, 5]],
  ['192.0.2.1', [192, 0, 2, 1]],
  ['192.0.2.2', [192, 0, 2, 2]],
  ['fd12:3456:789a', [0xfd, 0x12, 0x34, 0x56]],
  ['2001:db8::91', [0x20, 0x01, 0x0d, 0xb8, ...zeros(11), 0x91]],
  ['a MAC address', [2, 0, 0, 0, 0, 1]],
  ['a MAC address', [2, 0, 0, 0, 0, 8]],
  ['a MAC address', [2, 0, 0, 0, 0, 9]],
  ['zq7', [0x7a, 0x71, 0x37]],
  ['zzz', [0x7a, 0x7a, 0x7a]],
  ['HTTP', [0x48, 0x54, 0x54, 0x50]],
  ['a TCP cookie', [1, 2, 3, 4, 30]],
];

function traceIn(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  return TRACES.find(([, trace]) => text.includes(Buffer.from(Uint8Array.from(trace)).toString('latin1')))?.[0];
}

const rewriting = (
  standIns: StandIns = new StandIns([], null),
): ((bytes: Uint8Array, linkType: number) => Uint8Array) => {
  const rewrite: Rewriting = (bytes, linkType) => rewrittenPacket(bytes, linkType, standIns);
  return (bytes, linkType) => rewrite(bytes, linkType) ?? new Uint8Array(0);
};

describe.each(STACKS)('%s', (_name, linkType, bytes) => {
  test('has what was planted, and has none of it when it was rewritten', () => {
    expect(traceIn(bytes)).toBeDefined();
    expect(traceIn(rewriting()(bytes, linkType))).toBeUndefined();
  });

  test('tells the same with stand-ins', () => {
    const standIns = new StandIns([], null);
    const told = rewriting(standIns)(bytes, linkType);
    expect(told).toHaveLength(bytes.length);
    expect(outlineOf(told, linkType, bytes.length)).toEqual(outlineOf(bytes, linkType, bytes.length, standIns));
  });

  test('cut anywhere it is no longer, and what is there is the same', () => {
    const whole = rewriting()(bytes, linkType);
    for (let captured = 0; captured < bytes.length; captured += 3) {
      const told = rewriting()(bytes.slice(0, captured), linkType);
      expect(told).toHaveLength(captured);
      expect(traceIn(told)).toBeUndefined();
    }
    expect(rewriting()(bytes.slice(), linkType)).toEqual(whole);
  });
});

test('whatever the payload is, the bytes are the same', () => {
  const payload = fc.uint8Array({ minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(payload, payload, fc.constantFrom(V4, V6), fc.boolean(), (one, other, packet, isTunnelled) => {
      const [a, b] = [one, other].map((bytes) => {
        const inner = tcpPacket({ ...packet, link: 'ETHERNET', payload: bytes, options: { timestamps: [1, 2] } });
        return rewriting()(isTunnelled ? inUdp(4789, vxlan(7, inner)) : inner, 1);
      });
      expect(a).toEqual(b);
    }),
  );
});

test('no bytes throw, and there are never more or fewer, whatever link type they are said to have', () => {
  const known = Array.from({ length: 300 }, (_, i) => i).filter(isLinkTypeKnown);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(...known), (bytes, linkType) => {
      expect(rewriting()(bytes, linkType)).toHaveLength(bytes.length);
    }),
  );
  const stack = fc.constantFrom(...STACKS);
  const change = fc.tuple(fc.nat(200), fc.nat(255));
  fc.assert(
    fc.property(stack, fc.array(change, { maxLength: 6 }), ([, linkType, bytes], changes) => {
      const mutated = bytes.slice();
      for (const [at, value] of changes) if (at < mutated.length) mutated[at] = value;
      expect(rewriting()(mutated, linkType)).toHaveLength(bytes.length);
    }),
    { numRuns: 500 },
  );
});

test('every link type that is decoded is rewritten; another one is left out', () => {
  const rewrite: Rewriting = (bytes, linkType) => rewrittenPacket(bytes, linkType, new StandIns([], null));
  for (let linkType = 0; linkType < 300; linkType++) {
    expect(rewrite(P4, linkType) === null).toBe(!isLinkTypeKnown(linkType));
  }
});

test('stand-ins are those of the report', () => {
  const standIns = new StandIns(['10.9.1.2', '10.9.0.2'], null);
  const client = standIns.address('10.9.1.2');
  const server = standIns.address('10.9.0.2');
  const told = rewriting(standIns)(P4, LINKTYPE.RAW);
  expect([told.slice(12, 16).join('.'), told.slice(16, 20).join('.')]).toEqual([client, server]);
});

test('an address outside the report that is in a range which already stands for others ends it', () => {
  const standIns = new StandIns([], null);
  standIns.address('10.9.1.2');
  const packet = tcpPacket({ ...V4, from: '198.18.0.9:1', link: 'RAW' });
  expect(() => rewriting(standIns)(packet, LINKTYPE.RAW)).toThrow(NoRoomError);
});

describe.runIf(hasTshark)('Wireshark (needs tshark)', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Fields of a fragment's checksum cover what is in other packets. */
  const WHOLE = STACKS.filter(([name]) => !name.includes('fragment'));
  /** PPP_PPPD and switch tags it does not read; of PKTAP it wants all fields, which the builder does not make. */
  const UNREAD: readonly number[] = [166, 258, 281, 282, 284];
  const TYPES = [...new Set(WHOLE.map(([, linkType]) => linkType))].filter((type) => !UNREAD.includes(type));

  test.each(TYPES)('finds every checksum right, and nothing malformed, on link type %s', (linkType) => {
    const rewrite = rewriting();
    const records = WHOLE.filter((stack) => stack[1] === linkType).map(([, , bytes], i) => ({
      timeNs: i * 1e6,
      bytes: rewrite(bytes, linkType),
    }));
    const file = join(folder, `${linkType}.pcap`);
    writeFileSync(file, buildPcap(records, { linkType }));
    const fields = [
      'ip.checksum.status',
      'tcp.checksum.status',
      'udp.checksum.status',
      'icmp.checksum.status',
      'icmpv6.checksum.status',
      '_ws.malformed',
    ];
    const rows = tsharkFields(file, fields, '', [
      'ip.check_checksum:TRUE',
      'tcp.check_checksum:TRUE',
      'udp.check_checksum:TRUE',
    ]);
    expect(rows).toHaveLength(records.length);
    expect(rows.flat().join(' ')).not.toMatch(/0|alformed/);
    expect(rows.flat().join(' ')).toContain('1');
  });
});

describe.skipIf(CORPUS === null)(`the public corpus${CORPUS === null ? `: ${CORPUS_ABSENT}` : ''}`, () => {
  /** What is no header of ours cannot be told apart once it is zero; of cut headers the layer at which they are cut may differ. */
  const ZEROED: Readonly<Record<string, readonly string[]>> = {
    udp: ['quic'],
    mplsOther: ['ipHeaderCut'],
    linkHeaderCut: ['tunnelCut'],
    ipVersionOdd: ['ipLengthOdd'],
  };
  const files = ['formats', 'links', 'tcp', 'http1', 'http2', 'tls', 'hostile'].flatMap((folder) =>
    ['.pcap', '.pcapng', '.cap'].flatMap((end) => corpusFiles(folder, end)),
  );

  test('every packet decodes as it did, with stand-ins', async () => {
    const differing: string[] = [];
    let packets = 0;
    for (const file of files) {
      const standIns = new StandIns([], null);
      const rewrite: Rewriting = (bytes, linkType) => rewrittenPacket(bytes, linkType, standIns);
      await readCaptures(findInputs([file]), (batch) => {
        for (let row = batch.firstRow; row < batch.count; row++) {
          const at = batch.at[row] ?? 0;
          const captured = batch.capturedBytes[row] ?? 0;
          const linkType = batch.linkType[row] ?? 0;
          if (!isLinkTypeKnown(linkType)) continue;
          const original = batch.originalBytes[row] ?? 0;
          const bytes = new Uint8Array(batch.view.buffer, batch.view.byteOffset + at, captured).slice();
          const told = rewritten(bytes, linkType, rewrite);
          if (told === null) continue;
          packets++;
          const wanted = outlineOf(bytes, linkType, original, standIns);
          const got = outlineOf(told, linkType, original);
          const stop = ZEROED[got.stop]?.includes(wanted.stop) === true ? got.stop : wanted.stop;
          if (JSON.stringify({ ...wanted, stop }) !== JSON.stringify(got))
            differing.push(`${basename(file)} ${batch.firstPacket + row}: ${wanted.stop}, ${got.stop}`);
        }
      }).catch(() => undefined);
    }
    process.stdout.write(`rewritten packets decode as they did: ${packets} packets of ${files.length} files\n`);
    expect(differing).toEqual([]);
  });

  /** Where a capture itself has addresses of the ranges, late: nothing to compare. */
  function rewritten(bytes: Uint8Array, linkType: number, rewrite: Rewriting): Uint8Array | null {
    try {
      return rewrite(bytes, linkType);
    } catch (error) {
      if (error instanceof NoRoomError) return null;
      throw error;
    }
  }
});
