import { expect, test } from 'vitest';
import { bytesField, varintField } from '../../src/http/protobuf.ts';

/** Field 1 is `ok`, field 6 is 410. */
const MESSAGE = '\x0a\x02ok\x30\x9a\x03';

test('fields are found by their number and their kind', () => {
  expect([bytesField(MESSAGE, 1), varintField(MESSAGE, 6)]).toEqual(['ok', 410]);
  expect([bytesField(MESSAGE, 6), varintField(MESSAGE, 1), bytesField(MESSAGE, 2)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a number that is cut is not known; text that is cut is told as far as it goes', () => {
  expect(varintField(MESSAGE.slice(0, -1), 6)).toBeUndefined();
  expect(bytesField(MESSAGE.slice(0, 3), 1)).toBe('o');
});
