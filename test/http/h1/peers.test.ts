import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type RequestOptions, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { portOf, Relay } from '../../build/relay.ts';
import { Conversation } from '../conversation.ts';
import { toldBy } from './told.ts';

/** Bytes that Node's client and server wrote to each other, recorded by a relay between them. */

let server: Server;
let relay: Relay;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => {
      switch (incoming.url) {
        case '/length':
          response.setHeader('content-length', 5).end('hello');
          break;
        case '/chunks':
          response.write('a'.repeat(3000));
          response.write('b'.repeat(10));
          response.addTrailers({ 'x-sum': 'c' });
          response.end();
          break;
        case '/close':
          response.shouldKeepAlive = false;
          response.useChunkedEncodingByDefault = false;
          response.removeHeader('connection');
          response.write('until ');
          response.end('the end');
          break;
        default:
          response.statusCode = 304;
          response.end();
      }
    });
  });
  server.on('upgrade', (_incoming, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    socket.on('data', (bytes: Buffer) => socket.end(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  relay = await Relay.to(portOf(server));
});

afterAll(() => {
  agent.destroy();
  relay.close();
  server.close();
});

/** Sends a request, in so many parts, and waits for the whole response. */
async function ask(options: RequestOptions, ...parts: readonly string[]): Promise<void> {
  const asking = request({ host: '127.0.0.1', port: relay.port, agent, ...options });
  for (const part of parts) asking.write(part);
  asking.end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
}

async function upgrade(): Promise<void> {
  const asking = request({
    host: '127.0.0.1',
    port: relay.port,
    path: '/exec',
    method: 'POST',
    headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1' },
  });
  asking.end();
  const [, socket] = await once(asking, 'upgrade');
  socket.write('ping');
  socket.resume();
  await once(socket, 'end');
  socket.end();
}

/** What was told of one connection, however its bytes are cut: heads, bytes of bodies, ends. */
function exchangesOf(connection: number, segmentBytes: number): unknown[] {
  const conversation = new Conversation();
  for (const { side, bytes } of relay.of(connection)) {
    if (bytes === null) conversation.finish(side);
    else conversation.sendCut(side, bytes, segmentBytes);
  }
  expect(conversation.pass.counters).toMatchObject({ lost: 0, illegalFrames: 0 });
  const exchanges = new Map<unknown, Record<string, unknown>>();
  for (const [call, side, exchange, third, fourth] of toldBy(conversation)) {
    const known = exchanges.get(exchange) ?? { bytes: [0, 0], ended: [] };
    exchanges.set(exchange, known);
    const { method, path, status } = third as { method?: string; path?: string; status?: number };
    if (call === 'headers' && method !== undefined) known['asked'] = `${method} ${path}`;
    if (call === 'headers' && status !== undefined) known['status'] = status;
    const bytes = known['bytes'] as number[];
    if (call === 'data') bytes[Number(side)] = (bytes[Number(side)] ?? 0) + Number(third);
    const ended = known['ended'] as unknown[];
    if (fourth === true && !ended.includes(side)) ended.push(side);
  }
  return [...exchanges.values()];
}

test('what Node writes as client and server is told exchange by exchange, however it is cut', async () => {
  await ask({ path: '/length' });
  await ask({ path: '/length', method: 'HEAD' });
  await ask({ path: '/chunks', headers: { te: 'trailers' } });
  await ask({ path: '/length', method: 'POST' }, 'x'.repeat(2000), 'y');
  await ask({ path: '/other', method: 'PUT', headers: { expect: '100-continue', 'content-length': 3 } }, 'abc');
  await ask({ path: '/close' });
  await upgrade();
  const both = [0, 1];
  const first = [
    { asked: 'GET /length', status: 200, bytes: [0, 5], ended: both },
    { asked: 'HEAD /length', status: 200, bytes: [0, 0], ended: both },
    { asked: 'GET /chunks', status: 200, bytes: [0, 3010], ended: both },
    { asked: 'POST /length', status: 200, bytes: [2001, 5], ended: both },
    { asked: 'PUT /other', status: 304, bytes: [3, 0], ended: both },
    { asked: 'GET /close', status: 200, bytes: [0, 13], ended: both },
  ];
  for (const segmentBytes of [1, 7, 1460, 65536]) {
    expect(exchangesOf(0, segmentBytes)).toEqual(first);
    expect(exchangesOf(1, segmentBytes)).toEqual([
      { asked: 'POST /exec', status: 101, bytes: [4, 4], ended: expect.arrayContaining(both) },
    ]);
  }
});
