import { expect, test } from 'vitest';
import { ByTime } from '../../src/incident/by-time.ts';

const TIMES = [5, -1, 3, 3, 0];

test('both ends of an interval belong to it, and times may be negative', () => {
  const byTime = new ByTime(TIMES, (time) => time);
  expect(byTime.items).toEqual([-1, 0, 3, 3, 5]);
  expect(byTime.between(0, 3)).toEqual([0, 3, 3]);
  expect(byTime.between(-2, -1)).toEqual([-1]);
  expect(byTime.between(1, 2)).toEqual([]);
  expect(byTime.count(3, 5)).toBe(3);
  expect(byTime.count(4, 1)).toBe(0);
});
