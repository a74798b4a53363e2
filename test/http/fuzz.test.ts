import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { type FrameObserver, HttpPass, type HttpSink, type KeptFields } from '../../src/http/index.ts';
import type { Side } from '../../src/tcp/index.ts';
import {
  concat,
  data,
  frame,
  headers,
  ping,
  PREFACE,
  rstStream,
  settings,
  settingsAck,
  TYPE,
  words,
} from '../build/h2.ts';
import { HpackEncoder, latin1 } from '../build/hpack.ts';
import { liveBytes } from '../build/live-bytes.ts';
import { Mutator, type Step } from '../build/mutated.ts';

/** Mutated conversations of HTTP/2 and HTTP/1.1, as many as WATCHPCAP_FUZZ_CONVERSATIONS says. */

const CONVERSATIONS = Number(process.env['WATCHPCAP_FUZZ_CONVERSATIONS'] ?? 4000);
const SEED = Number(process.env['WATCHPCAP_SEED'] ?? 7);
const OPEN_CONNECTIONS = 64;
const GROWTH_MAX_BYTES = 16 * 2 ** 20;
const CHECKED_EVERY = 1000;
const TEXT_MAX = 64 * 1024;

/** What it is told is counted, and held against what any reader may rely on. */
class Checked implements HttpSink, FrameObserver {
  calls = 0;
  frames = 0;

  protocol(): void {
    this.calls++;
  }
  headers(_connection: number, _side: Side, streamId: number, fields: KeptFields): void {
    this.#stream(streamId);
    for (const value of Object.values(fields)) {
      if (typeof value === 'string' && value.length > TEXT_MAX)
        throw new Error(`a value of ${value.length} characters`);
    }
  }
  wantsPayload(): boolean {
    return true;
  }
  data(_connection: number, _side: Side, streamId: number, dataBytes: number, fingerprint: number): void {
    this.#stream(streamId);
    this.#whole(dataBytes, 0, 2 ** 41);
    this.#whole(fingerprint, -(2 ** 31), 2 ** 31);
  }
  reason(_connection: number, streamId: number): void {
    this.#stream(streamId);
  }
  rstStream(_connection: number, _side: Side, streamId: number, errorCode: number): void {
    this.#stream(streamId);
    this.#whole(errorCode, 0, 2 ** 32);
  }
  settings(_connection: number, _side: Side, _ack: boolean, initialWindowBytes: number): void {
    this.#whole(initialWindowBytes, -1, 2 ** 32);
  }
  ping(): void {
    this.calls++;
  }
  goaway(_connection: number, _side: Side, lastStreamId: number, errorCode: number): void {
    this.#stream(lastStreamId);
    this.#whole(errorCode, 0, 2 ** 32);
  }
  windowUpdate(_connection: number, _side: Side, streamId: number, incrementBytes: number): void {
    this.#stream(streamId);
    this.#whole(incrementBytes, 0, 2 ** 31);
  }
  lost(): void {
    this.calls++;
  }
  regained(): void {
    this.calls++;
  }
  frame(_connection: number, _side: Side, type: number, flags: number, streamId: number, length: number): void {
    this.frames++;
    this.#whole(type, 0, 256);
    this.#whole(flags, 0, 256);
    this.#stream(streamId);
    this.#whole(length, 0, 2 ** 24);
  }
  head(_connection: number, _side: Side, _isRequest: boolean, exchange: number, length: number): void {
    this.frames++;
    this.#stream(exchange);
    this.#whole(length, 1, 2 ** 24);
  }

  #stream(id: number): void {
    this.calls++;
    this.#whole(id, 0, 2 ** 31);
  }

  #whole(value: number, from: number, end: number): void {
    if (!Number.isInteger(value) || value < from || value >= end)
      throw new Error(`${value} is not in [${from}, ${end})`);
  }
}

function said(side: Side, ...bytes: readonly Uint8Array[]): Step {
  return { kind: 'bytes', side, bytes: concat(...bytes) };
}

const STATUS = '{"kind":"Status","message":"m","reason":"Expired","details":{"name":"a"},"code":410}';

/** Every type of frame, in the orders that RFC 9113 allows. */
function http2(): Step[] {
  const client = new HpackEncoder();
  const server = new HpackEncoder();
  const request = (path: string): Uint8Array =>
    client.encode([
      [':method', 'GET'],
      [':path', path],
      [':authority', 'kubernetes'],
      [':scheme', 'http'],
      ['user-agent', 'kubectl/v1.31.0'],
      ['authorization', 'Bearer hidden', 'never'],
    ]);
  const response = (status: string): Uint8Array =>
    server.encode([
      [':status', status],
      ['content-type', 'application/json'],
    ]);
  const promise = concat(
    words(2),
    server.encode([
      [':method', 'GET'],
      [':path', '/pushed'],
    ]),
  );
  return [
    said(0, PREFACE, settings([1, 4096], [4, 65_535], [5, 16_384])),
    said(1, settings([3, 100]), settingsAck()),
    said(0, settingsAck(), headers(1, request('/api/v1/pods?watch=true'), { endStream: true })),
    said(0, headers(3, request('/api/v1/nodes'), { endStream: true, padBytes: 7, priority: true, fragmentBytes: 5 })),
    said(1, headers(1, response('200')), data(1, `{"type":"ADDED","object":{}}\n`), ping(1, 2)),
    said(1, headers(3, response('503')), data(3, STATUS, { endStream: true, padBytes: 3 })),
    said(
      0,
      ping(1, 2, true),
      frame(TYPE.WINDOW_UPDATE, 0, 0, words(1000)),
      frame(TYPE.PRIORITY, 0, 3, Uint8Array.of(0, 0, 0, 0, 1)),
    ),
    said(1, data(1, `{"type":"ERROR","object":${STATUS}}\n`), frame(TYPE.PUSH_PROMISE, 4, 1, promise)),
    said(0, headers(5, request('/apis/apps/v1/deployments')), data(5, '{}', { endStream: true }), rstStream(1, 8)),
    said(
      1,
      headers(5, response('500')),
      data(5, Uint8Array.from(gzipSync(STATUS)), { endStream: true }),
      frame(0xaa, 0xff, 9, words(1, 2, 3)),
    ),
    said(1, frame(TYPE.GOAWAY, 0, 0, concat(words(5, 0), latin1('shutting down')))),
    { kind: 'end', side: 1 },
    { kind: 'end', side: 0 },
  ];
}

function http1(): Step[] {
  const chunked = (body: string): string => `${body.length.toString(16)};x=y\r\n${body}\r\n`;
  return [
    said(0, latin1('GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hidden\r\n\r\n')),
    said(1, latin1(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('{"type":"ADDED"}')}`)),
    said(1, latin1(`${chunked(`{"type":"ERROR","object":${STATUS}}`)}0\r\nx: y\r\n\r\n`)),
    said(
      0,
      latin1('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'),
      latin1('hello'),
    ),
    said(
      1,
      latin1('HTTP/1.1 100 Continue\r\n\r\n'),
      latin1(`HTTP/1.1 503 no\r\nContent-Length: ${STATUS.length}\r\n\r\n${STATUS}`),
    ),
    said(0, latin1('GET /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')),
    said(1, latin1('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')),
    ...http2(),
  ];
}

function proxied(): Step[] {
  return [said(0, latin1('PROXY TCP4 10.9.1.2 10.9.0.2 40000 443\r\n')), ...http2()];
}

function printed(text: string): void {
  process.stderr.write(`${text}\n`);
}

test(
  'mutated conversations never throw, tell nothing that cannot be, and leave nothing behind',
  () => {
    const mutator = new Mutator(SEED);
    const seeds = [http2(), http1(), proxied()];
    const sink = new Checked();
    const pass = new HttpPass(new Moment(), sink, sink);
    let conversations = 0;
    let from = 0;
    let most = 0;
    while (conversations < CONVERSATIONS) {
      for (let n = 0; n < CHECKED_EVERY; n++) {
        const connection = conversations++ % OPEN_CONNECTIONS;
        pass.closed(connection);
        pass.opened(connection, mutator.chance(0.7));
        for (const step of mutator.mutate(mutator.pick(seeds), seeds)) play(pass, connection, step);
      }
      const live = liveBytes();
      if (from === 0) from = live;
      most = Math.max(most, live - from);
    }
    printed(
      `${conversations} mutated conversations, seed ${SEED}: ${sink.frames} frames and heads, ${pass.counters.lost} times lost, ` +
        `${pass.counters.regained} times regained; at most ${(most / 2 ** 20).toFixed(1)} MiB more than at first`,
    );
    expect(sink.frames).toBeGreaterThan(conversations);
    expect(pass.counters.lost).toBeGreaterThan(0);
    expect(most).toBeLessThan(GROWTH_MAX_BYTES);
  },
  600_000 + 20 * CONVERSATIONS,
);

function play(pass: HttpPass, connection: number, step: Step): void {
  switch (step.kind) {
    case 'bytes': {
      const { bytes } = step;
      pass.bytes(connection, step.side, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
      break;
    }
    case 'lost':
      pass.gap(connection, step.side, step.lostBytes);
      break;
    default:
      pass.finished(connection, step.side);
  }
}
