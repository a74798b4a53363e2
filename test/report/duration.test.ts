import { expect, test } from 'vitest';
import { durationText } from '../../src/report/duration.ts';

const SPANS: readonly (readonly [seconds: number, text: string])[] = [
  [0, '0 s'],
  [0.000_2, 'under 1 ms'],
  [0.21, '210 ms'],
  [0.9994, '999 ms'],
  [0.9996, '1 s'],
  [4.23, '4.2 s'],
  [30.5, '30.5 s'],
  [59.96, '1 min'],
  [60, '1 min'],
  [302.4, '5 min 2 s'],
  [3599.7, '1 h'],
  [7500, '2 h 5 min'],
  [86_399, '1 d'],
  [273_600, '3 d 4 h'],
  [Number.NaN, 'unknown'],
];

for (const [seconds, text] of SPANS) {
  test(`${seconds} seconds are ${text}`, () => {
    expect(durationText(seconds)).toBe(text);
  });
}
