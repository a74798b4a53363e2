import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beginsProxyHeader,
  PROXY_HEADER,
  PROXY_HEADER_MAX_BYTES,
  ProxiedClient,
  readProxyHeader,
} from '../../src/tcp/index.ts';
import { concat } from '../build/h2.ts';
import { latin1 } from '../build/hpack.ts';

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);

function binary(command: number, family: number, block: readonly number[]): Uint8Array {
  return concat(SIGNATURE, Uint8Array.of(command, family, block.length >> 8, block.length & 0xff, ...block));
}

function read(bytes: Uint8Array): { bytes: number; client: ProxiedClient } {
  const block = concat(Uint8Array.of(0xee), bytes);
  const client = new ProxiedClient();
  return { bytes: readProxyHeader(new DataView(block.buffer), 1, block.length, client), client };
}

const V4 = [10, 9, 1, 2, 10, 9, 0, 2, 0x9c, 0x40, 0, 80];
const V6 = [...Array.from({ length: 15 }, () => 0), 1, ...Array.from({ length: 16 }, () => 2), 0x9c, 0x40, 1, 187];

describe('the header of the PROXY protocol', () => {
  test.each([
    ['PROXY TCP4 10.9.1.2 10.9.0.2 40000 80\r\n', 4, [0, 0, 0, 0x0a090102]],
    ['PROXY TCP6 2001:db8::1 ::1 40000 80\r\n', 6, [0x20010db8, 0, 0, 1]],
    ['PROXY TCP6 1:2:3:4:5:6:7:8 ::1 40000 80\r\n', 6, [0x10002, 0x30004, 0x50006, 0x70008]],
    ['PROXY TCP4 255.0.255.255 10.9.0.2 40000 80\r\n', 4, [0, 0, 0, 0xff00ffff | 0]],
    ['PROXY TCP6 ::1 ::1 40000 80\r\n', 6, [0, 0, 0, 1]],
    ['PROXY TCP6 FF02:: ::1 40000 80\r\n', 6, [0xff020000 | 0, 0, 0, 0]],
    ['PROXY TCP6 1:2:3:4::6:7:8 ::1 40000 80\r\n', 6, [0x10002, 0x30004, 6, 0x70008]],
  ])('version 1: %j', (line, ipVersion, words) => {
    const { bytes, client } = read(concat(latin1(line), latin1('GET /')));
    expect({ bytes, ipVersion: client.ipVersion, words: [...client.words], port: client.port }).toEqual({
      bytes: line.length,
      ipVersion,
      words,
      port: 40000,
    });
  });

  test.each([
    [0x11, V4, 4, [0, 0, 0, 0x0a090102]],
    [0x21, V6, 6, [0, 0, 0, 1]],
    [0x11, [...V4, 4, 0, 1, 0xff], 4, [0, 0, 0, 0x0a090102]],
  ])('version 2, family %i', (family, block, ipVersion, words) => {
    const { bytes, client } = read(concat(binary(0x21, family, block), latin1('GET /')));
    expect({ bytes, ipVersion: client.ipVersion, words: [...client.words], port: client.port }).toEqual({
      bytes: 16 + block.length,
      ipVersion,
      words,
      port: 40000,
    });
  });

  test.each([
    ['UNKNOWN', latin1('PROXY UNKNOWN\r\n')],
    ['UNKNOWN with addresses', latin1('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n')],
    ['addresses that are none', latin1('PROXY TCP4 10.9.1 10.9.0.2 1 2\r\n')],
    ['too large a byte', latin1('PROXY TCP4 10.9.1.256 10.9.0.2 1 2\r\n')],
    ['too large a port', latin1('PROXY TCP4 10.9.1.2 10.9.0.2 65536 2\r\n')],
    ['a port that is no decimal', latin1('PROXY TCP4 10.9.1.2 10.9.0.2 1e3 2\r\n')],
    ['no port', latin1('PROXY TCP4 10.9.1.2 10.9.0.2\r\n')],
    ['a byte that is no decimal', latin1('PROXY TCP4 10.9.1.0x2 10.9.0.2 1 2\r\n')],
    ['a group of five digits', latin1('PROXY TCP6 12345::1 ::1 1 2\r\n')],
    ['a group that is no number', latin1('PROXY TCP6 1:2:3:4:5:6:7:8g ::1 1 2\r\n')],
    ['zeros left out where none are missing', latin1('PROXY TCP6 1:2:3:4::5:6:7:8 ::1 1 2\r\n')],
    ['nine groups', latin1('PROXY TCP6 1:2:3:4:5::6:7:8:9 ::1 1 2\r\n')],
    ['two runs of zeros among eight groups', latin1('PROXY TCP6 1:2:3:4::5:6:7:8:: ::1 1 2\r\n')],
    ['two runs of zeros', latin1('PROXY TCP6 1::2::3 ::1 1 2\r\n')],
    ['too few groups', latin1('PROXY TCP6 1:2:3 ::1 1 2\r\n')],
    ['a health check of the balancer (LOCAL)', binary(0x20, 0x11, V4)],
    [
      'another family (UNIX)',
      binary(
        0x21,
        0x31,
        Array.from({ length: 216 }, () => 1),
      ),
    ],
    ['an address block that is too short', binary(0x21, 0x11, V4.slice(0, 11))],
    ['an address block that is too short for IPv6', binary(0x21, 0x21, V6.slice(0, 35))],
  ])('names nobody, and is stepped over: %s', (_what, header) => {
    const { bytes, client } = read(concat(header, latin1('PRI')));
    expect({ bytes, ipVersion: client.ipVersion }).toEqual({ bytes: header.length, ipVersion: 0 });
  });

  test.each([
    ['another method', latin1('PROPFIND / HTTP/1.1\r\n')],
    ['a few other bytes', latin1('GET /')],
    ['a family whose name begins with one', latin1('PROXY TCP4X 10.9.1.2 10.9.0.2 1 2\r\n')],
    ['a family whose name ends with one', latin1('PROXY XTCP4 10.9.1.2 10.9.0.2 1 2\r\n')],
    ['another line without CR', latin1('PROXY UNKNOWN x\n')],
    ['a family that nobody defined', latin1('PROXY TCP5 a b 1 2\r\n')],
    ['a line without CR', latin1('PROXY UNKNOWN\n')],
    ['a line that does not end', latin1(`PROXY TCP4 ${'1'.repeat(100)}`)],
    ['version 3', binary(0x31, 0x11, V4)],
    ['more than is read', concat(SIGNATURE, Uint8Array.of(0x21, 0x11, 0xff, 0xff))],
  ])('is not: %s', (_what, bytes) => {
    expect(read(bytes).bytes).toBe(PROXY_HEADER.none);
  });

  test('a line may have 107 bytes (§2.1), a binary header 4,112, and a port may be the last one', () => {
    const line = (bytes: number) => latin1('PROXY UNKNOWN '.padEnd(bytes, '1'));
    expect([read(line(106)).bytes, read(line(107)).bytes]).toEqual([PROXY_HEADER.cut, PROXY_HEADER.none]);
    expect(read(concat(line(105), latin1('\r\n'))).bytes).toBe(107);
    const block = (bytes: number) => [...V4, ...Array.from({ length: bytes - V4.length }, () => 0)];
    expect(read(binary(0x21, 0x11, block(4096))).bytes).toBe(PROXY_HEADER_MAX_BYTES);
    expect(read(binary(0x21, 0x11, block(4097))).bytes).toBe(PROXY_HEADER.none);
    expect(read(latin1('PROXY TCP4 10.9.1.2 10.9.0.2 65535 2\r\n')).client.port).toBe(65535);
  });

  test('bytes may begin one as far as they go', () => {
    const begins = (text: string) => {
      const bytes = concat(Uint8Array.of(0xee), latin1(text));
      return beginsProxyHeader(new DataView(bytes.buffer), 1, bytes.length);
    };
    expect(['', 'PRO', 'PROXY ', 'PROXY TCP4', '\r\n\r\n', '\r\n\r\n\0\r\nQUIT\n!'].map(begins)).not.toContain(false);
    expect(['GET / ', 'PRI * ', 'PROXY', '\r\n\r\nX', '\x16\x03\x01'].map(begins)).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  test('property: cut anywhere it is "cut", whole it is whole', () => {
    const headers = [latin1('PROXY TCP4 10.9.1.2 10.9.0.2 40000 80\r\n'), binary(0x21, 0x21, V6)];
    for (const header of headers) {
      for (let end = 0; end < header.length; end++) {
        expect(read(header.subarray(0, end)).bytes, `at ${end}`).toBe(PROXY_HEADER.cut);
      }
      expect(read(header).bytes).toBe(header.length);
    }
  });

  test('property: no bytes throw, and a header is never longer than its bound', () => {
    const starts = fc.constantFrom(latin1('PROXY '), latin1('PROXY TCP6 '), SIGNATURE, new Uint8Array(0));
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const { bytes } = read(concat(start, rest));
        expect(bytes).toBeLessThanOrEqual(Math.min(PROXY_HEADER_MAX_BYTES, start.length + rest.length));
      }),
    );
  });
});
