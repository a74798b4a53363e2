import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { concat, data, frame, headers, PREFACE, settings } from '../build/h2.ts';
import { HpackEncoder } from '../build/hpack.ts';
import { Wire } from '../build/wire.ts';
import { ROOT, watchpcap } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-frames-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Line {
  readonly packet: number;
  readonly connection: string;
  readonly from: string | null;
  readonly protocol: string;
  readonly type: string;
  readonly flags: readonly string[];
  readonly stream: number;
  readonly length: number;
  readonly headers: Record<string, string | null> | null;
  readonly error: string | null;
}

async function lines(...args: readonly string[]): Promise<Line[]> {
  const { status, stdout, stderr } = await watchpcap(['frames', ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));
}

function captureOf(name: string, wire: Wire): string {
  const file = path.join(folder, name);
  writeFileSync(file, wire.pcap(60));
  return file;
}

describe('watchpcap frames', () => {
  test('prints a line a frame and HTTP/1.1 head, at the packet that completed it, in connections of the report', async () => {
    const block = new HpackEncoder().encode([
      [':method', 'GET'],
      [':path', '/api/v1/pods?watch=true'],
      ['authorization', 'Bearer s3cret'],
    ]);
    const cut = headers(1, block, { endStream: true });
    const request = 'GET /a?token=s3cret HTTP/1.1\r\nhost: api\r\ncookie: s3cret\r\n\r\n';
    const response = 'HTTP/1.1 503 x\r\ncontent-length: 6\r\n\r\n';
    const wire = new Wire('10.9.0.2');
    wire
      .connect('10.9.1.2:50001', '10.9.0.2:80', 0)
      .asks(1, PREFACE, settings(), cut.subarray(0, 12))
      .asks(1.1, cut.subarray(12))
      .answers(1.2, settings(), data(1, 'abc', { endStream: true }), frame(0x1a, 0x40, 3, Uint8Array.of(1)));
    wire.connect('10.9.0.2:40001', '10.9.2.1:8080', 0.5).asks(2, request).answers(3, `${response}s3cret`);
    const all = await lines(captureOf('two.pcap', wire));
    const told = all.map(({ packet, connection, from, protocol, type, flags, stream, length }) =>
      [packet, connection, from, protocol, type, flags.join('|'), stream, length].join(' '),
    );
    expect(told).toEqual([
      '7 t1 client h2 SETTINGS  0 0',
      `9 t1 client h2 HEADERS END_STREAM|END_HEADERS 1 ${block.length}`,
      '11 t1 server h2 SETTINGS  0 0',
      '11 t1 server h2 DATA END_STREAM 1 3',
      '11 t1 server h2 UNKNOWN_0x1a 0x40 3 1',
      `13 t2 client http1 REQUEST  1 ${request.length}`,
      `15 t2 server http1 RESPONSE  1 ${response.length}`,
    ]);
    expect(all.map((line) => line.headers).filter((each) => each !== null)).toEqual([
      { ':method': 'GET', ':path': '/api/v1/pods?watch=true' },
      { ':method': 'GET', ':path': '/a?token=***', ':authority': 'api' },
      { ':status': '503' },
    ]);
    expect(JSON.stringify(all)).not.toContain('s3cret');
  });

  test('connections are those of the report', async () => {
    const all = await lines('samples/gateway.pcap');
    const { stdout } = await watchpcap(['analyze', 'samples/gateway.pcap', '--format', 'json']);
    const { connections }: { connections: { dumpId: string; role: string; client: { port: number } }[] } =
      JSON.parse(stdout);
    const asked = new Set(all.filter(({ type }) => type === 'HEADERS').map(({ connection }) => connection));
    expect([...asked].toSorted()).toEqual(
      connections
        .filter(({ role }) => role !== 'other')
        .map(({ dumpId }) => dumpId)
        .toSorted(),
    );
  });

  test('a connection joined in its middle says who asked as soon as a request or a response has', async () => {
    const whole = new Wire('10.9.0.2');
    const talk = whole.connect('10.9.1.2:50001', '10.9.0.2:80', 0);
    talk.asks(1, 'GET /a HTTP/1.1\r\n\r\n').answers(2, 'HTTP/1.1 204 x\r\n\r\n');
    const bytes = whole.pcap(60);
    const file = path.join(folder, 'midway.pcap');
    // Without the three packets of the handshake: each a record header and what it says that it captured.
    let at = 24;
    for (let i = 0; i < 3; i++) at += 16 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 8, true);
    writeFileSync(file, concat(bytes.subarray(0, 24), bytes.subarray(at)));
    expect((await lines(file)).map(({ from, type }) => [from, type])).toEqual([
      ['client', 'REQUEST'],
      ['server', 'RESPONSE'],
    ]);
  });

  test('says how to be used, and exits with 64 and 66 as analyze does', async () => {
    expect((await watchpcap(['frames'])).status).toBe(64);
    expect((await watchpcap(['frames', path.join(folder, 'none.pcap')])).status).toBe(66);
    expect((await watchpcap(['frames', 'samples/gateway.pcap', '--keylog', path.join(folder, 'none')])).status).toBe(
      66,
    );
  });

  test('a reader that has seen enough is no error', async () => {
    const child = spawn('sh', ['-c', `"${process.execPath}" dist/watchpcap.js frames samples/*.pcap | head -n 1`], {
      cwd: ROOT,
    });
    let out = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    await new Promise((resolve) => child.on('close', resolve));
    expect([out.split('\n').length, errors]).toEqual([2, '']);
  });
});
