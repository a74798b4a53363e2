import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { icmp, ipv4, PROTOCOL } from '../build/layers.ts';
import { tcpPacket } from '../build/packet.ts';
import { buildPcap, LINKTYPE, type PcapRecord } from '../build/pcap.ts';
import { reportOn } from '../build/reports.ts';
import { Wire } from '../build/wire.ts';

/** A gateway whose upstream goes away while a watch is open: routers on the way say so, quoting what it sends. */
const GATEWAY = '10.9.0.2';
const SERVER = '10.9.2.1';
const WATCH = 'GET /api/v1/pods?watch=1 HTTP/1.1\r\nhost: k\r\nuser-agent: kubelet/v1.31\r\n\r\n';
const HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const COOKED = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
/** RFC 792: what a router has to quote. */
const QUOTED_BYTES = 20 + 8;
const TRIES = [20, 20.2, 20.6, 21.4, 23, 26.2, 32.6];

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-icmp-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function waiting(): Wire {
  const wire = new Wire(GATEWAY);
  wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0).asks(1, WATCH).answers(1.02, HEAD);
  const upstream = wire.connect(`${GATEWAY}:40001`, `${SERVER}:6443`, 0.5).asks(1.005, WATCH).answers(1.015, HEAD);
  upstream.inVain(0, 'GET /healthz HTTP/1.1\r\nhost: k\r\n\r\n', ...TRIES);
  return wire;
}

/** An error of a router about what the gateway sent, at that second. */
function error(seconds: number, type: number, code: number, port: number): PcapRecord {
  const sent = tcpPacket({ from: `${GATEWAY}:${port}`, to: `${SERVER}:6443`, flags: 'PSH,ACK', seq: 7, link: 'RAW' });
  const packet = ipv4(PROTOCOL.icmp, icmp(type, code, 0, sent.subarray(0, QUOTED_BYTES)));
  return { timeNs: seconds * 1e9, bytes: Uint8Array.from([...COOKED, ...packet]) };
}

async function told(...errors: readonly PcapRecord[]) {
  const records = [...waiting().records(120), ...errors].toSorted((a, b) => a.timeNs - b.timeNs);
  const path = join(folder, 'gateway.pcap');
  writeFileSync(path, buildPcap(records, { linkType: LINKTYPE.LINUX_SLL }));
  const { findings, capture } = await reportOn(path);
  return { errors: findings.filter(({ code }) => code === 'icmp-error'), capture };
}

test('an unreachable host is told of the connection that the error quotes, with its packets', async () => {
  const { errors } = await told(error(20.3, 3, 1, 40_001), error(23.1, 3, 1, 40_001));
  expect(errors).toMatchObject([{ connection: 'u1', args: { count: 2, type: 3, icmpCode: 1, about: 'client' } }]);
  expect(errors[0]?.packets).toHaveLength(2);
});

test('so is a packet whose time to live ran out on the way', async () => {
  const { errors } = await told(error(20.3, 11, 0, 40_001));
  expect(errors).toMatchObject([{ connection: 'u1', args: { count: 1, type: 11, icmpCode: 0 } }]);
});

test('an error about a connection that is not in the capture is told of none, and counted', async () => {
  const { errors, capture } = await told(error(20.3, 3, 1, 40_009));
  expect(errors).toEqual([]);
  expect(capture.notAnalyzed).toEqual([{ kind: 'icmp', linkType: null, packets: 1, undecoded: false }]);
});
