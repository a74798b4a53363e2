import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lookedAtTexts } from '../../src/report/words/looked-at.ts';
import { reportOn } from '../build/reports.ts';
import { ETHER_TYPE, ethernet, gre, ipv4, PROTOCOL, udp, vxlan } from '../build/layers.ts';
import { tcpPacket, type TcpPacket } from '../build/packet.ts';
import { buildPcap, type PcapRecord } from '../build/pcap.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-tunnels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SAMPLE = 'samples/gateway.pcap';
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SLL2_BYTES = 20;
const GOING: TcpPacket = { from: '10.9.1.2:49739', to: '10.9.0.2:80' };
const COMING: TcpPacket = { from: '10.9.0.2:80', to: '10.9.1.2:49739' };

/** As a mirror port's target sees the sample: each packet in VXLAN, all from one mirror to one target. */
function mirrored(): PcapRecord[] {
  const bytes = readFileSync(SAMPLE);
  const records: PcapRecord[] = [];
  for (let at = FILE_HEADER_BYTES; at < bytes.length;) {
    const captured = bytes.readUInt32LE(at + 8);
    const packet = [...bytes.subarray(at + RECORD_HEADER_BYTES + SLL2_BYTES, at + RECORD_HEADER_BYTES + captured)];
    const outer = ipv4(PROTOCOL.udp, udp(65_443, 4789, vxlan(7, ethernet(ETHER_TYPE.ipv4, packet))));
    const timeNs = (bytes.readUInt32LE(at) - 1_767_225_600) * 1e9 + bytes.readUInt32LE(at + 4) * 1000;
    records.push({ timeNs, bytes: Uint8Array.from(ethernet(ETHER_TYPE.ipv4, outer)) });
    at += RECORD_HEADER_BYTES + captured;
  }
  return records;
}

function written(name: string, records: readonly PcapRecord[]): string {
  const file = path.join(folder, name);
  writeFileSync(file, buildPcap(records));
  return file;
}

test('a mirrored capture has the verdict of the one that was mirrored; the outer path is a fact of each connection', async () => {
  const bare = await reportOn(SAMPLE);
  const report = await reportOn(written('mirrored.pcap', mirrored()));
  expect(report.verdict).toEqual(bare.verdict);
  expect(report.gateways.map(({ addresses }) => addresses)).toEqual(bare.gateways.map(({ addresses }) => addresses));
  for (const { tunnels, packets } of report.connections) {
    const all = packets.fromClient + packets.fromServer;
    expect(tunnels).toEqual([{ kind: 'vxlan', network: 7, from: '192.0.2.1', to: '192.0.2.2', packets: all }]);
  }
  expect(bare.connections.map(({ tunnels }) => tunnels)).toEqual(bare.connections.map(() => []));
  expect(lookedAtTexts(report)).toContain('Inside tunnels: VXLAN 7 between 192.0.2.1 and 192.0.2.2 (3 connections).');
});

test('a packet that a node shows bare and in a tunnel counts once, and its path is known', async () => {
  const frames = [
    tcpPacket({ ...GOING, flags: 'SYN', seq: 1000, ipId: 1 }),
    tcpPacket({ ...COMING, flags: 'SYN,ACK', seq: 2000, ack: 1001, ipId: 1 }),
    tcpPacket({ ...GOING, seq: 1001, ack: 2001, ipId: 2 }),
  ];
  const records = frames.flatMap((bytes, index): PcapRecord[] => [
    { timeNs: index * 1e9, bytes },
    {
      timeNs: index * 1e9 + 20_000,
      bytes: Uint8Array.from(ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(9, 4789, vxlan(3, bytes))))),
    },
  ]);
  const { connections, capture } = await reportOn(written('node.pcap', records));
  expect(capture.duplicates).toBe(3);
  expect(connections.map(({ packets, tunnels }) => [packets.fromClient + packets.fromServer, tunnels])).toEqual([
    [3, [{ kind: 'vxlan', network: 3, from: '192.0.2.1', to: '192.0.2.2', packets: 3 }]],
  ]);
});

test('more paths than are kept are counted', async () => {
  const records = Array.from({ length: 7 }, (_, key): PcapRecord => {
    const inner = tcpPacket({ ...GOING, link: 'RAW', seq: 1000 + key, payload: 'x' });
    const bytes = ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.gre, gre(ETHER_TYPE.ipv4, inner, { key: key + 1 })));
    return { timeNs: key, bytes: Uint8Array.from(bytes) };
  });
  const { connections, trust } = await reportOn(written('paths.pcap', records));
  expect(connections[0]?.tunnels.map(({ kind, network }) => `${kind} ${network}`)).toEqual([
    'gre 1',
    'gre 2',
    'gre 3',
    'gre 4',
  ]);
  expect(trust.filter(({ args }) => args['limit'] === 'tunnels-per-connection').map(({ count }) => count)).toEqual([3]);
});
