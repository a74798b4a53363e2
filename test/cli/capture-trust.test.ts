import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BATCH_ROWS } from '../../src/capture/index.ts';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import type { Report } from '../../src/report/index.ts';
import { KEY_LOG_CONNECTIONS_MAX } from '../../src/tls/key-log.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { tcpPacket } from '../build/packet.ts';
import { buildPcap, LINKTYPE, type PcapRecord } from '../build/pcap.ts';
import { type BuiltBlock, interfaceBlock, packetBlock, section, statisticsBlock, unitsAt } from '../build/pcapng.ts';
import { composeReport, reportOn } from '../build/reports.ts';
import { Wire } from '../build/wire.ts';

/** One exchange through a gateway, captured whole; then the same packets captured badly, each time in another way. */
const GATEWAY = '10.9.0.2';
const SERVER = [10, 9, 2, 1];
const REQUEST = 'GET /api/v1/pods HTTP/1.1\r\nhost: k\r\nuser-agent: kubelet/v1.31\r\n\r\n';
const BODY = 'x'.repeat(400);
const RESPONSE = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
const COOKED_BYTES = 16;
const IP_SOURCE = COOKED_BYTES + 12;
const HEADERS_BYTES = COOKED_BYTES + 20 + 20;
const PLACED_US = 1_000_000n;

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-trust-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function exchange(): PcapRecord[] {
  const wire = new Wire(GATEWAY);
  const client = wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0);
  client.asks(1, REQUEST).answers(1.5, RESPONSE).asks(2, REQUEST).answers(2.5, RESPONSE).closes(3, 0);
  const upstream = wire.connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.2);
  upstream.asks(1.1, REQUEST).answers(1.4, RESPONSE).asks(2.1, REQUEST).answers(2.4, RESPONSE).closes(3.1, 0);
  return wire.records(4);
}

async function reportOfFile(bytes: Uint8Array): Promise<Report> {
  const path = join(folder, 'capture');
  writeFileSync(path, bytes);
  return await reportOn(path);
}

async function reportOf(records: readonly PcapRecord[]): Promise<Report> {
  return await reportOfFile(buildPcap(records, { linkType: LINKTYPE.LINUX_SLL }));
}

async function told(records: readonly PcapRecord[]) {
  return notesOf(await reportOf(records));
}

function notesOf({ trust }: Report): unknown[] {
  return trust.map(({ code, connection, count, weakens }) => [code, connection, count, weakens.length > 0]);
}

function isOfServer({ bytes }: PcapRecord): boolean {
  return SERVER.every((byte, at) => bytes[IP_SOURCE + at] === byte);
}

/** The server's packet that has the response in it. */
function responseOf(records: readonly PcapRecord[]): number {
  return records.findIndex((record) => isOfServer(record) && record.bytes.length > HEADERS_BYTES);
}

function changed(change: (record: PcapRecord) => PcapRecord): PcapRecord[] {
  const records = exchange();
  const at = responseOf(records);
  return records.map((record, index) => (index === at ? change(record) : record));
}

function blocksOf(records: readonly PcapRecord[]): BuiltBlock[] {
  return records.map(({ timeNs, bytes }) => packetBlock({ units: unitsAt(timeNs, PLACED_US), bytes }));
}

test('a capture of all that was sent has nothing against it, and says when it began and ended', async () => {
  const { trust, capture } = await reportOf(exchange());
  expect(trust).toEqual([]);
  expect(capture).toMatchObject({
    start: '2026-01-01T00:00:00.000000Z',
    end: '2026-01-01T00:00:04.000000Z',
    duration: 4,
    packets: exchange().length,
  });
});

test('one direction of a connection is missing', async () => {
  const heard = exchange().filter((record) => !isOfServer(record));
  expect(await told(heard)).toContainEqual(['one-sided', 'u1', 8, true]);
});

test('the capture lost a packet: bytes are acknowledged that it does not show', async () => {
  const records = exchange();
  const lossy = records.filter((_, index) => index !== responseOf(records));
  const [lost, missing, ...others] = (await reportOf(lossy)).trust;
  expect(lost).toMatchObject({ code: 'lost-by-capture', connection: 'u1' });
  expect(lost?.count).toBeGreaterThan(0);
  expect(missing).toMatchObject({ code: 'missing-bytes', connection: 'u1', count: RESPONSE.length });
  expect(others).toEqual([]);
});

test('the snap length cut a packet', async () => {
  const cut = changed(({ timeNs, bytes }) => ({ timeNs, bytes: bytes.subarray(0, -150), originalBytes: bytes.length }));
  expect(await told(cut)).toEqual([['snaplen-cut', 'u1', 150, true]]);
});

test('bytes came twice, and not the same', async () => {
  const records = exchange();
  const at = responseOf(records);
  const sent = records[at];
  if (sent === undefined) throw new Error('no response');
  const other = Uint8Array.from(sent.bytes);
  other.set([0x35, 0x30, 0x33], HEADERS_BYTES + 'HTTP/1.1 '.length);
  const again = records.toSpliced(at + 1, 0, { timeNs: sent.timeNs + 300_000_000, bytes: other });
  expect(await told(again.toSorted((a, b) => a.timeNs - b.timeNs))).toEqual([['differing-overlap', 'u1', 1, true]]);
});

test('the capturing system dropped packets, by its own count', async () => {
  const blocks = [interfaceBlock({ linkType: 'LINUX_SLL' }), ...blocksOf(exchange())];
  const report = await reportOfFile(section([...blocks, statisticsBlock(0, 7n, 5n)]));
  expect(notesOf(report)).toEqual([['dropped-by-interface', null, 12, true]]);
  expect(report.capture.files).toMatchObject([{ dropped: 12 }]);
});

test('somebody put files of several hosts together: the packets do not say on which host they were captured', async () => {
  const blocks = [interfaceBlock({ linkType: 'LINUX_SLL' }), ...blocksOf(exchange())];
  const told = async (application: string, order: 'little' | 'big') => {
    const written = { code: 4, value: new TextEncoder().encode(application) };
    return notesOf(
      await reportOfFile(section(blocks, order, { options: [{ code: 3, value: new Uint8Array(5) }, written] })),
    );
  };
  expect(await told('Mergecap (Wireshark) 4.0.17', 'little')).toEqual([['merged-file', null, 1, true]]);
  expect(await told('Mergecap (Wireshark) 4.0.17', 'big')).toEqual([['merged-file', null, 1, true]]);
  expect(await told('Editcap (Wireshark) 4.0.17', 'little')).toEqual([]);
});

test('the clock was set back', async () => {
  const back = exchange().map(({ timeNs, bytes }) => ({ timeNs: timeNs < 2e9 ? timeNs : timeNs - 3_600e9, bytes }));
  expect(await told(back)).toContainEqual(['clock-step', null, 1, true]);
});

test('packets are in it twice', async () => {
  const twice = exchange().flatMap(({ timeNs, bytes }) => [
    { timeNs, bytes },
    { timeNs: timeNs + 20_000, bytes },
  ]);
  const { trust, capture } = await reportOf(twice.toSorted((a, b) => a.timeNs - b.timeNs));
  // The first packet of a flow has nothing to show that its sender gives each another identification; only a SYN needs none.
  const unknown = ['SYN,ACK', 'SYN,ACK', 'RST'].length;
  const copies = twice.length / 2 - unknown;
  expect(trust.map(({ code, count }) => [code, count])).toEqual([['duplicates', copies]]);
  expect(capture.duplicates).toBe(copies);
});

test('packets could not be decoded', async () => {
  const cut = changed(({ timeNs, bytes }) => ({
    timeNs,
    bytes: bytes.subarray(0, COOKED_BYTES + 9),
    originalBytes: bytes.length,
  }));
  expect(await told(cut)).toContainEqual(['undecoded', null, 1, true]);
});

test('streams were open before it began', async () => {
  const begunAt = exchange().filter(({ timeNs }) => timeNs >= 1.2e9);
  const notes = notesOf(await reportOf(begunAt));
  expect(notes.toSorted()).toEqual([
    ['begun-mid-stream', 'c1', 1, true],
    ['begun-mid-stream', 'u1', 1, true],
  ]);
});

test('a bound of the analysis was reached', async () => {
  const wire = new Wire(GATEWAY);
  const client = wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0);
  for (let nth = 0; nth < 70; nth++) client.asks(1 + nth / 100, REQUEST);
  wire.connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.2).asks(1.1, REQUEST).answers(1.4, RESPONSE);
  const { trust } = await reportOf(wire.records(9));
  expect(trust.filter(({ code }) => code === 'limit')).toMatchObject([
    { count: 6, args: { limit: 'unanswered-requests-per-connection', bound: 64 } },
  ]);
});

test('so was what is put in the order of time at once', async () => {
  // Each second one 5 ms late, and more of them than are read at once.
  const packets = Array.from({ length: BATCH_ROWS + 10 }, (_, nth): BuiltBlock => {
    const isLate = nth % 2 === 1;
    const bytes = tcpPacket({ from: '10.9.1.2:50001', to: `${GATEWAY}:80`, flags: 'ACK', seq: nth });
    return packetBlock({ interfaceId: isLate ? 1 : 0, units: BigInt(1000 * (isLate ? nth : nth + 5)), bytes });
  });
  const path = join(folder, 'late.pcapng');
  writeFileSync(path, section([interfaceBlock(), interfaceBlock(), ...packets]));
  const { trust } = await reportOn(path);
  expect(trust.filter(({ code }) => code === 'limit')).toMatchObject([
    { args: { limit: 'packets-ordered-by-time', bound: BATCH_ROWS } },
  ]);
});

test('so was one of the secrets that are held', async () => {
  const path = join(folder, 'capture');
  writeFileSync(path, buildPcap(exchange(), { linkType: LINKTYPE.LINUX_SLL }));
  const keyLog = new KeyLog();
  const lineOf = (nth: number) => `CLIENT_RANDOM ${String(nth).padStart(64, '0')} ${'00'.repeat(48)}`;
  keyLog.add(Array.from({ length: KEY_LOG_CONNECTIONS_MAX + 3 }, (_, nth) => lineOf(nth)).join('\n'));
  const { capture, incident } = await analyzeFiles([path], undefined, { keyLog });
  expect(composeReport(incident, capture, '0').trust).toMatchObject([
    { code: 'limit', count: 3, args: { limit: 'key-log-connections', bound: KEY_LOG_CONNECTIONS_MAX } },
  ]);
});

test('so was one of the connections that are compared between files', async () => {
  const syns = Array.from({ length: 8200 }, (_, nth): PcapRecord => {
    const from = `10.${20 + (nth >> 12)}.${(nth >> 6) & 63}.${nth & 63}:50001`;
    return { timeNs: nth * 1e5, bytes: tcpPacket({ from, to: `${GATEWAY}:80`, flags: 'SYN', seq: nth }) };
  });
  const paths = ['a.pcap', 'b.pcap'].map((name) => join(folder, name));
  for (const path of paths) writeFileSync(path, buildPcap(syns));
  const { trust } = await reportOn(...paths);
  expect(trust.filter(({ code }) => code === 'limit')).toMatchObject([
    {
      count: 16,
      weakens: ['retransmissions'],
      args: { limit: 'connections-compared-between-files', bound: 16_384 },
    },
  ]);
});

test('it has more faults than are listed', async () => {
  const lying = packetBlock({ units: 0n, bytes: new Uint8Array(20), lengths: { last: 56 } });
  const [first = lying, second = lying, third = lying, ...rest] = blocksOf(exchange());
  const faults = Array.from({ length: 103 }, () => [lying, first, second, third]).flat();
  const report = await reportOfFile(section([interfaceBlock({ linkType: 'LINUX_SLL' }), ...faults, ...rest]));
  expect(report.capture.warnings).toHaveLength(100);
  expect(notesOf(report)).toContainEqual(['warnings-omitted', null, 3, true]);
});
