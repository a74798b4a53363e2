import { expect, test } from 'vitest';
import { ERROR_REASONS, errorReason, wordsOf } from '../../src/http/error-reason.ts';
import { latin1 } from '../build/hpack.ts';

test.each(ERROR_REASONS)('the words of %s are read as that', (reason) => {
  const bytes = latin1(wordsOf(reason));
  expect(errorReason(new DataView(bytes.buffer), 0, bytes.length)).toBe(reason);
});
