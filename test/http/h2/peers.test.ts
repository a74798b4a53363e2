import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Side } from '../../../src/tcp/index.ts';
import { portOf, Relay } from '../../build/relay.ts';
import { Heard } from '../../build/heard.ts';
import { type Daemon, framesOfLog, type LoggedFrame, NGHTTP2_ABSENT, run, start } from '../../build/nghttp2.ts';

/**
 * Bytes that nghttp2's programs and Node wrote to each other over loopback, recorded by a relay between them, held against what the
 * programs say of the frames that they sent and got. Both code header values by Huffman and keep a dynamic table.
 */

const SEGMENT_BYTES = [1, 7, 1460, 65_536] as const;
const BIG_BYTES = 70_000;

let directory: string;
let big: string;
const open: { close(): unknown }[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'watchpcap-nghttp2-'));
  big = join(directory, 'big');
  writeFileSync(big, 'x'.repeat(BIG_BYTES));
  writeFileSync(join(directory, 'index.html'), 'hello\n');
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

/** @returns where nghttpd listens; its log is what `stop` gives */
async function nghttpd(...args: readonly string[]): Promise<Daemon> {
  const daemon = await start('nghttpd', (port) => [
    '--no-tls',
    '-v',
    '--echo-upload',
    '--address=127.0.0.1',
    `--htdocs=${directory}`,
    ...args,
    String(port),
  ]);
  open.push({ close: () => daemon.stop() });
  return daemon;
}

/** A proxy that speaks HTTP/2 to a server on this port, and lets its clients upgrade to it. */
async function nghttpx(backend: number): Promise<Daemon> {
  const proxy = await start('nghttpx', (port) => [
    '--conf=/dev/null',
    `--frontend=127.0.0.1,${port};no-tls`,
    `--backend=127.0.0.1,${backend};;proto=h2`,
    '--workers=1',
    '--single-process',
    '--errorlog-file=/dev/null',
  ]);
  open.push({ close: () => proxy.stop() });
  return proxy;
}

async function relayTo(port: number): Promise<Relay> {
  const relay = await Relay.to(port);
  open.push(relay);
  return relay;
}

/** An HTTP/2 server of Node that answers by path. */
async function nodeServer(paddingStrategy: number): Promise<Http2Server> {
  const server = createServer({ paddingStrategy }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => server.close() });
  return server;
}

function answer(request: Http2ServerRequest, response: Http2ServerResponse): void {
  response.setHeader('server', 'node "é"');
  response.setHeader('content-type', 'application/json');
  request.resume();
  request.on('end', () => {
    switch (request.url) {
      case '/reset':
        response.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
        break;
      case '/trailers':
        response.write('{}');
        response.addTrailers({ 'grpc-status': '14' });
        response.end();
        break;
      case '/fails':
        response.statusCode = 503;
        response.end('no healthy upstream');
        break;
      default:
        response.end('x'.repeat(BIG_BYTES));
    }
  });
}

/** What was read of a connection when it is over, which must not depend on how its bytes are cut. */
async function heardOf(relay: Relay, connection = 0): Promise<Heard> {
  await relay.over();
  const [first, ...others] = SEGMENT_BYTES.map((bytes) => new Heard().hear(relay.of(connection), bytes));
  if (first === undefined) throw new Error('a way to cut');
  for (const each of [first, ...others]) {
    expect(each.pass.counters).toMatchObject({
      lost: 0,
      illegalFrames: 0,
      longFrames: 0,
      hpackErrors: 0,
      hpackBadIndices: 0,
    });
    expect(each.frames).toEqual(first.frames);
  }
  return first;
}

function blocks(frames: readonly LoggedFrame[]): LoggedFrame[] {
  return frames.filter(({ type }) => type === 'HEADERS');
}

/** The fields that were told stand there in fewer bytes than they have, and a block like one before in a fraction of it. */
function expectCompressed(frames: readonly LoggedFrame[]): void {
  const [first, ...more] = blocks(frames);
  const textBytes = Object.entries(first?.fields ?? {}).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  );
  expect(first?.length).toBeLessThan(textBytes);
  expect(Math.min(...more.map(({ length }) => length))).toBeLessThan((first?.length ?? 0) / 2);
}

/** Of bodies, as the sink was told: without padding. */
function dataBytes(heard: Heard, side: Side): number {
  return sum(heard.calls.map(([call, , from, , bytes]) => (call === 'data' && from === side ? Number(bytes) : 0)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

async function ask(session: ClientHttp2Session, path: string, requestId: string): Promise<void> {
  const request = session.request({
    ':path': path,
    'user-agent': 'node (test)',
    'x-request-id': requestId,
    cookie: 'hidden',
  });
  request.resume();
  await once(request, 'end');
}

/** Holds what was read against the log of the client: that it sent all of side 0, and got the first of side 1 before it left. */
function expectClientLog(heard: Heard, [sent, got]: ReturnType<typeof framesOfLog>): void {
  expect(heard.frames[0]).toEqual(sent);
  expect(heard.frames[1].slice(0, got.length)).toEqual(got);
}

/** Holds it against the log of the server. */
function expectServerLog(heard: Heard, [got, sent]: ReturnType<typeof framesOfLog>): void {
  expect(heard.frames[0].filter(isLoggedByReceiver)).toEqual(got.filter(isLoggedByReceiver));
  expect(heard.frames[1]).toEqual(sent);
}

/** nghttp2 passes over a WINDOW_UPDATE for a stream that is over, and does not log it. */
function isLoggedByReceiver({ type, streamId }: LoggedFrame): boolean {
  return type !== 'WINDOW_UPDATE' || streamId === 0;
}

describe.skipIf(NGHTTP2_ABSENT !== null)(
  `what nghttp2 and Node write${NGHTTP2_ABSENT === null ? '' : ` (${NGHTTP2_ABSENT})`}`,
  () => {
    const targets = (port: number): string[] =>
      ['/', '/big', '/api/v1/pods?watch=true&resourceVersion=12', '/nothing'].map(
        (path) => `http://127.0.0.1:${port}${path}`,
      );
    const fields = [
      '--header=x-request-id: 5f3b7c1a-77',
      '--header=authorization: Bearer hidden',
      '--header=traceparent: 00-4bf92f-00f0-01',
    ];

    test.each([
      ['as they are', [], []],
      ['padded, with trailers and pushes', ['-b', '50'], ['-b', '90', '--trailer', 'grpc-status: 0', '-p/=/big']],
      [
        'with small tables',
        ['-c', '100', '--encoder-header-table-size=80'],
        ['-c', '90', '--encoder-header-table-size=70'],
      ],
      ['without tables at first', ['-c', '0', '-c', '4096'], ['-c', '0']],
    ])('nghttp to nghttpd, %s: both say the same frames', async (_, clientArgs, serverArgs) => {
      const server = await nghttpd(...serverArgs);
      const relay = await relayTo(server.port);
      const clientLog = await run('nghttp', ['-v', '-n', '-m', '3', ...fields, ...clientArgs, ...targets(relay.port)]);
      const heard = await heardOf(relay);
      const byClient = framesOfLog(clientLog, 0);
      const byServer = framesOfLog(await server.stop(), 1, 2);
      expect(blocks(byClient[0])).toHaveLength(12);
      expect(byClient[1].length).toBeGreaterThan(30);
      expectServerLog(heard, byServer);
      expectClientLog(heard, byClient);
      if (clientArgs.length === 0) expectCompressed(heard.frames[0]);
    });

    test('nghttp sends a body and a block that needs CONTINUATION, and its trailers', async () => {
      const server = await nghttpd();
      const relay = await relayTo(server.port);
      const args = ['-v', '-n', '--continuation', '--expect-continue', '-d', big, '--trailer', 'x-request-id: t1'];
      const clientLog = await run('nghttp', [...args, `http://127.0.0.1:${relay.port}/up`]);
      const heard = await heardOf(relay);
      const byClient = framesOfLog(clientLog, 0);
      expectServerLog(heard, framesOfLog(await server.stop(), 1, 2));
      expectClientLog(heard, byClient);
      const [request, trailers] = blocks(heard.frames[0]);
      expect(request?.length).toBeGreaterThan(16_384);
      expect(trailers?.fields).toEqual({ 'x-request-id': 't1' });
      expect(blocks(heard.frames[1]).map((block) => block.fields[':status'])).toEqual(['100', '200']);
      for (const side of [0, 1] as const) expect(dataBytes(heard, side)).toBe(BIG_BYTES);
    });

    test('nghttp upgrades a connection of HTTP/1.1 that nghttpx accepts', async () => {
      const server = await nghttpd();
      const proxy = await nghttpx(server.port);
      const relay = await relayTo(proxy.port);
      const clientLog = await run('nghttp', ['-v', '-n', '-u', ...targets(relay.port)]);
      const heard = await heardOf(relay);
      const byClient = framesOfLog(clientLog, 0);
      expect(heard.calls.filter(([call]) => call === 'protocol').map(([, , protocol]) => protocol)).toEqual([
        'http1',
        'h2',
      ]);
      expectClientLog(heard, byClient);
      // The first request was the upgrade's own.
      expect(blocks(heard.frames[0])).toHaveLength(3);
      expect(blocks(heard.frames[1]).map((block) => block.fields[':status'])).toEqual(
        expect.arrayContaining(['200', '404']),
      );
    });

    test('nghttp to Node: both ways, with what fails', async () => {
      const relay = await relayTo(portOf(await nodeServer(constants.PADDING_STRATEGY_MAX)));
      const paths = ['/', '/trailers', '/fails', '/reset'].map((path) => `http://127.0.0.1:${relay.port}${path}`);
      const clientLog = await run('nghttp', ['-v', '-n', '-w', '14', ...fields, ...paths]);
      const heard = await heardOf(relay);
      const byClient = framesOfLog(clientLog, 0);
      expectClientLog(heard, byClient);
      expect(byClient[1].filter(({ type }) => type === 'DATA').length).toBeGreaterThan(6);
      expect(heard.calls.filter(([call]) => call === 'reason')).toEqual([['reason', 0, 17, 'no-healthy-upstream']]);
      expect(heard.calls.filter(([call]) => call === 'rstStream')).toEqual([
        ['rstStream', 0, 1, 19, constants.NGHTTP2_ENHANCE_YOUR_CALM],
      ]);
    });

    test('Node to nghttpd: requests, a PING, tables that shrink and grow, a stream given up', async () => {
      const server = await nghttpd('-b', '20');
      const relay = await relayTo(server.port);
      const session = connect(`http://127.0.0.1:${relay.port}`, { settings: { headerTableSize: 8192 } });
      for (const [nth, headerTableSize] of [8192, 0, 50, 4096].entries()) {
        await new Promise((resolve) => session.settings({ headerTableSize }, resolve));
        for (const path of ['/', '/big', '/nothing']) await ask(session, path, `request-${nth}`);
      }
      await new Promise((resolve) => session.ping(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), resolve));
      const given = session.request({ ':path': '/big' });
      given.on('error', () => undefined);
      given.close(constants.NGHTTP2_CANCEL);
      await once(given, 'close');
      session.close();
      await once(session, 'close');
      const heard = await heardOf(relay);
      expectServerLog(heard, framesOfLog(await server.stop(), 1, 2));
      expect(blocks(heard.frames[0]).map((block) => block.fields['x-request-id'])).toEqual(
        expect.arrayContaining(['request-0', 'request-1', 'request-2', 'request-3']),
      );
      expect(heard.calls.filter(([call]) => call === 'ping')).toEqual([
        ['ping', 0, 0, false, 0x01020304, 0x05060708],
        ['ping', 0, 1, true, 0x01020304, 0x05060708],
      ]);
      expectCompressed(heard.frames[0]);
    });

    test.each(['nghttpd', 'node'])('h2load to %s: as many requests, answers and bytes as it counted', async (who) => {
      const relay = await relayTo(
        who === 'node' ? portOf(await nodeServer(constants.PADDING_STRATEGY_NONE)) : (await nghttpd()).port,
      );
      const args = ['-n30', '-c3', '-m8', '-ph2c', ...fields];
      const text = await run('h2load', [...args, `http://127.0.0.1:${relay.port}/big`]);
      expect(relay.connections).toBe(3);
      const each = await Promise.all([0, 1, 2].map((connection) => heardOf(relay, connection)));
      const requests = each.flatMap((heard) => blocks(heard.frames[0]));
      const answers = each.flatMap((heard) => blocks(heard.frames[1]));
      const [, headBytes, bodyBytes] = /traffic: .* total, .*\((\d+)\) headers .*\((\d+)\) data/.exec(text) ?? [];
      expect(text).toContain('requests: 30 total, 30 started, 30 done, 30 succeeded');
      expect(requests.map((block) => block.fields['x-request-id'])).toEqual(
        Array.from({ length: 30 }, () => '5f3b7c1a-77'),
      );
      expect(answers.map((block) => block.fields[':status'])).toEqual(Array.from({ length: 30 }, () => '200'));
      expect(sum(answers.map(({ length }) => length))).toBe(Number(headBytes));
      expect(sum(each.map((heard) => dataBytes(heard, 1)))).toBe(Number(bodyBytes));
      for (const heard of each) expectCompressed(heard.frames[0]);
    });
  },
);
