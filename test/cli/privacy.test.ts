import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concat, data, headers, PREFACE, settings } from '../build/h2.ts';
import { type Field, HpackEncoder } from '../build/hpack.ts';
import { tlsConversation } from '../build/tls.ts';
import { type Tcp, Wire } from '../build/wire.ts';
import { watchpcap } from './command.ts';

/** In each place of its own, so that one that gets out tells which. */
const planted: string[] = [];

function secret(place: string): string {
  const text = `PLANTED-${place}-${planted.length}`;
  planted.push(text);
  return text;
}

/** What is there to be found. */
const SHOWN = '/api/v1/namespaces/default/pods/web-0/log';
const REQUEST_ID = 'c0ffee00-0000-4000-8000-000000000001';

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-privacy-'));
const file = path.join(folder, 'planted.pcapng');
const secretly = path.join(folder, 'in-tls.pcapng');
afterAll(() => rmSync(folder, { recursive: true }));

function pathWith(leg: string): string {
  return `${SHOWN}?follow=true&token=${secret(`${leg}-query`)}&continue=${secret(`${leg}-continue`)}&command=${secret(`${leg}-command`)}&${secret(`${leg}-bare`)}`;
}

function fieldsOf(leg: string): Field[] {
  return [
    ['authorization', `Bearer ${secret(`${leg}-authorization`)}`],
    ['cookie', `session=${secret(`${leg}-cookie`)}`],
    ['proxy-authorization', secret(`${leg}-proxy`)],
    ['impersonate-user', secret(`${leg}-impersonate`)],
    [secret(`${leg}-name`).toLowerCase(), secret(`${leg}-value`)],
    ['x-forwarded-client-cert', secret(`${leg}-xfcc`)],
  ];
}

const WATCH: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/api/v1/pods?watch=true&resourceVersion=1'],
  [':authority', 'kubernetes'],
];

/** A request and its response over HTTP/2, with bodies and trailers. */
function http2(leg: string): [Uint8Array, Uint8Array] {
  const asks = new HpackEncoder();
  const answers = new HpackEncoder();
  const request = asks.encode([
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', pathWith(leg)],
    [':authority', `user:${secret(`${leg}-password`)}@kubernetes`],
    ['user-agent', 'kubectl/v1.31.0'],
    ['x-request-id', REQUEST_ID],
    ...fieldsOf(leg),
  ]);
  const trailers = asks.encode([['x-checksum', secret(`${leg}-request-trailer`)]]);
  const response = answers.encode([
    [':status', '503'],
    ['set-cookie', secret(`${leg}-set-cookie`)],
    ['www-authenticate', secret(`${leg}-challenge`)],
    ['location', `https://kubernetes/?token=${secret(`${leg}-location`)}`],
  ]);
  const status = (place: string): string =>
    `{"kind":"Status","message":"${secret(`${leg}-${place}`)}","reason":"Expired","code":410}`;
  const last = answers.encode([
    ['grpc-status', '14'],
    ['grpc-message', secret(`${leg}-grpc-message`)],
  ]);
  return [
    concat(
      PREFACE,
      settings(),
      headers(1, request),
      data(1, secret(`${leg}-request-body`)),
      headers(1, trailers, { endStream: true }),
      headers(3, asks.encode(WATCH), { endStream: true }),
      headers(5, asks.encode(WATCH), { endStream: true }),
    ),
    concat(
      settings(),
      headers(1, response),
      data(1, `{"kind":"Status","message":"${secret(`${leg}-response-body`)}","reason":"ServiceUnavailable"}`),
      headers(1, last, { endStream: true }),
      headers(3, answers.encode([[':status', '200']])),
      data(3, `{"type":"ERROR","object":${status('watch-error')}}\n`, { endStream: true }),
      headers(5, answers.encode([[':status', '410']])),
      data(5, Uint8Array.from(gzipSync(status('gzip-body'))), { endStream: true }),
    ),
  ];
}

/** The same in a CONNECT stream. */
function tunnelled([asked, answered]: readonly [Uint8Array, Uint8Array]): [Uint8Array, Uint8Array] {
  const connect = new HpackEncoder().encode([
    [':method', 'CONNECT'],
    [':authority', `user:${secret('connect-password')}@kubernetes:8080`],
    ['proxy-authorization', secret('connect-authorization')],
  ]);
  const status = new HpackEncoder().encode([[':status', '200']]);
  return [
    concat(PREFACE, settings(), headers(1, connect), data(1, asked)),
    concat(settings(), headers(1, status), data(1, answered)),
  ];
}

function http1(leg: string): [string, string] {
  const lines = (fields: readonly Field[]): string => fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const request = `POST http://user:${secret(`${leg}-password`)}@kubernetes${pathWith(leg)} HTTP/1.1\r\nhost: kubernetes\r\nx-request-id: ${REQUEST_ID}\r\ntransfer-encoding: chunked\r\n${lines(fieldsOf(leg))}\r\n`;
  const body = secret(`${leg}-request-body`);
  const chunk = `${body.length.toString(16)};ext=${secret(`${leg}-chunk-extension`)}\r\n${body}\r\n0\r\nx-trailer: ${secret(`${leg}-trailer`)}\r\n\r\n`;
  const answer = secret(`${leg}-response-body`);
  const response = `HTTP/1.1 503 ${secret(`${leg}-reason`)}\r\nset-cookie: ${secret(`${leg}-set-cookie`)}\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`;
  return [request + chunk, response];
}

/** Two legs of each protocol, the upstream ones dead in the end, so that everything that can be told is. */
function conversation(
  wire: Wire,
  ...[near, far]: readonly (readonly [Tcp, Uint8Array | string, Uint8Array | string])[]
): void {
  if (near === undefined || far === undefined) return;
  near[0].asks(1, near[1]);
  far[0].asks(1.01, far[1]);
  far[0].answers(1.02, far[2]);
  near[0].answers(1.03, near[2]);
  far[0].inVain(0, far[1], 20, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
  wire.packet(40, { from: '192.0.2.1:9', to: '192.0.2.2:9', flags: 'RST', seq: 1 });
}

beforeAll(async () => {
  const wire = new Wire('10.9.0.2');
  const two = [
    [wire.connect('10.9.1.2:50001', '10.9.0.2:80', 0), ...http2('h2-near')],
    [wire.connect('10.9.0.2:40001', '10.9.2.1:8080', 0.1), ...http2('h2-far')],
  ] as const;
  conversation(wire, ...two);
  const inTunnels = [
    [wire.connect('10.9.1.6:50005', '10.9.0.2:15008', 0), ...tunnelled(http2('tunnel-near'))],
    [wire.connect('10.9.0.2:40005', '10.9.2.5:15008', 0.1), ...tunnelled(http2('tunnel-far'))],
  ] as const;
  conversation(wire, ...inTunnels);
  const one = [
    [wire.connect('10.9.1.3:50002', '10.9.0.2:80', 0.2), ...http1('h1-near')],
    [wire.connect('10.9.0.2:40002', '10.9.2.2:8080', 0.3), ...http1('h1-far')],
  ] as const;
  conversation(wire, ...one);
  const proxied = wire.connect('10.9.1.4:50003', '10.9.0.2:80', 0.4);
  proxied.asks(2, 'PROXY TCP4 203.0.113.7 10.9.0.2 4711 80\r\n', http1('proxied')[0]);
  // Begun in the middle: neither the table nor the message that it is in is known.
  wire.connect('10.9.1.5:50004', '10.9.0.2:80', 0.5).asks(2, `${secret('unknown-protocol')} ${'x'.repeat(50)}\r\n`);
  writeFileSync(file, wire.pcapng(60, ''));

  const [asks, answers] = http2('tls');
  const talk = await tlsConversation('TLSv1.3', undefined, [
    [0, asks],
    [1, answers],
  ]);
  const hidden = new Wire('10.9.0.2');
  const client = hidden.connect('10.9.1.2:50001', '10.9.0.2:443', 0);
  for (const [i, { side, bytes }] of [...talk.handshake, ...talk.said.flat()].entries()) {
    if (side === 0) client.asks(1 + i * 0.001, bytes);
    else client.answers(1 + i * 0.001, bytes);
  }
  planted.push(
    ...talk.keyLog
      .split('\n')
      .flatMap((line) => line.split(' ').slice(2))
      .filter((each) => each !== ''),
  );
  writeFileSync(secretly, hidden.pcapng(60, talk.keyLog));
});

function found(output: string): string[] {
  const lower = output.toLowerCase();
  return planted.filter((each) => lower.includes(each.toLowerCase()));
}

const FORMATS = ['text', 'markdown', 'html', 'json', 'ndjson', 'perfetto'] as const;

describe('of a capture full of secrets', () => {
  test.each(FORMATS)('nothing is told by the %s report, and what may be told is', async (format) => {
    for (const capture of [file, secretly]) {
      const { stdout, stderr } = await watchpcap(['analyze', '--format', format, capture]);
      expect([found(stdout), found(stderr)]).toEqual([[], []]);
      if (format === 'json' && capture === file) expect(stdout).toMatch(/"tunnel": *1/);
      if (format === 'json')
        expect([stdout.includes(SHOWN), /"reason": *"Expired"/.test(stdout)]).toEqual([true, true]);
    }
  });

  test.each(['frames', 'packets', 'trace'])('nothing is told by watchpcap %s', async (command) => {
    for (const capture of [file, secretly]) {
      const { status, stdout, stderr } = await watchpcap([command, capture]);
      expect(status).toBe(0);
      expect(stdout.length).toBeGreaterThan(1000);
      expect([found(stdout), found(stderr)]).toEqual([[], []]);
    }
  });

  test('it holds more than a hundred of them', () => expect(new Set(planted).size).toBeGreaterThan(100));
});
