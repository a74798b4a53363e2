import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cursor, readInteger } from '../../../src/http/hpack/integer.ts';
import { hpackInteger } from '../../build/hpack.ts';

function read(bytes: readonly number[], prefixBits: number): { value: number; next: number } | null {
  const cursor = new Cursor();
  const view = new DataView(Uint8Array.from(bytes).buffer);
  return readInteger(view, bytes.length, prefixBits, cursor) ? { value: cursor.value, next: cursor.next } : null;
}

describe('integers', () => {
  test('RFC 7541 C.1.1: 10 with a 5-bit prefix', () => expect(read([0b01010], 5)).toEqual({ value: 10, next: 1 }));
  test('RFC 7541 C.1.2: 1337 with a 5-bit prefix', () =>
    expect(read([0b11111, 0b10011010, 0b00001010], 5)).toEqual({ value: 1337, next: 3 }));
  test('RFC 7541 C.1.3: 42 at an octet boundary', () => expect(read([42], 8)).toEqual({ value: 42, next: 1 }));

  test('any number comes back, whatever the bits before the prefix', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 28), fc.integer({ min: 1, max: 8 }), (value, prefixBits) => {
        const bytes = hpackInteger(value, prefixBits, (0xff << prefixBits) & 0xff);
        expect(read(bytes, prefixBits)).toEqual({ value, next: bytes.length });
      }),
    );
  });

  test('an integer cut at any byte is told, and moves nothing', () => {
    const cursor = new Cursor();
    const view = new DataView(Uint8Array.of(0x1f, 0x9a, 0x0a).buffer);
    for (const end of [1, 2]) expect(readInteger(view, end, 5, cursor)).toBe(false);
    expect(cursor).toEqual(new Cursor());
  });

  test('an integer of more than four continuation bytes is refused, also where it is padded with zeros', () => {
    expect(read([0x1f, 0xff, 0xff, 0xff, 0x7f], 5)?.value).toBe(2 ** 28 - 1 + 31);
    expect(read([0x1f, 0x80, 0x80, 0x80, 0x80, 0x00], 5)).toBeNull();
  });
});
