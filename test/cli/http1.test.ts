import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { concat, data, headers, ping, PREFACE, settings, settingsAck } from '../build/h2.ts';
import { HpackEncoder } from '../build/hpack.ts';
import { type Tcp, Wire } from '../build/wire.ts';

/** A gateway that speaks HTTP/2 to its clients and HTTP/1.1 to its upstreams, as many do. */
const GATEWAY = '10.9.0.2';
const WATCH = '/api/v1/pods?watch=1';
const EVENT = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'pod-1', uid: 'a-b-c' } } })}\n`;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function reportOf(wire: Wire, until: number): Promise<Report> {
  const path = join(folder, 'gateway.pcap');
  writeFileSync(path, wire.pcap(until));
  return await reportOn(path);
}

function requestOf(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: kubernetes\r\nuser-agent: kubelet/v1.31\r\n\r\n`;
}

function chunk(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n`;
}

class Client {
  readonly #tcp: Tcp;
  readonly #asks = new HpackEncoder();
  readonly #answers = new HpackEncoder();

  constructor(wire: Wire) {
    this.#tcp = wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0);
    this.#tcp.asks(0.01, PREFACE, settings()).answers(0.02, settings(), settingsAck());
  }

  gets(seconds: number, stream: number, path: string): this {
    const block = this.#asks.encode([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', path],
      [':authority', 'kubernetes'],
      ['user-agent', 'kubelet/v1.31'],
    ]);
    this.#tcp.asks(seconds, headers(stream, block, { endStream: true }));
    return this;
  }

  gotten(seconds: number, stream: number, body: string, endStream: boolean): this {
    const block = this.#answers.encode([[':status', '200']]);
    this.#tcp.answers(seconds, concat(headers(stream, block), data(stream, body, { endStream })));
    return this;
  }
}

describe('an HTTP/1.1 upstream', () => {
  test('that dies under a watch is a half-dead window, with the exchange as its upstream stream', async () => {
    const wire = new Wire(GATEWAY);
    new Client(wire).gets(1, 1, WATCH).gotten(1.02, 1, EVENT, false);
    wire
      .connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.5)
      .asks(1.005, requestOf(WATCH))
      .answers(1.015, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', chunk(EVENT))
      .inVain(1, chunk(EVENT), 20, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
    wire
      .connect(`${GATEWAY}:40002`, '10.9.3.1:8080', 0.5)
      .asks(0.6, requestOf('/healthz'))
      .answers(0.61, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    const report = await reportOf(wire, 120);
    expect(report.verdict).toMatchObject({ state: 'half-dead', confidence: 'confirmed' });
    expect(report.connections.map(({ id, protocol }) => [id, protocol])).toEqual([
      ['c1', 'h2'],
      ['u1', 'http1'],
      ['u2', 'http1'],
      ['o1', 'tcp'],
    ]);
    expect(report.windows).toMatchObject([
      {
        client: 'c1',
        upstream: 'u1',
        cause: 'path-one-way',
        open: true,
        streams: [{ id: 1, kind: 'watch', path: WATCH, upstreamStream: 1, outcome: 'hung' }],
        alternatives: [{ upstream: 'u2', requestsDuring: 0 }],
      },
    ]);
    expect(report.links[0]).toMatchObject({ method: 'request', streams: [[1, 1]] });
  });

  test('whose Status goes on in a second chunk failed for the reason that its code has', async () => {
    const wire = new Wire(GATEWAY);
    const status = '{"kind":"Status","apiVersion":"v1","status":"Failure",';
    wire
      .connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.5)
      .asks(1, requestOf('/api/v1/nodes'))
      .answers(1.1, 'HTTP/1.1 500 Internal Server Error\r\ntransfer-encoding: chunked\r\n\r\n', chunk(status))
      .answers(1.2, chunk('"reason":"InternalError","code":500}'), chunk(''));
    const { connections } = await reportOf(wire, 5);
    expect(connections.flatMap(({ streams }) => streams.map(({ reason }) => reason))).toEqual(['InternalError']);
  });

  test('that answers many requests on one connection and closes it when idle is healthy', async () => {
    const wire = new Wire(GATEWAY);
    const client = new Client(wire);
    const upstream = wire.connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.5);
    for (let i = 0; i < 20; i++) {
      client.gets(1 + i, 1 + 2 * i, `/api/v1/nodes/n${i}`);
      upstream
        .asks(1.005 + i, requestOf(`/api/v1/nodes/n${i}`))
        .answers(1.015 + i, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      client.gotten(1.02 + i, 1 + 2 * i, 'ok', true);
    }
    upstream.closes(80, 1);
    const report = await reportOf(wire, 120);
    expect(report.verdict.state).toBe('healthy');
    expect(report.windows).toEqual([]);
    const { streams, foldedStreams } = report.connections.find(({ id }) => id === 'u1') ?? {};
    expect((streams?.length ?? 0) + (foldedStreams?.count ?? 0)).toBe(20);
    expect(streams?.every(({ how, status }) => how === 'end-stream' && status === 200)).toBe(true);
  });

  test('that serves an exec session as a tunnel, quiet for minutes, is healthy; a response may end with its connection', async () => {
    const exec = '/api/v1/namespaces/default/pods/web-0/exec?command=sh';
    const upgrading = `POST ${exec} HTTP/1.1\r\nhost: kubernetes\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n`;
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n';
    const wire = new Wire(GATEWAY);
    wire
      .connect('10.9.1.2:50001', `${GATEWAY}:80`, 0)
      .asks(1, upgrading)
      .answers(1.02, switched)
      .asks(2, 'ls\n')
      .answers(2.02, 'a b c\n')
      .closes(400, 0);
    wire
      .connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.5)
      .asks(1.005, upgrading)
      .answers(1.015, switched)
      .asks(2.005, 'ls\n')
      .answers(2.015, 'a b c\n')
      .closes(400.005, 0);
    wire
      .connect(`${GATEWAY}:40002`, '10.9.2.1:8080', 3)
      .asks(3.1, requestOf('/api/v1/nodes'))
      .answers(3.2, 'HTTP/1.0 200 OK\r\n\r\nnodes')
      .closes(3.3, 1);
    const report = await reportOf(wire, 500);
    expect(report.verdict.state).toBe('healthy');
    expect(report.findings).toEqual([]);
    const streams = report.connections.flatMap((connection) =>
      connection.streams.map(({ id, kind, status, how }) => [connection.id, id, kind, status, how]),
    );
    expect(streams).toEqual([
      ['c1', 1, 'exec', 101, 'end-stream'],
      ['u1', 1, 'exec', 101, 'end-stream'],
      ['u2', 1, 'list', 200, 'end-stream'],
    ]);
    expect(report.links).toMatchObject([{ client: 'c1', upstream: 'u1', method: 'request' }]);
  });

  test('whose exec tunnel dies is a half-dead window too', async () => {
    const upgrading = `POST /api/v1/namespaces/default/pods/web-0/attach HTTP/1.1\r\nhost: kubernetes\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n`;
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n';
    const wire = new Wire(GATEWAY);
    wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0).asks(1, upgrading).answers(1.02, switched).asks(20, 'ls\n');
    wire
      .connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.5)
      .asks(1.005, upgrading)
      .answers(1.015, switched)
      .inVain(0, 'ls\n', 20.005, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
    const report = await reportOf(wire, 120);
    expect(report.verdict).toMatchObject({ state: 'half-dead', confidence: 'confirmed' });
    expect(report.windows).toMatchObject([
      { cause: 'peer-silent', streams: [{ id: 1, kind: 'attach', upstreamStream: 1, outcome: 'hung' }] },
    ]);
  });

  test('is linked by request-id where the path was rewritten', async () => {
    const asked = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\nx-request-id: 6f1c-77\r\n\r\n`;
    const wire = new Wire(GATEWAY);
    wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0).asks(1, asked('/apis/x'));
    wire.connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.5).inVain(0, asked('/y'), 1.005, 1.2, 1.6, 2.4, 4, 7.2, 13.6);
    const report = await reportOf(wire, 120);
    expect(report.verdict.state).toBe('half-dead');
    expect(report.links).toMatchObject([{ client: 'c1', upstream: 'u1', method: 'request-id', streams: [[1, 1]] }]);
  });

  test('that nobody reaches, until another one takes the exec session: its 101 serves the client', async () => {
    const upgrading = `POST /api/v1/namespaces/default/pods/web-0/exec HTTP/1.1\r\nhost: kubernetes\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n`;
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n';
    const wire = new Wire(GATEWAY);
    wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0).asks(1, upgrading).answers(11.2, switched);
    for (const seconds of [1.01, 2.01, 4.01, 8.01])
      wire.packet(seconds, { from: `${GATEWAY}:40001`, to: '10.9.2.1:8080', flags: 'SYN', seq: 1000 });
    wire.connect(`${GATEWAY}:40002`, '10.9.3.1:8080', 11).asks(11.1, upgrading).answers(11.15, switched);
    const report = await reportOf(wire, 60);
    expect(report.windows).toMatchObject([{ cause: 'connect-unanswered', end: { how: 'rerouted' } }]);
  });

  test('whose watch began before the capture is found by its events, and linked to the client by them', async () => {
    const wire = new Wire(GATEWAY);
    const client = wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0).asks(0.1, PREFACE, settings());
    const upstream = wire.connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.5);
    for (let i = 0; i < 12; i++) {
      const event = `${JSON.stringify({ type: 'MODIFIED', object: { metadata: { name: `pod-${i}`, uid: `a-${i * 7}` } } })}\n`;
      upstream.answers(2 + i, chunk(event));
      client
        .answers(2.01 + i, data(1, event))
        .asks(2.5 + i, ping(i, i))
        .answers(2.51 + i, ping(i, i, true));
    }
    upstream.inVain(1, chunk(EVENT), 20, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
    client.asks(60, ping(60, 60)).answers(60.01, ping(60, 60, true));
    const path = join(folder, 'midway.pcap');
    writeFileSync(path, wire.pcap(120, 1.5));
    const report = await reportOn(path);
    expect(report.connections.map(({ id, protocol }) => [id, protocol])).toEqual([
      ['u1', 'http1'],
      ['c1', 'h2'],
      ['o1', 'tcp'],
    ]);
    expect(report.links).toMatchObject([{ client: 'c1', upstream: 'u1', method: 'payload', streams: [[1, 1]] }]);
    expect(report.verdict).toMatchObject({ state: 'half-dead', confidence: 'confirmed' });
  });
});
