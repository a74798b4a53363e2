import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TCP_BOUNDS } from '../../src/tcp/index.ts';
import { ETHER_TYPE, ethernet, ipv4, PROTOCOL, udp } from '../build/layers.ts';
import { tcpPacket, type TcpPacket } from '../build/packet.ts';
import { buildPcap } from '../build/pcap.ts';
import { ROOT, watchpcap } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-packets-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Line {
  readonly packet: number;
  readonly file: string;
  readonly time: string;
  readonly connection: string | null;
  readonly from: string | null;
  readonly kind: string;
  readonly labels: readonly string[];
}

async function lines(...args: readonly string[]): Promise<Line[]> {
  const { status, stdout, stderr } = await watchpcap(['packets', ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line));
}

function captureOf(name: string, frames: readonly (Uint8Array | readonly number[])[]): string {
  const file = path.join(folder, name);
  const records = frames.map((bytes, index) => ({ timeNs: index * 10_000, bytes: Uint8Array.from(bytes) }));
  writeFileSync(file, buildPcap(records));
  return file;
}

const GOING: TcpPacket = { from: '10.9.1.2:49739', to: '10.9.0.2:80' };
const COMING: TcpPacket = { from: '10.9.0.2:80', to: '10.9.1.2:49739' };

describe('watchpcap packets', () => {
  test('prints a line a packet, numbered as in the file, in connections of the report', async () => {
    const all = await lines('samples/gateway.pcap');
    expect(all.map(({ packet }) => packet)).toEqual(Array.from({ length: 135 }, (_, index) => index + 1));
    expect(new Set(all.map(({ file }) => file))).toEqual(new Set(['samples/gateway.pcap']));
    const { stdout } = await watchpcap(['analyze', 'samples/gateway.pcap', '--format', 'json']);
    const { connections }: { connections: { dumpId: string; firstPacket: number }[] } = JSON.parse(stdout);
    for (const { dumpId, firstPacket } of connections)
      expect(all.find(({ connection }) => connection === dumpId)?.packet).toBe(firstPacket);
  });

  test('reads standard input, and several files as one', async () => {
    const bytes = readFileSync(path.join(ROOT, 'samples/gateway.pcap'));
    const piped = await new Promise<string>((resolve) => {
      const child = spawn(process.execPath, ['dist/watchpcap.js', 'packets', '-'], { cwd: ROOT });
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      child.on('close', () => resolve(out));
      child.stdin.end(bytes);
    });
    expect(piped.split('\n')).toHaveLength(136);
    const both = await lines('samples/gateway-healthy.pcap', 'samples/gateway.pcap');
    expect(new Set(both.map(({ file }) => file)).size).toBe(2);
    expect(both.map(({ time }) => time)).toEqual(both.map(({ time }) => time).toSorted());
  });

  test('tells who sent it once a SYN has, and null before', async () => {
    const file = captureOf('from.pcap', [
      tcpPacket({ ...COMING, seq: 9, ack: 5 }),
      tcpPacket({ ...GOING, flags: 'SYN', seq: 1000 }),
      tcpPacket({ ...COMING, flags: 'SYN,ACK', seq: 2000, ack: 1001 }),
      tcpPacket({ ...GOING, flags: 'ACK', seq: 1001, ack: 2001 }),
    ]);
    const from = (await lines(file)).map((line) => line.from);
    expect(from).toEqual([null, 'client', 'server', 'client']);
  });

  test('labels what is sent again, and what the capture has twice', async () => {
    const data: TcpPacket = { ...GOING, flags: 'PSH,ACK', seq: 1001, ack: 2001, payload: 'abc' };
    const file = captureOf('labels.pcap', [
      tcpPacket({ ...GOING, flags: 'SYN', seq: 1000, ipId: 1 }),
      tcpPacket({ ...COMING, flags: 'SYN,ACK', seq: 2000, ack: 1001, ipId: 7 }),
      tcpPacket({ ...GOING, flags: 'ACK', seq: 1001, ack: 2001, ipId: 2 }),
      tcpPacket({ ...data, ipId: 3 }),
      tcpPacket({ ...data, ipId: 3, ttl: 63, vlan: [5] }),
      tcpPacket({ ...data, ipId: 4 }),
      ethernet(ETHER_TYPE.ipv4, ipv4(PROTOCOL.udp, udp(1, 2, []))),
    ]);
    const told = (await lines(file)).map(({ kind, labels }) => `${kind} ${labels.join(',')}`);
    expect(told).toEqual(['tcp ', 'tcp ', 'tcp ', 'tcp ', 'tcp duplicate-capture', 'tcp retransmission', 'udp ']);
  });

  test('goes on where more connections come than are followed at one time', async () => {
    const count = TCP_BOUNDS.connections + 500;
    const frames = Array.from({ length: count }, (_, index) =>
      tcpPacket({
        from: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:5000`,
        to: '10.9.0.2:80',
        flags: 'SYN',
      }),
    );
    const all = await lines(captureOf('flood.pcap', frames));
    expect(all.map(({ connection }) => connection)).toEqual(frames.map((_, index) => `t${index + 1}`));
  });

  test('a reader that has seen enough is no error', async () => {
    const child = spawn('sh', ['-c', `"${process.execPath}" dist/watchpcap.js packets samples/*.pcap | head -n 1`], {
      cwd: ROOT,
    });
    let out = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    await new Promise((resolve) => child.on('close', resolve));
    expect([out.split('\n').length, errors]).toEqual([2, '']);
  });

  test('says on standard error where a file is cut, and prints what is there', async () => {
    const whole = readFileSync(path.join(ROOT, 'samples/gateway.pcap'));
    const file = path.join(folder, 'cut.pcap');
    writeFileSync(file, Uint8Array.from(whole.subarray(0, whole.length - 1)));
    const { status, stdout, stderr } = await watchpcap(['packets', file]);
    expect([status, stdout.trimEnd().split('\n').length]).toEqual([0, 134]);
    expect(stderr).toMatch(/^watchpcap: .*cut\.pcap: .* \(at byte \d+\)\n$/u);
  });

  test('refuses what analyze refuses, with the same status', async () => {
    const statuses = await Promise.all(
      [['samples/missing.pcap'], ['README.md'], []].map(async (args) => (await watchpcap(['packets', ...args])).status),
    );
    expect(statuses).toEqual([66, 65, 64]);
  });
});
