import { describe, expect, test } from 'vitest';
import { cborNumber, cborText, cborValue } from '../../src/http/cbor.ts';

/** A map of `a`: bytes `xy`, `b`: [1, {2: 3}], text `c`: 410 behind a tag. */
const MAP = '\xa3\x41a\x42xy\x41b\x82\x01\xa1\x02\x03\x61c\xd9\xd9\xf7\x19\x01\x9a';

describe('a map in CBOR (RFC 8949)', () => {
  test('says its values by their keys, in whatever order they stand', () => {
    expect(cborText(cborValue(MAP, 'a') ?? '')).toBe('xy');
    expect(cborNumber(cborValue(MAP, 'c') ?? '')).toBe(410);
    expect(cborNumber(cborValue(cborValue(MAP, 'b')?.slice(2) ?? '', '\x02') ?? '')).toBeUndefined();
    expect(cborValue(MAP, 'xy')).toBeUndefined();
  });

  test('behind a tag, too', () => {
    expect(cborText(cborValue(`\xd9\xd9\xf7${MAP}`, 'a') ?? '')).toBe('xy');
  });

  test('what is cut is not known', () => {
    expect(cborNumber(cborValue(MAP.slice(0, -1), 'c') ?? '')).toBeUndefined();
    expect(cborText(cborValue(MAP.slice(0, 5), 'a') ?? '')).toBeUndefined();
    for (let bytes = 0; bytes < 5; bytes++) expect(cborText(cborValue(MAP.slice(0, bytes), 'a') ?? '')).toBeUndefined();
  });

  test('arguments of every length are read', () => {
    expect(
      ['\x17', '\x18\x18', '\x19\x01\x00', '\x1a\x00\x01\x00\x00', '\x1b\x00\x00\x00\x01\x00\x00\x00\x00'].map(
        cborNumber,
      ),
    ).toEqual([23, 24, 256, 65_536, 2 ** 32]);
    expect(cborNumber('\x20')).toBeUndefined();
  });

  test('what claims more than there is, or has no length, ends at once', () => {
    const deep = '\x9b\xff\xff\xff\xff\xff\xff\xff\xff'.repeat(100);
    for (const value of [
      deep,
      '\xbb\xff\xff\xff\xff\xff\xff\xff\xff',
      '\x5b\xff\xff\xff\xff\xff\xff\xff\xff',
      '\x9f\x01\xff',
      '\xc1'.repeat(50),
    ])
      expect(cborValue(`\xa2\x41a${value}`, 'b')).toBeUndefined();
    expect(cborValue('\xbf\x41b\x01\xff', 'b')).toBeUndefined();
  });
});
