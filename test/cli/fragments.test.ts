import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tcpPacket, type TcpPacket } from '../build/packet.ts';
import { buildPcap } from '../build/pcap.ts';
import { reportOn } from '../build/reports.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-fragments-'));
afterAll(() => rmSync(folder, { recursive: true }));

const GOING: TcpPacket = { from: '10.9.1.2:49739', to: '10.9.0.2:80', link: 'RAW' };
const COMING: TcpPacket = { from: '10.9.0.2:80', to: '10.9.1.2:49739', link: 'RAW' };
const IP_BYTES = 20;
const CUT = 64;

/** A segment of 100 bytes in two fragments. */
function fragments(): Uint8Array[] {
  const whole = tcpPacket({ ...GOING, flags: 'PSH,ACK', seq: 1001, ack: 2001, payload: 'x'.repeat(100), ipId: 9 });
  const piece = (from: number, to: number, place: number): Uint8Array => {
    const bytes = Uint8Array.from([...whole.subarray(0, IP_BYTES), ...whole.subarray(IP_BYTES + from, IP_BYTES + to)]);
    const view = new DataView(bytes.buffer);
    view.setUint16(2, bytes.length);
    view.setUint16(6, place);
    return bytes;
  };
  return [piece(0, CUT, 0x2000), piece(CUT, 120, CUT / 8)];
}

async function reportOf(name: string, data: readonly Uint8Array[]) {
  const frames = [
    tcpPacket({ ...GOING, flags: 'SYN', seq: 1000 }),
    tcpPacket({ ...COMING, flags: 'SYN,ACK', seq: 2000, ack: 1001 }),
    tcpPacket({ ...GOING, flags: 'ACK', seq: 1001, ack: 2001 }),
    ...data,
    tcpPacket({ ...COMING, flags: 'ACK', seq: 2001, ack: 1101 }),
  ];
  const file = path.join(folder, name);
  const records = frames.map((bytes, index) => ({ timeNs: index * 1_000_000, bytes }));
  writeFileSync(file, buildPcap(records, { linkType: 'RAW' }));
  const { capture, connections, trust } = await reportOn(file);
  const [connection] = connections;
  return { undecoded: capture.undecoded, bytes: connection?.bytes, packets: connection?.packets, trust };
}

test('a segment in fragments is analysed as one packet', async () => {
  const report = await reportOf('whole.pcap', fragments());
  expect(report).toMatchObject({
    undecoded: 0,
    bytes: { fromClient: 100, fromServer: 0 },
    packets: { fromClient: 3, fromServer: 2 },
  });
});

test('the first fragment of one that never becomes whole is analysed all the same, in the end', async () => {
  const report = await reportOf('first.pcap', fragments().slice(0, 1));
  expect(report).toMatchObject({ undecoded: 0, packets: { fromClient: 3, fromServer: 2 } });
});

test('a later fragment without the first is counted as not decoded', async () => {
  const report = await reportOf('later.pcap', fragments().slice(1));
  expect(report).toMatchObject({ undecoded: 1, packets: { fromClient: 2, fromServer: 2 } });
});
