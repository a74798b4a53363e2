import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oddsAgainstChance } from '../../src/incident/burst-links.ts';

/** The chance of `matched` or more where `expected` come by themselves, as its law has it, summed. */
function poissonTail(matched: number, expected: number): number {
  let term = Math.exp(-expected);
  let below = 0;
  for (let k = 0; k < matched; k++) {
    below += term;
    term *= expected / (k + 1);
  }
  return 1 - below;
}

test('no more than chance brings by itself says nothing', () => {
  expect(oddsAgainstChance(3, 3)).toBe(0);
  expect(oddsAgainstChance(0, 1)).toBe(0);
});

test('ten where one is expected: less than one in a million', () => {
  expect(oddsAgainstChance(10, 1)).toBeCloseTo(6.09, 2);
});

test('property: it is never said too sure', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (matched, expected) => {
      const tail = poissonTail(matched, expected);
      expect(10 ** -oddsAgainstChance(matched, expected)).toBeGreaterThanOrEqual(tail * (1 - 1e-6));
    }),
  );
});
