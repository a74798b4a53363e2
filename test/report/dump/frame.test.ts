import { describe, expect, test } from 'vitest';
import type { KeptFields } from '../../../src/http/index.ts';
import { headersOf, renderFrame, renderHead } from '../../../src/report/index.ts';

const MOMENT = {
  packet: 21,
  file: 'gateway.pcap',
  epochNs: 1_764_000_000_123_456_000n,
  nth: 0,
  tunnel: null,
  from: 'client',
} as const;
const NOTHING = { headers: null, errorCode: null, lastStreamId: null };
const NO_FIELDS: KeptFields = {
  method: undefined,
  path: undefined,
  authority: undefined,
  status: undefined,
  userAgent: undefined,
  requestId: undefined,
  traceparent: undefined,
  grpcStatus: undefined,
  contentType: undefined,
  server: undefined,
  unknownNames: 0,
};

function flagsOf(type: number, flags: number): unknown {
  const line: { flags: unknown } = JSON.parse(renderFrame(MOMENT, { type, flags, streamId: 1, length: 0 }, NOTHING));
  return line.flags;
}

describe('a line of the dump of frames', () => {
  test('is that of the contract', () => {
    const headers = { ':method': 'GET', ':path': '/api/v1/pods?watch=true' };
    expect(renderFrame(MOMENT, { type: 1, flags: 5, streamId: 7, length: 34 }, { ...NOTHING, headers })).toBe(
      '{"packet":21,"file":"gateway.pcap","time":"2025-11-24T16:00:00.123456Z","connection":"t1","from":"client",' +
        '"protocol":"h2","type":"HEADERS","flags":["END_STREAM","END_HEADERS"],"stream":7,"length":34,' +
        '"headers":{":method":"GET",":path":"/api/v1/pods?watch=true"},"error":null,"lastStreamId":null,"trusted":true}\n',
    );
  });

  test('of GOAWAY and RST_STREAM names the error; of HTTP/1.1 a head is a REQUEST or RESPONSE of its exchange', () => {
    const goaway = renderFrame(
      MOMENT,
      { type: 7, flags: 0, streamId: 0, length: 8 },
      { ...NOTHING, errorCode: 11, lastStreamId: 9 },
    );
    expect(JSON.parse(goaway)).toMatchObject({ type: 'GOAWAY', error: 'ENHANCE_YOUR_CALM', lastStreamId: 9 });
    const head = renderHead(
      { ...MOMENT, from: null, epochNs: null },
      { isRequest: false, exchange: 3, length: 80 },
      NOTHING,
    );
    expect(JSON.parse(head)).toMatchObject({
      protocol: 'http1',
      type: 'RESPONSE',
      flags: [],
      stream: 3,
      length: 80,
      from: null,
      time: null,
    });
  });

  test.each([
    [0, 0x09, ['END_STREAM', 'PADDED']],
    [1, 0x2c, ['END_HEADERS', 'PADDED', 'PRIORITY']],
    [4, 0x01, ['ACK']],
    [6, 0x01, ['ACK']],
    [5, 0x0c, ['END_HEADERS', 'PADDED']],
    [9, 0x05, ['0x01', 'END_HEADERS']],
    [3, 0x80, ['0x80']],
    [0x1a, 0x01, ['0x01']],
  ])('type %i with flags %i has them named, undefined ones by their bit (RFC 9113 §6)', (type, flags, names) => {
    expect(flagsOf(type, flags)).toEqual(names);
  });

  test.each([
    [0, 'DATA'],
    [2, 'PRIORITY'],
    [8, 'WINDOW_UPDATE'],
    [9, 'CONTINUATION'],
    [0x0a, 'UNKNOWN_0x0a'],
    [0x1a, 'UNKNOWN_0x1a'],
  ])('type %i is %s', (type, name) => {
    expect(JSON.parse(renderFrame(MOMENT, { type, flags: 0, streamId: 1, length: 0 }, NOTHING))).toMatchObject({
      type: name,
    });
  });

  test('text of the wire cannot leave its line', () => {
    const headers = headersOf({ ...NO_FIELDS, path: '/\n"\u001b[2J\u2028' });
    const line = renderFrame(MOMENT, { type: 1, flags: 4, streamId: 1, length: 1 }, { ...NOTHING, headers });
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(line).not.toContain('\u001b');
    expect(JSON.parse(line)).toMatchObject({ headers: { ':path': '/\n"\u001b[2J\u2028' } });
  });
});

test('fields that are absent have no name, those that cannot be known are null', () => {
  expect(headersOf({ ...NO_FIELDS, status: 200, server: null })).toEqual({ ':status': '200', server: null });
  expect(headersOf({ ...NO_FIELDS, status: 0 })).toEqual({ ':status': null });
  expect(headersOf({ ...NO_FIELDS, status: null, grpcStatus: '14' })).toEqual({ ':status': null, 'grpc-status': '14' });
  expect(headersOf(NO_FIELDS)).toEqual({});
});
