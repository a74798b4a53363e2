import { once } from 'node:events';
import { createServer as createHttp1Server, type Server } from 'node:http';
import { type ClientHttp2Session, connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { Moment } from '../../../src/capture/index.ts';
import { HttpPass } from '../../../src/http/index.ts';
import { HttpRecord, type Told } from '../../build/http-record.ts';
import { portOf, Relay, type Sent } from '../../build/relay.ts';

/**
 * Node's own HTTP/2 opens a tunnel by CONNECT and speaks through it; a relay stands on either side of where the tunnel ends. What is read of the
 * tunnel on the one is held against what is read of the bare connection on the other.
 */

const SEGMENT_BYTES = [1, 7, 1460, 65_536] as const;
const BIG = 'x'.repeat(40_000);
const INNER = -1;

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function listening<S extends Http2Server | Server>(server: S): Promise<S> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => server.close() });
  return server;
}

async function relayTo(port: number): Promise<Relay> {
  const relay = await Relay.to(port);
  open.push(relay);
  return relay;
}

/** Ends tunnels: what comes out of one goes to a server on that port. */
async function terminator(port: number): Promise<Http2Server> {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    const far = connectTcp({ port, host: '127.0.0.1' });
    stream.respond({ ':status': 200 });
    stream.pipe(far).pipe(stream);
    for (const each of [stream, far]) each.on('error', () => undefined);
  });
  return await listening(server);
}

/** Goes through a tunnel to a server, and returns what both relays wrote down. */
async function through(
  server: { address(): AddressInfo | string | null },
  speak: (tunnel: Duplex) => Promise<void>,
): Promise<{ outer: readonly Sent[]; inner: readonly Sent[] }> {
  const inner = await relayTo(portOf(server));
  const outer = await relayTo(portOf(await terminator(inner.port)));
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${outer.port}`);
  const tunnel = session.request({ ':method': 'CONNECT', ':authority': '127.0.0.1:1' });
  await once(tunnel, 'response');
  await speak(tunnel);
  tunnel.end();
  if (!tunnel.closed) await once(tunnel, 'close');
  session.close();
  await Promise.all([outer.over(), inner.over()]);
  return { outer: outer.of(0), inner: inner.of(0) };
}

function told(sent: readonly Sent[], segmentBytes: number): readonly Told[] {
  const record = new HttpRecord();
  const pass = new HttpPass(new Moment(), record);
  pass.opened(0, true);
  for (const { side, bytes } of sent) {
    if (bytes === null) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += segmentBytes)
      pass.bytes(0, side, view, at, Math.min(at + segmentBytes, bytes.length));
  }
  return record.calls;
}

/** By side, since the two relays do not see in one order what goes both ways: the fields of messages, and how many bytes of bodies, of each stream. */
function summary(calls: readonly Told[], connection: number): unknown {
  const own = calls.filter(([, of]) => of === connection);
  const bodies: Record<string, number> = {};
  for (const [call, , side, stream, bytes] of own)
    if (call === 'data')
      bodies[`${String(side)} ${String(stream)}`] = (bodies[`${String(side)} ${String(stream)}`] ?? 0) + Number(bytes);
  const heads = ([0, 1] as const).map((side) => own.filter(([call, , of]) => call === 'headers' && of === side));
  return { heads: heads.map((of) => of.map((call) => call.slice(2))), bodies };
}

function expectAlike(outer: readonly Sent[], inner: readonly Sent[], protocol: string): void {
  for (const bytes of SEGMENT_BYTES) {
    const read = told(outer, bytes);
    expect(read).toContainEqual(['tunnel', INNER, 0, 1, protocol]);
    expect(summary(read, INNER)).toEqual(summary(told(inner, bytes), 0));
    expect(read.filter(([call]) => call === 'lost')).toEqual([]);
  }
}

test('HTTP/2 of Node in a CONNECT stream of Node is told as on its own connection', async () => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(request.url === '/big' ? BIG : '{}');
  });
  const { outer, inner } = await through(await listening(server), async (tunnel) => {
    const session = connect('http://kubernetes', { createConnection: () => tunnel });
    for (const path of ['/api/v1/pods', '/big', '/api/v1/nodes']) await text(session.request({ ':path': path }));
    session.close();
    await once(session, 'close');
  });
  expectAlike(outer, inner, 'h2');
});

test('HTTP/1.1 of a server of Node likewise, up to the end of the tunnel', async () => {
  const server = createHttp1Server((request, response) => response.end(request.url === '/big' ? BIG : 'ok'));
  const { outer, inner } = await through(await listening(server), async (tunnel) => {
    for (const [path, end] of [
      ['/healthz', 'keep-alive'],
      ['/big', 'close'],
    ])
      tunnel.write(`GET ${path} HTTP/1.1\r\nhost: kubernetes\r\nconnection: ${end}\r\n\r\n`);
    expect((await text(tunnel)).length).toBeGreaterThan(BIG.length);
  });
  expectAlike(outer, inner, 'http1');
});
