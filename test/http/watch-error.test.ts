import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HTTP_BOUNDS, lastWatchErrorReason, watchErrorReason } from '../../src/http/index.ts';
import { concat, data, headers, PREFACE, settings } from '../build/h2.ts';
import { HpackEncoder, latin1 } from '../build/hpack.ts';
import { Conversation } from './conversation.ts';

const STATUS =
  '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (2)","reason":"Expired","code":410}';
const EXPIRED = `{"type":"ERROR","object":${STATUS}}\n`;
const ADDED = '{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"web-0"},"status":{"reason":"Gone"}}}\n';

/** An item of so many bytes, entries or elements (RFC 8949 §3). */
function cborHead(major: number, argument: number): string {
  if (argument < 24) return String.fromCharCode((major << 5) | argument);
  if (argument < 256) return String.fromCharCode((major << 5) | 24, argument);
  return String.fromCharCode((major << 5) | 25, argument >> 8, argument & 0xff);
}

/** As Kubernetes writes it: text as bytes, and what is whole behind the tag of CBOR. */
function cbor(value: string | number | readonly (readonly [string, string])[]): string {
  if (typeof value === 'number') return cborHead(0, value);
  if (typeof value === 'string') return `${cborHead(2, value.length)}${value}`;
  return `\xd9\xd9\xf7${cborHead(5, value.length)}${value.map(([key, item]) => `${cbor(key)}${item}`).join('')}`;
}

const CBOR_STATUS = cbor([
  ['code', cbor(410)],
  ['kind', cbor('Status')],
  ['reason', cbor('Expired')],
  ['status', cbor('Failure')],
  ['details', cbor([['causes', cbor([['reason', cbor('NotFound')]])]])],
  ['message', cbor('too old resource version')],
]);

function cborEvent(type: string, object: string, isObjectFirst: boolean): string {
  const entries = [['type', cbor(type)] as const, ['object', object] as const];
  return cbor(isObjectFirst ? entries.toReversed() : entries);
}

const reasons = (conversation: Conversation): unknown => conversation.told().filter(([call]) => call === 'reason');

/** What is told of frames of stream 1, and of chunks, cut into segments. */
function toldOf(bodies: readonly string[], segmentBytes: number): { http2: unknown; http1: unknown } {
  const encoder = new HpackEncoder();
  const http2 = new Conversation().send(0, concat(PREFACE, settings()));
  http2.send(1, concat(settings(), headers(1, encoder.encode([[':status', '200']]))));
  http2.sendCut(1, concat(...bodies.map((body) => data(1, latin1(body)))), segmentBytes);
  const http1 = new Conversation().send(0, latin1('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
  http1.send(1, latin1('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'));
  http1.sendCut(1, latin1(bodies.map((body) => `${body.length.toString(16)}\r\n${body}\r\n`).join('')), segmentBytes);
  return { http2: reasons(http2), http1: reasons(http1) };
}

const TOLD = { http2: [['reason', 1, 'Expired']], http1: [['reason', 1, 'Expired']] };
const NOT_TOLD = { http2: [], http1: [] };
const WHOLE = 10_000;

describe('an ERROR event of a watch is read', () => {
  test('behind other events of its frame', () => {
    expect(toldOf([ADDED, `${ADDED}${ADDED}${EXPIRED}`], WHOLE)).toEqual(TOLD);
  });

  test('behind other events of a watch that may be a tunnel, since its request was not read', () => {
    const encoder = new HpackEncoder();
    const later = encoder.encode([
      [':method', 'GET'],
      [':path', '/healthz'],
    ]);
    const conversation = new Conversation(false).send(0, concat(PREFACE, settings(), headers(7, later)));
    conversation.send(1, concat(settings(), data(5, latin1(ADDED)), data(5, latin1(`${ADDED}${ADDED}${EXPIRED}`))));
    expect(reasons(conversation)).toEqual([['reason', 5, 'Expired']]);
  });

  test('behind an event that began in an earlier frame or segment', () => {
    expect(toldOf([ADDED.slice(0, 40), `${ADDED.slice(40)}${EXPIRED}`], WHOLE)).toEqual(TOLD);
    const long = ADDED.replace('web-0', 'x'.repeat(900));
    expect(toldOf([`${long}${EXPIRED}`], 800)).toEqual(TOLD);
  });

  test('once, where it stands alone', () => {
    for (const segmentBytes of [WHOLE, 100, 40]) expect(toldOf([ADDED, EXPIRED], segmentBytes)).toEqual(TOLD);
  });

  test('wherever a segment cuts its start', () => {
    for (let bytes = 1; bytes < 30; bytes++) expect(toldOf([EXPIRED], bytes), `segments of ${bytes}`).toEqual(TOLD);
  });

  test('from padded frames', () => {
    const frame = data(1, latin1(`${ADDED}${EXPIRED}`), { padBytes: 17 });
    const conversation = new Conversation().send(0, concat(PREFACE, settings()));
    conversation.send(1, concat(settings(), frame));
    expect(reasons(conversation)).toEqual(TOLD.http2);
  });

  test.each([false, true])('from CBOR, object first: %s', (isObjectFirst) => {
    const event = cborEvent('ERROR', CBOR_STATUS, isObjectFirst);
    for (const segmentBytes of isObjectFirst ? [WHOLE] : [WHOLE, 200])
      expect(toldOf([cborEvent('ADDED', CBOR_STATUS, isObjectFirst), event], segmentBytes)).toEqual(TOLD);
    if (!isObjectFirst) for (let bytes = 1; bytes < 30; bytes++) expect(toldOf([event], bytes)).toEqual(TOLD);
  });

  test('from CBOR by its code, where it gives no reason', () => {
    const status = cbor([
      ['kind', cbor('Status')],
      ['code', cbor(504)],
    ]);
    const told = toldOf([cborEvent('ERROR', status, false)], WHOLE);
    expect(told.http2).toEqual([['reason', 1, 'Timeout']]);
  });

  test('from gzip, where it comes first', () => {
    const coded = gzipSync(EXPIRED).toString('latin1');
    for (const segmentBytes of [WHOLE, 60, 11, 5]) expect(toldOf([coded], segmentBytes)).toEqual(TOLD);
    expect(toldOf([gzipSync(`${ADDED}${EXPIRED}`).toString('latin1')], WHOLE)).toEqual(NOT_TOLD);
  });
});

test('so many bodies that begin like gzip are looked into; further ones are counted', () => {
  const conversation = new Conversation().send(0, concat(PREFACE, settings()));
  const coded = data(1, Uint8Array.from(gzipSync(EXPIRED)));
  conversation.send(1, settings());
  for (let sent = 0; sent < HTTP_BOUNDS.codedBodies + 3; sent++) conversation.send(1, coded);
  expect(reasons(conversation)).toHaveLength(HTTP_BOUNDS.codedBodies);
  expect(conversation.pass.counters.codedLimit).toBe(3);
});

describe('no ERROR event is read', () => {
  test.each([
    ['of an object in an object', `{"type":"ADDED","object":{"x":{"type":"ERROR","object":${STATUS}}}\n`],
    ['that is not the last', `${ADDED}${EXPIRED}${ADDED}`],
    ['of any other kind', `${ADDED}${EXPIRED.replace('Status', 'Pod')}`],
    [
      'of a line that only ends alike',
      `${ADDED}{"type":"MODIFIED","object":{"kind":"Status","reason":"Gone","n":410}}\n`,
    ],
    ['in CBOR, of any other type', cborEvent('ADDED', CBOR_STATUS, false)],
    [
      'in CBOR, of any other kind',
      cborEvent(
        'ERROR',
        cbor([
          ['kind', cbor('Pod')],
          ['reason', cbor('Gone')],
        ]),
        true,
      ),
    ],
    ['in CBOR, of a type that only begins alike', cborEvent('ERRED', CBOR_STATUS, false)],
    ['in gzip, of any other body', gzipSync(ADDED).toString('latin1')],
  ])('%s', (_, body) => {
    for (const segmentBytes of [WHOLE, 50, 7]) expect(toldOf([body], segmentBytes)).toEqual(NOT_TOLD);
  });
});

test("an empty padded DATA frame is not the beginning of an error's body (RFC 9113 §6.1)", () => {
  for (const padBytes of [0, 9]) {
    const encoder = new HpackEncoder();
    const conversation = new Conversation().send(0, concat(PREFACE, settings()));
    conversation.send(1, concat(settings(), headers(1, encoder.encode([[':status', '503']]))));
    conversation.send(1, concat(data(1, '', { padBytes }), data(1, 'no healthy upstream')));
    expect(reasons(conversation), `${padBytes} bytes`).toEqual([['reason', 1, 'no-healthy-upstream']]);
  }
});

test('property: no bytes throw', () => {
  const starts = fc.constantFrom(
    EXPIRED.slice(0, 25),
    CBOR_STATUS,
    cborEvent('ERROR', CBOR_STATUS, false).slice(0, 30),
    '\0\0\0\x09\n\x05ERROR',
    '\x1f\x8b\x08\0',
  );
  const ends = fc.constantFrom('', '0}}\n', '\x45ERROR');
  fc.assert(
    fc.property(starts, fc.uint8Array({ maxLength: 1500 }), ends, (start, bytes, end) => {
      const view = new DataView(concat(latin1(start), bytes, latin1(end)).buffer);
      for (const read of [watchErrorReason, lastWatchErrorReason])
        expect(typeof read(view, 0, view.byteLength)).not.toBe('undefined');
    }),
  );
});
