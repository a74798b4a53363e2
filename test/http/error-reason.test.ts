import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_REASONS, isConnectFailure, isStatusReason } from '../../src/http/index.ts';
import { errorReason } from '../../src/http/error-reason.ts';
import { concat, data, headers, PREFACE, rstStream, settings, words } from '../build/h2.ts';
import { HpackEncoder, latin1 } from '../build/hpack.ts';
import { Conversation } from './conversation.ts';

function reasonOf(body: Uint8Array): string | null {
  // It lies somewhere inside a block, and what follows is no part of it.
  const block = concat(latin1('xx'), body, latin1('"reason":"Expired"'));
  return errorReason(new DataView(block.buffer), 2, 2 + body.length);
}

/** As kube-apiserver writes it. */
const STATUS =
  '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server is currently unable to handle the request",' +
  '"reason":"ServiceUnavailable","details":{"causes":[{"reason":"NotFound"}]},"code":503}';

/** A length-delimited protobuf field. */
function field(number: number, content: Uint8Array): Uint8Array {
  const length = content.length < 128 ? [content.length] : [(content.length & 0x7f) | 0x80, content.length >> 7];
  return concat(Uint8Array.of(number * 8 + 2, ...length), content);
}

/** runtime.Unknown of a metav1.Status, behind Kubernetes' magic number. */
function protobuf(kind: string, ...status: readonly Uint8Array[]): Uint8Array {
  const typeMeta = concat(field(1, latin1('v1')), field(2, latin1(kind)));
  return concat(latin1('k8s\0'), field(1, typeMeta), field(2, concat(...status)), field(3, latin1('')));
}

describe('a Kubernetes Status', () => {
  test.each([
    ['as it is', STATUS, 'ServiceUnavailable'],
    ['written for people', JSON.stringify(JSON.parse(STATUS), null, 2), 'ServiceUnavailable'],
    [
      'with a message that looks like a reason',
      STATUS.replace('the server', '\\"reason\\":\\"Gone\\"'),
      'ServiceUnavailable',
    ],
    [
      'without a reason of its own, by its code',
      STATUS.replace('"reason":"ServiceUnavailable",', ''),
      'ServiceUnavailable',
    ],
    [
      'of a reason that is no word of Kubernetes, by its code',
      STATUS.replace(/Service\w+/, 'Secret'),
      'ServiceUnavailable',
    ],
    ['with neither', STATUS.replace('"reason":"ServiceUnavailable",', '').replace('503', '599'), 'Unknown'],
    ['with a code among its causes only', '{"kind":"Status","details":{"causes":[{"code":410}]},"x":1}', 'Unknown'],
    ['cut before its reason', STATUS.slice(0, 90), 'Unknown'],
  ])('in JSON, %s', (_, body, reason) => {
    expect(reasonOf(latin1(body))).toBe(reason);
  });

  test('in protobuf', () => {
    const message = field(3, latin1('m'.repeat(300)));
    const reason = field(4, latin1('TooManyRequests'));
    expect(reasonOf(protobuf('Status', field(1, latin1('')), field(2, latin1('Failure')), message, reason))).toBe(
      'TooManyRequests',
    );
    expect(reasonOf(protobuf('Status', message))).toBe('Unknown');
    expect(reasonOf(protobuf('Status', message, Uint8Array.of(6 * 8, 0x9a, 0x03)))).toBe('Gone');
    expect(reasonOf(protobuf('Pod', message, reason))).toBe(null);
  });

  test('any other object is none', () => {
    expect(reasonOf(latin1('{"kind":"Pod","status":{"reason":"NotFound"}}'))).toBe(null);
    expect(reasonOf(latin1('not JSON: "kind":"Status","reason":"NotFound"'))).toBe(null);
  });
});

describe('a body in gzip', () => {
  const coded = (body: string): Uint8Array => Uint8Array.from(gzipSync(body));

  test('is read as what it holds, also where it is cut', () => {
    expect(reasonOf(coded(STATUS))).toBe('ServiceUnavailable');
    expect(reasonOf(coded('no healthy upstream'))).toBe('no-healthy-upstream');
    expect(reasonOf(coded(STATUS).subarray(0, -8))).toBe('ServiceUnavailable');
    expect(reasonOf(coded(`${STATUS}${'x'.repeat(3000)}`))).toBe('ServiceUnavailable');
    expect(reasonOf(coded('{"kind":"Pod"}'))).toBe(null);
  });

  test('that is damaged says nothing', () => {
    const damaged = coded(STATUS).map((byte, i) => (i > 12 && i < 30 ? byte ^ 0x55 : byte));
    expect(reasonOf(damaged)).toBe(null);
    expect(reasonOf(coded(STATUS).subarray(0, 10))).toBe(null);
  });
});

describe('words of gateways', () => {
  test.each([
    [
      'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
      'upstream-reset-before-headers',
    ],
    [
      'upstream connect error or disconnect/reset before headers. reset reason: connection timeout',
      'upstream-connect-timeout',
    ],
    [
      'upstream connect error or disconnect/reset before headers. reset reason: connection failure',
      'upstream-connect-failure',
    ],
    [
      'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, ' +
        'transport failure reason: delayed connect error: Connection refused',
      'upstream-connect-failure',
    ],
    ['no healthy upstream', 'no-healthy-upstream'],
    ['upstream request timeout', 'upstream-request-timeout'],
    [
      '<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>',
      'no-server-available',
    ],
    ['<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>', 'gateway-timeout-page'],
    ['<!DOCTYPE html><html lang="en"><title>502 Bad Gateway</title><body><h1>502 Bad Gateway</h1>', 'bad-gateway-page'],
    ['404 page not found', null],
    ['', null],
  ])('%s', (body, reason) => {
    expect(reasonOf(latin1(body))).toBe(reason);
  });

  test('tell whether there was a connection at all', () => {
    expect(isConnectFailure('upstream-connect-timeout')).toBe(true);
    expect(isConnectFailure('upstream-connect-failure')).toBe(true);
    expect(isConnectFailure('upstream-reset-before-headers')).toBe(false);
    expect(isConnectFailure(null)).toBe(false);
  });

  test('are told from those of a Status', () => {
    expect(isStatusReason('ServiceUnavailable')).toBe(true);
    expect(isStatusReason('no-healthy-upstream')).toBe(false);
  });
});

test('property: no bytes throw, and nothing but words of the list comes out', () => {
  const starts = fc.constantFrom(
    '',
    'k8s\0',
    '{"kind":"Status","reason":"',
    'k8s\0\n\n\n\u0002v1\u0012\u0006Status\u0012',
  );
  fc.assert(
    fc.property(starts, fc.uint8Array({ maxLength: 2000 }), (start, bytes) => {
      const reason = reasonOf(concat(latin1(start), bytes));
      expect(reason === null || ERROR_REASONS.some((known) => known === reason)).toBe(true);
    }),
  );
});

/** An event as kube-apiserver writes it for the media type with `;stream=watch`: its length in four bytes, then metav1.WatchEvent. */
function protobufEvent(type: string, object: Uint8Array): Uint8Array {
  const event = concat(field(1, latin1(type)), field(2, field(1, object)));
  return concat(words(event.length), event);
}

describe('is told of error responses', () => {
  const reasons = (conversation: Conversation): unknown => conversation.told().filter(([call]) => call === 'reason');

  test('of HTTP/2, once, from the first DATA frame of that very stream', () => {
    const encoder = new HpackEncoder();
    const status = (code: string): Uint8Array => encoder.encode([[':status', code]]);
    const conversation = new Conversation();
    conversation.send(0, concat(PREFACE, settings()));
    conversation.send(1, concat(settings(), headers(1, status('200')), headers(3, status('503'))));
    conversation.send(1, data(1, STATUS)).send(1, concat(data(3, 'no healthy upstream'), data(3, STATUS)));
    expect(reasons(conversation)).toEqual([['reason', 3, 'no-healthy-upstream']]);
    conversation.send(
      1,
      concat(headers(5, status('503'), { endStream: true }), headers(7, status('200')), data(7, STATUS)),
    );
    expect(reasons(conversation)).toEqual([]);
  });

  test('of HTTP/2, of many whose heads come before the first body, the newest first', () => {
    const encoder = new HpackEncoder();
    const status = (): Uint8Array => encoder.encode([[':status', '503']]);
    const ids = [1, 3, 5, 7];
    const conversation = new Conversation().send(0, concat(PREFACE, settings()));
    conversation.send(1, concat(settings(), ...ids.map((id) => headers(id, status()))));
    conversation.send(1, concat(...ids.toReversed().map((id) => data(id, 'no healthy upstream'))));
    conversation.send(1, concat(...ids.map((id) => data(id, STATUS))));
    expect(reasons(conversation)).toEqual(ids.toReversed().map((id) => ['reason', id, 'no-healthy-upstream']));
  });

  test('of HTTP/2, none where no body comes, and those are not remembered', () => {
    const encoder = new HpackEncoder();
    const conversation = new Conversation().send(0, concat(PREFACE, settings())).send(1, settings());
    for (let i = 0; i < 100; i++) {
      const id = 2 * i + 1;
      conversation.send(1, headers(id, encoder.encode([[':status', '503']])));
      if (i % 2 === 0) conversation.send(1, data(id, '', { endStream: true }));
      else conversation.send(i % 4 === 1 ? 0 : 1, rstStream(id, 8));
    }
    expect(reasons(conversation)).toEqual([]);
    expect(conversation.pass.counters.errorLimit).toBe(0);
  });

  test('of HTTP/2, of as many as are remembered', () => {
    const encoder = new HpackEncoder();
    const ids = Array.from({ length: 70 }, (_, i) => 2 * i + 1);
    const conversation = new Conversation().send(0, concat(PREFACE, settings()));
    conversation.send(1, concat(settings(), ...ids.map((id) => headers(id, encoder.encode([[':status', '503']])))));
    conversation.send(1, concat(...ids.map((id) => data(id, STATUS))));
    expect(reasons(conversation)).toEqual(ids.slice(-64).map((id) => ['reason', id, 'ServiceUnavailable']));
    expect(conversation.pass.counters.errorLimit).toBe(6);
  });

  test('of HTTP/1.1, with a length and in chunks', () => {
    const conversation = new Conversation();
    const ask = latin1('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    conversation.send(0, ask);
    conversation.send(1, latin1(`HTTP/1.1 503 x\r\ncontent-length: ${STATUS.length}\r\n\r\n`), latin1(STATUS));
    conversation.send(0, ask);
    conversation.send(1, latin1(`HTTP/1.1 200 x\r\ncontent-length: ${STATUS.length}\r\n\r\n${STATUS}`));
    conversation.send(0, ask);
    conversation.send(
      1,
      latin1('HTTP/1.1 503 x\r\ntransfer-encoding: chunked\r\n\r\n13\r\nno healthy upstream\r\n0\r\n\r\n'),
    );
    expect(reasons(conversation)).toEqual([
      ['reason', 1, 'ServiceUnavailable'],
      ['reason', 3, 'no-healthy-upstream'],
    ]);
  });

  test('however segments cut their bodies, and padding behind them is no part', () => {
    const encoder = new HpackEncoder();
    const status = (code: string): Uint8Array => encoder.encode([[':status', code]]);
    const bodies = concat(
      settings(),
      headers(1, status('503')),
      data(1, STATUS.replace('"reason":"ServiceUnavailable",', ''), { padBytes: 9, endStream: true }),
      headers(3, status('500')),
      data(3, `no healthy upstream${'x'.repeat(3000)}`),
    );
    for (const segmentBytes of [1, 2, 13, 100, 1023, 1024, 1025, 5000]) {
      const conversation = new Conversation();
      conversation.send(0, concat(PREFACE, settings())).sendCut(1, bodies, segmentBytes);
      expect(reasons(conversation), `segments of ${segmentBytes}`).toEqual([
        ['reason', 1, 'ServiceUnavailable'],
        ['reason', 3, 'no-healthy-upstream'],
      ]);
    }
    const length = `HTTP/1.1 503 x\r\ncontent-length: ${STATUS.length}\r\n\r\n${STATUS}`;
    const closed = `HTTP/1.0 503 x\r\n\r\n${STATUS}`;
    for (const response of [length, closed]) {
      for (const segmentBytes of [1, 7, 200]) {
        const conversation = new Conversation().send(0, latin1('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
        conversation.sendCut(1, latin1(response), segmentBytes).finish(1);
        expect(reasons(conversation)).toEqual([['reason', 1, 'ServiceUnavailable']]);
      }
    }
  });

  test('not where a gap took a part', () => {
    const encoder = new HpackEncoder();
    const conversation = new Conversation().send(0, concat(PREFACE, settings()));
    const body = data(1, STATUS, { endStream: true });
    conversation.send(1, concat(settings(), headers(1, encoder.encode([[':status', '503']])), body.subarray(0, 30)));
    conversation.lose(1, 40).send(1, body.subarray(70));
    expect(reasons(conversation)).toEqual([]);
    expect(conversation.pass.counters.lost).toBe(0);
  });
});

describe('an ERROR event of a watch', () => {
  const reasons = (conversation: Conversation): unknown => conversation.told().filter(([call]) => call === 'reason');
  const expired = STATUS.replace('ServiceUnavailable', 'Expired').replace('503', '410');
  const added = '{"type":"ADDED","object":{"kind":"Status","reason":"Gone"}}\n';

  test.each([
    ['in JSON', latin1(`{"type":"ERROR","object":${expired}}\n`), 'Expired'],
    ['in JSON, by its code', latin1('{"type":"ERROR","object":{"kind":"Status","code":410}}\n'), 'Gone'],
    [
      'in protobuf',
      protobufEvent('ERROR', protobuf('Status', field(3, latin1('too old')), field(4, latin1('Expired')))),
      'Expired',
    ],
    [
      'in protobuf, of a type that only begins alike',
      protobufEvent('ERRED', protobuf('Status', field(4, latin1('Gone')))),
      null,
    ],
    ['in protobuf, of anything else', protobufEvent('ERROR', protobuf('Pod', field(4, latin1('Gone')))), null],
    ['in JSON, of anything else', latin1('{"type":"ERROR","object":{"kind":"Pod","reason":"Gone"}}\n'), null],
    ['that is none', latin1(added), null],
  ])('%s', (_, event, reason) => {
    const told = reason === null ? [] : [['reason', 1, reason]];
    const encoder = new HpackEncoder();
    const conversation = new Conversation().send(0, concat(PREFACE, settings()));
    conversation.send(1, concat(settings(), headers(1, encoder.encode([[':status', '200']])), data(1, added)));
    conversation.send(1, data(1, event, { endStream: true }));
    expect(reasons(conversation)).toEqual(told);
    const chunks = [latin1(added), event].flatMap((chunk) => [
      latin1(`${chunk.length.toString(16)}\r\n`),
      chunk,
      latin1('\r\n'),
    ]);
    const http1 = new Conversation().send(0, latin1('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    http1.send(
      1,
      concat(latin1('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'), ...chunks, latin1('0\r\n\r\n')),
    );
    expect(reasons(http1)).toEqual(told);
  });

  test('whose end is in a later segment', () => {
    const conversation = new Conversation().send(0, concat(PREFACE, settings()));
    const event = data(1, `{"type":"ERROR","object":${expired}}\n`);
    conversation.send(1, settings()).sendCut(1, event, 40);
    expect(reasons(conversation)).toEqual([['reason', 1, 'Expired']]);
  });
});
