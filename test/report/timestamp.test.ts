import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTimestamp, parseTimestamp } from '../../src/report/timestamp.ts';

const KNOWN: readonly (readonly [seconds: bigint, text: string])[] = [
  [0n, '1970-01-01T00:00:00.000000Z'],
  [951_782_399n, '2000-02-28T23:59:59.000000Z'],
  [951_782_400n, '2000-02-29T00:00:00.000000Z'],
  [951_868_800n, '2000-03-01T00:00:00.000000Z'],
  [1_077_926_400n, '2004-02-28T00:00:00.000000Z'],
  [1_078_012_800n, '2004-02-29T00:00:00.000000Z'],
  [1_709_164_800n, '2024-02-29T00:00:00.000000Z'],
  [1_795_428_000n, '2026-11-23T10:00:00.000000Z'],
  [2_147_483_647n, '2038-01-19T03:14:07.000000Z'],
  [4_107_542_399n, '2100-02-28T23:59:59.000000Z'],
  [4_107_542_400n, '2100-03-01T00:00:00.000000Z'],
  [4_294_967_295n, '2106-02-07T06:28:15.000000Z'],
  [-1n, '1969-12-31T23:59:59.000000Z'],
  [-2_203_891_200n, '1900-03-01T00:00:00.000000Z'],
  [-62_135_596_800n, '0001-01-01T00:00:00.000000Z'],
  [253_402_300_800n, '+010000-01-01T00:00:00.000000Z'],
  [8_640_000_000_000n, '+275760-09-13T00:00:00.000000Z'],
  [31_556_889_864_403_200n, '+1000000001-01-01T00:00:00.000000Z'],
];

describe('formatTimestamp', () => {
  for (const [seconds, text] of KNOWN) {
    test(`${seconds} s is ${text}`, () => {
      expect(formatTimestamp(seconds * 1_000_000_000n, 6)).toBe(text);
    });
  }

  test('the fraction has the digits asked for, cut and not rounded', () => {
    expect(formatTimestamp(1_999_999_999n, 6)).toBe('1970-01-01T00:00:01.999999Z');
    expect(formatTimestamp(1_999_999_999n, 9)).toBe('1970-01-01T00:00:01.999999999Z');
    expect(formatTimestamp(-1n, 9)).toBe('1969-12-31T23:59:59.999999999Z');
  });

  test('says what Date says, for every time that Date knows to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
        expect(formatTimestamp(BigInt(ms) * 1_000_000n, 6)).toBe(new Date(ms).toISOString().replace('Z', '000Z'));
      }),
    );
  });
});

describe('parseTimestamp', () => {
  test('reads back what was written, to the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (ns) => {
        expect(parseTimestamp(formatTimestamp(ns, 9))).toBe(ns);
      }),
    );
  });

  test('reads back whatever second of 64 bits a file says, with any offset', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n + 2n ** 63n }), (seconds) => {
        expect(parseTimestamp(formatTimestamp(seconds * 1_000_000_000n, 6))).toBe(seconds * 1_000_000_000n);
      }),
    );
  });

  test('takes text without a fraction', () => {
    expect(parseTimestamp('1970-01-01T00:01:00Z')).toBe(60_000_000_000n);
  });

  test('reads an offset too', () => {
    expect(parseTimestamp('2026-11-23T11:30:00.5+01:30')).toBe(parseTimestamp('2026-11-23T10:00:00.500000Z'));
    expect(parseTimestamp('2026-11-22T22:30:00-03:30')).toBe(parseTimestamp('2026-11-23T02:00:00Z'));
  });

  test('gives null for what is no time', () => {
    for (const text of ['', 'now', '2026-11-23', '2026-11-23T10:00:00', '2026-11-23T10:00:00+0100']) {
      expect(parseTimestamp(text)).toBeNull();
    }
  });
});
