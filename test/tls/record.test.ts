import { describe, expect, test } from 'vitest';
import { isRecordChain, isRecordStart } from '../../src/tls/index.ts';
import { concat } from '../build/h2.ts';

const APPLICATION_DATA = 23;
/** RFC 5246 §6.2.3: 2^14 of plaintext, and what protection may add. */
const LONGEST = 2 ** 14 + 2048;

function header(type: number, version: number, length: number): Uint8Array {
  return Uint8Array.of(type, version >> 8, version & 0xff, length >> 8, length & 0xff);
}

function record(length: number): Uint8Array {
  return concat(header(APPLICATION_DATA, 0x0303, length), new Uint8Array(length));
}

function asked<T>(ask: (view: DataView, at: number, end: number) => T, bytes: Uint8Array): T {
  return ask(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

describe('where a TLS record may begin (RFC 8446 §5.1)', () => {
  test.each([
    ['change_cipher_spec, the least type', header(20, 0x0303, 1), true],
    ['application data, the greatest', header(23, 0x0303, 1), true],
    ['a type below', header(19, 0x0303, 1), false],
    ['a type above', header(24, 0x0303, 1), false],
    ['SSL 3.0, the oldest version', header(22, 0x0300, 1), true],
    ['TLS 1.3, the newest', header(22, 0x0304, 1), true],
    ['a version below', header(22, 0x02ff, 1), false],
    ['a version above', header(22, 0x0305, 1), false],
    ['the longest fragment (RFC 5246 §6.2.3)', header(23, 0x0303, LONGEST), true],
    ['a longer one', header(23, 0x0303, LONGEST + 1), false],
    ['an empty fragment (RFC 5246 §6.2.1)', header(23, 0x0303, 0), true],
    ['a header without its length', header(23, 0x0303, 1).subarray(0, 3), true],
    ['too little to tell the version', header(23, 0x0303, 1).subarray(0, 2), false],
  ])('%s', (_, bytes, expected) => {
    expect(asked(isRecordStart, bytes)).toBe(expected);
  });
});

describe('whether a segment from the middle of a flow is TLS', () => {
  test.each([
    ['one record that ends where the segment does', record(20), true],
    ['one record that ends before', concat(record(20), Uint8Array.of(23)), false],
    ['one record that the segment cuts', record(20).subarray(0, 20), false],
    ['a second record that begins, whatever follows', concat(record(20), header(23, 0x0303, 400)), true],
    ['what follows the first one is no record', concat(record(20), header(1, 0x0303, 1)), false],
    ['too little for a header', record(20).subarray(0, 4), false],
  ])('%s', (_, bytes, expected) => {
    expect(asked(isRecordChain, bytes)).toBe(expected);
  });
});
