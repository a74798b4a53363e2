import { expect, test } from 'vitest';
import { Spans } from '../../src/incident/spans.ts';

test('one that began first may end last; both ends belong to it', () => {
  const spans = new Spans([
    { fromNs: 5, toNs: 6 },
    { fromNs: 1, toNs: 10 },
  ]);
  expect(spans.overlap(7, 8)).toBe(true);
  expect(spans.overlap(10, 12)).toBe(true);
  expect(spans.overlap(0, 1)).toBe(true);
  expect(spans.overlap(-1, 0)).toBe(false);
  expect(spans.overlap(11, 12)).toBe(false);
  expect(new Spans([]).overlap(0, 1)).toBe(false);
});
