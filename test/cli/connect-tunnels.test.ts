import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { concat, data, goaway, headers, ping, PREFACE, settings, settingsAck } from '../build/h2.ts';
import { HpackEncoder } from '../build/hpack.ts';
import { reportOn } from '../build/reports.ts';
import { tlsConversation } from '../build/tls.ts';
import { type Payload, type Tcp, Wire } from '../build/wire.ts';
import { watchpcap } from './command.ts';

/** A gateway that reaches its upstreams through CONNECT streams of HTTP/2, as Istio's HBONE does. */
const GATEWAY = '10.9.0.2';
const WATCH = '/api/v1/pods?watch=1';
const EVENT = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'pod-1', uid: 'a-b-c' } } })}\n`;
const LATER = EVENT.replace('pod-1', 'pod-2');
const IN_VAIN = [20, 20.2, 20.6, 21.4, 23, 26.2, 32.6] as const;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, 'gateway.pcap');
  writeFileSync(path, bytes);
  return path;
}

async function reportOf(wire: Wire, until: number, from = 0): Promise<Report> {
  return await reportOn(fileOf(wire.pcap(until, from)));
}

/** What one end of HTTP/2 says: its field blocks belong together. */
class Speaker {
  readonly #blocks = new HpackEncoder();

  asks(stream: number, path: string): Uint8Array {
    const block = this.#blocks.encode([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', path],
      [':authority', 'kubernetes'],
      ['user-agent', 'kubelet/v1.31'],
    ]);
    return headers(stream, block, { endStream: true });
  }

  connects(stream: number): Uint8Array {
    const block = this.#blocks.encode([
      [':method', 'CONNECT'],
      [':authority', '10.9.4.1:8080'],
    ]);
    return headers(stream, block);
  }

  answers(stream: number, status = '200'): Uint8Array {
    return headers(stream, this.#blocks.encode([[':status', status]]));
  }
}

/** Two ends of HTTP/2, and how each begins. */
class Speakers {
  readonly client = new Speaker();
  readonly server = new Speaker();
  readonly hello: Uint8Array = concat(PREFACE, settings());
  readonly welcome: Uint8Array = concat(settings(), settingsAck());
}

/** The client's connection: a watch that gets one event, and later another unless the upstream is dead by then. */
function client(wire: Wire, later: number | null): void {
  const { client: asker, server, hello, welcome } = new Speakers();
  const tcp = wire
    .connect('10.9.1.2:50001', `${GATEWAY}:80`, 0)
    .asks(0.01, hello)
    .answers(0.02, welcome)
    .asks(1, asker.asks(1, WATCH))
    .answers(1.02, server.answers(1), data(1, EVENT));
  if (later !== null) tcp.answers(later, data(1, LATER));
}

/** A connection with a tunnel in its stream 1, opened at that second. */
class Tunnelled {
  readonly tcp: Tcp;
  readonly outer = new Speakers();

  constructor(wire: Wire, ends: readonly [from: string, to: string], seconds: number) {
    const { client: asker, server, hello, welcome } = this.outer;
    this.tcp = wire
      .connect(...ends, seconds)
      .asks(seconds + 0.01, hello)
      .answers(seconds + 0.02, welcome)
      .asks(seconds + 0.03, asker.connects(1))
      .answers(seconds + 0.04, server.answers(1));
  }

  asks(seconds: number, ...inner: readonly Payload[]): this {
    this.tcp.asks(seconds, ...inner.map((bytes) => data(1, bytes)));
    return this;
  }

  answers(seconds: number, ...inner: readonly Payload[]): this {
    this.tcp.answers(seconds, ...inner.map((bytes) => data(1, bytes)));
    return this;
  }
}

const TO_UPSTREAM = [`${GATEWAY}:40001`, '10.9.2.1:15008'] as const;

/** An upstream connection whose tunnel carries the watch over HTTP/2, from a stream of that number on. */
function upstream(wire: Wire, stream = 1): Tunnelled {
  const { client: asker, server, hello, welcome } = new Speakers();
  return new Tunnelled(wire, TO_UPSTREAM, 0.5)
    .asks(0.6, hello)
    .answers(0.61, welcome)
    .asks(1.005, asker.asks(stream, WATCH))
    .answers(1.015, server.answers(stream), data(stream, EVENT));
}

describe('an upstream that is reached through a CONNECT stream', () => {
  test('and dies under a watch is a half-dead window, with the watch and its ids in the tunnel', async () => {
    const wire = new Wire(GATEWAY);
    client(wire, null);
    upstream(wire, 3).tcp.inVain(1, data(1, data(3, LATER)), ...IN_VAIN);
    const report = await reportOf(wire, 120);
    expect(report.verdict).toMatchObject({ state: 'half-dead', confidence: 'confirmed' });
    expect(report.windows).toMatchObject([{ client: 'c1', upstream: 'u1', cause: 'path-one-way' }]);
    expect(report.windows[0]?.streams).toMatchObject([
      { id: 1, kind: 'watch', path: WATCH, upstreamStream: 3, upstreamTunnel: 1, outcome: 'hung' },
    ]);
    expect(report.links).toMatchObject([{ method: 'request', streams: [[1, 3]], tunnels: [[null, 1]] }]);
    const streams = report.connections.find(({ id }) => id === 'u1')?.streams ?? [];
    expect(streams.map(({ id, tunnel, method, kind, status }) => [id, tunnel, method, kind, status])).toEqual([
      [1, undefined, 'CONNECT', 'other', 200],
      [3, 1, 'GET', 'watch', 200],
    ]);
  });

  test('and answers is healthy, however long its tunnels are quiet', async () => {
    const wire = new Wire(GATEWAY);
    client(wire, 400.01);
    upstream(wire).answers(400, data(1, LATER));
    new Tunnelled(wire, [`${GATEWAY}:40002`, '10.9.3.1:15008'], 0.7);
    const report = await reportOf(wire, 600);
    expect(report.verdict.state).toBe('healthy');
    expect([report.windows, report.findings]).toEqual([[], []]);
  });

  test('is found the same way where what runs there is HTTP/1.1', async () => {
    const chunk = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n`;
    const wire = new Wire(GATEWAY);
    client(wire, null);
    new Tunnelled(wire, TO_UPSTREAM, 0.5)
      .asks(1.005, `GET ${WATCH} HTTP/1.1\r\nhost: kubernetes\r\nuser-agent: kubelet/v1.31\r\n\r\n`)
      .answers(1.015, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', chunk(EVENT))
      .tcp.inVain(1, data(1, chunk(LATER)), ...IN_VAIN);
    const report = await reportOf(wire, 120);
    expect(report.windows).toMatchObject([{ streams: [{ id: 1, path: WATCH, upstreamStream: 1, upstreamTunnel: 1 }] }]);
  });

  test('is joined by its bytes where the capture begins later', async () => {
    const wire = new Wire(GATEWAY);
    const { client: asker, server, hello, welcome } = new Speakers();
    const near = wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0).asks(0.01, hello).answers(0.02, welcome);
    near.asks(1, asker.asks(1, WATCH)).answers(1.02, server.answers(1), data(1, EVENT));
    const far = upstream(wire);
    for (let at = 3; at < 9; at++) {
      const event = EVENT.replace('pod-1', `pod-${at}`);
      far.answers(at, data(1, event), ping(at, at));
      far.asks(at + 0.005, ping(at, at, true));
      near.answers(at + 0.01, data(1, event));
    }
    far.tcp.inVain(1, data(1, data(1, LATER)), ...IN_VAIN);
    const report = await reportOf(wire, 120, 2);
    expect(report.links).toMatchObject([{ method: 'payload', streams: [[1, 1]], tunnels: [[null, 1]] }]);
    expect(report.verdict.state).toBe('half-dead');
    expect(report.windows[0]?.streams).toMatchObject([{ id: 1, upstreamStream: 1, upstreamTunnel: 1 }]);
  });

  test('has no health check but its own: those in the tunnel are of others, and a GOAWAY there closes nothing', async () => {
    const wire = new Wire(GATEWAY);
    client(wire, 300.01);
    const far = upstream(wire).asks(2, ping(1, 1)).answers(299, data(1, LATER));
    far.answers(300, goaway(1, 0));
    const report = await reportOf(wire, 330);
    const { pings, goaways } = report.connections.find(({ id }) => id === 'u1') ?? {};
    expect([pings, goaways]).toEqual([
      { fromClient: { sent: 0, answered: 0 }, fromServer: { sent: 0, answered: 0 } },
      [],
    ]);
    expect(report.verdict.state).toBe('healthy');
  });
});

describe('tunnels on both sides', () => {
  test('are followed from the one to the other, and the streams that carry them are not hurt beside what they carry', async () => {
    const wire = new Wire(GATEWAY);
    const { client: asker, server, hello, welcome } = new Speakers();
    new Tunnelled(wire, ['10.9.1.2:50001', `${GATEWAY}:15008`], 0)
      .asks(0.11, hello)
      .answers(0.12, welcome)
      .asks(1, asker.asks(1, WATCH))
      .answers(1.02, server.answers(1), data(1, EVENT));
    upstream(wire).tcp.inVain(1, data(1, data(1, LATER)), ...IN_VAIN);
    const report = await reportOf(wire, 120);
    expect(report.windows).toHaveLength(1);
    expect(report.windows[0]?.streams).toMatchObject([
      { id: 1, tunnel: 1, path: WATCH, upstreamStream: 1, upstreamTunnel: 1 },
    ]);
    expect(report.verdict.summary).toContain('(stream 1 in tunnel 1)');
  });

  test('a tunnel that its end resets ends what ran in it', async () => {
    const wire = new Wire(GATEWAY);
    client(wire, null);
    const far = upstream(wire);
    far.tcp.answers(5, data(1, '', { endStream: true })).asks(5.01, data(1, '', { endStream: true }));
    const report = await reportOf(wire, 30);
    const streams = report.connections.find(({ id }) => id === 'u1')?.streams ?? [];
    expect(streams.map(({ tunnel, how, error }) => [tunnel, how, error])).toEqual([
      [undefined, 'end-stream', null],
      [1, 'rst-stream', 'NO_ERROR'],
    ]);
  });
});

describe('TLS in a tunnel', () => {
  test('is read with its secrets, and without them says nothing of what was asked', async () => {
    const speakers = new Speakers();
    const tls = await tlsConversation('TLSv1.3', undefined, [
      [0, concat(speakers.hello, speakers.client.asks(1, WATCH))],
      [1, concat(speakers.welcome, speakers.server.answers(1), data(1, EVENT))],
      [1, data(1, LATER)],
    ]);
    const wire = new Wire(GATEWAY);
    client(wire, null);
    const far = new Tunnelled(wire, TO_UPSTREAM, 0.5);
    const send = (seconds: number, flights: typeof tls.handshake): void => {
      for (const [i, { side, bytes }] of flights.entries())
        if (side === 0) far.asks(seconds + i * 0.000_5, bytes);
        else far.answers(seconds + i * 0.000_5, bytes);
    };
    send(0.6, tls.handshake);
    send(1.005, tls.said[0] ?? []);
    send(1.015, tls.said[1] ?? []);
    far.tcp.inVain(1, data(1, concat(...(tls.said[2] ?? []).map(({ bytes }) => bytes))), ...IN_VAIN);
    const withKeys = join(folder, 'gateway.pcapng');
    writeFileSync(withKeys, wire.pcapng(120, tls.keyLog));
    const read = await reportOn(withKeys);
    expect(read.windows).toMatchObject([{ streams: [{ id: 1, path: WATCH, upstreamStream: 1, upstreamTunnel: 1 }] }]);
    writeFileSync(withKeys, wire.pcapng(120, ''));
    const unread = await reportOn(withKeys);
    expect([unread.links, unread.windows]).toEqual([[], []]);
    expect(unread.verdict).toMatchObject({ state: 'suspect', reason: 'dead-upstream-unlinked' });
    expect(unread.connections.flatMap(({ streams }) => streams.filter(({ tunnel }) => tunnel !== undefined))).toEqual(
      [],
    );
  });
});

describe('what is told of a tunnel', () => {
  test.each([
    ['text', '1 → 3 in tunnel 1'],
    ['markdown', '| 3 in tunnel 1 |'],
    ['html', '3 in tunnel 1</td>'],
    ['perfetto', 'stream 1 to 3 in tunnel 1'],
  ])('the %s report names a stream by that which carries it', async (format, text) => {
    const wire = new Wire(GATEWAY);
    client(wire, null);
    upstream(wire, 3).tcp.inVain(1, data(1, data(3, LATER)), ...IN_VAIN);
    const { status, stdout } = await watchpcap(['analyze', '--format', format, fileOf(wire.pcap(120))]);
    expect(status).toBe(1);
    expect(stdout).toContain(text);
  });

  test('an anonymised extract tells the same, and nothing of what was asked there', async () => {
    const wire = new Wire(GATEWAY);
    client(wire, null);
    upstream(wire, 3).tcp.inVain(1, data(1, data(3, LATER)), ...IN_VAIN);
    const extract = join(folder, 'extract.pcapng');
    const args = ['analyze', fileOf(wire.pcap(120)), '--anonymize', '--extract', extract, '--format', 'json'];
    const { status, stderr } = await watchpcap(args);
    expect([status, stderr]).toEqual([1, '']);
    expect(readFileSync(extract, 'latin1')).not.toMatch(/pod-[12]|10\.9\.4\.1|a-b-c/);
    const { windows, verdict } = await reportOn(extract);
    expect(verdict.state).toBe('half-dead');
    expect(windows[0]?.streams).toMatchObject([{ id: 1, kind: 'watch', upstreamStream: 3, upstreamTunnel: 1 }]);
  });

  test('more than are read at one time are counted, and that is said', async () => {
    const wire = new Wire(GATEWAY);
    const { client: asker, hello, welcome } = new Speakers();
    const tcp = wire
      .connect(...TO_UPSTREAM, 0)
      .asks(0.01, hello)
      .answers(0.02, welcome);
    for (let at = 0; at < 1030; at += 103)
      tcp.asks(1 + at / 1000, ...Array.from({ length: 103 }, (_, i) => asker.connects(2 * (at + i) + 1)));
    const { trust } = await reportOf(wire, 10);
    expect(trust).toMatchObject([
      { code: 'limit', count: 6, args: { limit: 'connect-tunnels-per-connection', bound: 1024 } },
    ]);
  });
});

describe('frames', () => {
  test('lists what runs in a tunnel with the stream that carries it', async () => {
    const wire = new Wire(GATEWAY);
    upstream(wire);
    const { stdout } = await watchpcap(['frames', fileOf(wire.pcap(5))]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const inner = lines.filter(({ tunnel }) => tunnel !== undefined);
    expect(inner.map(({ type, tunnel, stream, from, connection }) => [type, tunnel, stream, from, connection])).toEqual(
      [
        ['SETTINGS', 1, 0, 'client', 't1'],
        ['SETTINGS', 1, 0, 'server', 't1'],
        ['SETTINGS', 1, 0, 'server', 't1'],
        ['HEADERS', 1, 1, 'client', 't1'],
        ['HEADERS', 1, 1, 'server', 't1'],
        ['DATA', 1, 1, 'server', 't1'],
      ],
    );
    expect(inner[3]?.['headers']).toMatchObject({ ':method': 'GET', ':path': WATCH });
    expect(lines.filter(({ type, tunnel }) => type === 'DATA' && tunnel === undefined)).toHaveLength(5);
  });
});
