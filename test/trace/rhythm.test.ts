import { expect, test } from 'vitest';
import { countedAnew, countMatch, RHYTHM_CELLS } from '../../src/trace/rhythm.ts';

const MS = 1e6;
const HOP_MS = 10;
/** Not at the start of the cells, as in a row of a partner. */
const AT = 3;

/** How many matches at these milliseconds count anew; each with the delay of its place, the last for those that follow. */
function anewOf(times: readonly number[], delays: readonly (number | null)[] = [1]): number {
  const cells = new Float64Array(AT + RHYTHM_CELLS);
  for (const [nth, ms] of times.entries()) {
    const delay = delays[Math.min(nth, delays.length - 1)] ?? null;
    countMatch(cells, AT, ms * MS, delay === null ? null : delay * MS, HOP_MS * MS);
  }
  return countedAnew(cells, AT);
}

test('one clock that meets another says no more than the first two times', () => {
  expect(anewOf([0, 10_000, 20_000, 30_000, 40_000])).toBe(2);
});

test('nor where it is not seen each time', () => {
  expect(anewOf([0, 10_000, 30_000, 40_000, 90_000])).toBe(2);
  expect(anewOf([0, 30_000, 40_000, 60_000])).toBe(2);
  // Neither two ticks nor three are a multiple of the other, until one is seen.
  expect(anewOf([0, 20_000, 50_000, 60_000, 70_000, 90_000])).toBe(3);
});

test('nor where it strays no further than delays differ', () => {
  expect(anewOf([0, 10_000, 20_004, 30_002, 40_001], [1, 7, 3])).toBe(2);
  expect(anewOf([0, 10_000, 20_007, 30_020, 40_050], [1])).toBe(5);
});

test('what comes at any time counts each time', () => {
  expect(anewOf([0, 5100, 18_900, 25_300, 58_950, 66_100], [1, 4, 3])).toBe(6);
});

test('a gap that is short beside what delays differ by is no rhythm', () => {
  expect(anewOf([0, 300, 600, 900, 1200], [1, 9])).toBe(5);
  expect(anewOf([0, 300, 600, 900, 1200], [1, 1.5])).toBe(2);
});

test('what had to wait for its connection tells nothing of how long the gateway takes', () => {
  expect(anewOf([0, 10_000, 20_020, 30_050], [null, 1])).toBe(4);
  expect(anewOf([0, 10_000, 20_020, 30_050], [90, 1])).toBe(2);
});
