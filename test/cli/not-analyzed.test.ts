import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTrace } from '../../src/cli/analyze.ts';
import { lookedAtTexts } from '../../src/report/words/looked-at.ts';
import { renderTrace } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { ETHER_TYPE, ethernet, ipv4, PROTOCOL, udp } from '../build/layers.ts';
import { tcpPacket, type TcpPacket } from '../build/packet.ts';
import { interfaceBlock, packetBlock, section } from '../build/pcapng.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-not-analyzed-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SYN: TcpPacket = { from: '10.9.1.2:49739', to: '10.9.0.2:80', flags: 'SYN', seq: 1000 };
/** RFC 9000 §17.2: a long header of version 1. */
const QUIC_LONG = [0xc0, 0, 0, 0, 1, 0, 0, 0];
const LINK = { ETHERNET: 1, USB_LINUX_MMAPPED: 220, PKTAP: 258 } as const;

type Frame = readonly [link: keyof typeof LINK, bytes: Iterable<number>];

const ETHERNET: readonly Frame[] = [
  ...Array.from({ length: 3 }, (): Frame => {
    return ['ETHERNET', ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(9, 5000, [1])))];
  }),
  ['ETHERNET', ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(9, 443, QUIC_LONG)))],
  ['ETHERNET', ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(9, 443, QUIC_LONG)))],
  ['ETHERNET', ethernet(ETHER_TYPE.arp, new Uint8Array(28))],
  ['ETHERNET', ethernet(ETHER_TYPE.ipv4, [0x45, 0])],
];

const STRANGE: readonly Frame[] = [
  ...Array.from({ length: 4 }, (): Frame => ['USB_LINUX_MMAPPED', new Uint8Array(64)]),
  ['PKTAP', pktap(195)],
];

/** macOS' header around a frame of a link type that is not read. */
function pktap(linkType: number): Uint8Array {
  const bytes = new Uint8Array(60);
  new DataView(bytes.buffer).setUint32(0, 40, true);
  new DataView(bytes.buffer).setUint32(8, linkType, true);
  return bytes;
}

function written(name: string, frames: readonly Frame[]): string {
  const links = Object.keys(LINK);
  const packets = frames.map(([link, bytes], index) =>
    packetBlock({ interfaceId: links.indexOf(link), units: BigInt(index), bytes: Uint8Array.from(bytes) }),
  );
  const file = path.join(folder, name);
  writeFileSync(file, section([...Object.values(LINK).map((linkType) => interfaceBlock({ linkType })), ...packets]));
  return file;
}

test('other protocols, link types that are not read and cut headers are counted by kind, and named', async () => {
  const file = written('mixed.pcapng', [['ETHERNET', tcpPacket(SYN)], ...ETHERNET, ...STRANGE]);
  const report = await reportOn(file);
  expect(report.capture.notAnalyzed).toEqual([
    { kind: 'link-type-unknown', linkType: 'USB_LINUX_MMAPPED', packets: 4, undecoded: true },
    { kind: 'udp', linkType: null, packets: 3, undecoded: false },
    { kind: 'quic', linkType: null, packets: 2, undecoded: false },
    { kind: 'link-type-unknown', linkType: 'IEEE802_15_4_WITHFCS', packets: 1, undecoded: true },
    { kind: 'ip-header-cut', linkType: null, packets: 1, undecoded: true },
    { kind: 'arp', linkType: null, packets: 1, undecoded: false },
  ]);
  expect(report.capture.undecoded).toBe(6);
  const text = lookedAtTexts(report).join(' ');
  expect(text).toContain('Not analysed: UDP (3 packets), QUIC (2) and ARP (1).');
  expect(text).toContain(
    'Not decoded: link type USB_LINUX_MMAPPED, which is not read (4 packets), ' +
      'link type IEEE802_15_4_WITHFCS, which is not read (1) and an IP header that is cut (1).',
  );
});

test('a capture of a link type that is not read says which in the verdict', async () => {
  const { verdict } = await reportOn(written('usb.pcapng', STRANGE.slice(0, 2)));
  expect(verdict.summary).toBe(
    'No TCP connection could be read in this capture of 2 packets, which has link type USB_LINUX_MMAPPED, ' +
      'which is not read (2 packets).',
  );
});

test('a capture with nothing but TCP has nothing to name', async () => {
  const report = await reportOn(written('tcp.pcapng', [['ETHERNET', tcpPacket(SYN)]]));
  expect(report.capture.notAnalyzed).toEqual([]);
  expect(lookedAtTexts(report).join(' ')).not.toMatch(/Not analysed|Not decoded/);
});

test('more link types than are told apart: the others in one', async () => {
  const types = Array.from({ length: 70 }, (_, i) => 3000 + i);
  const packets = types.map((_, i) => packetBlock({ interfaceId: i, units: 1n, bytes: new Uint8Array(4) }));
  const file = path.join(folder, 'types.pcapng');
  writeFileSync(file, section([...types.map((linkType) => interfaceBlock({ linkType })), ...packets]));
  const { notAnalyzed } = (await reportOn(file)).capture;
  expect(notAnalyzed).toHaveLength(65);
  expect(notAnalyzed[0]).toEqual({ kind: 'link-type-unknown', linkType: null, packets: 6, undecoded: true });
  const [head = ''] = renderTrace((await readTrace([file])).trace);
  expect(Object.keys(JSON.parse(head).unknownLinkTypes)).toHaveLength(64);
});
