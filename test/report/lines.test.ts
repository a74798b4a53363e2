import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { axisOf } from '../../src/report/text/axis.ts';
import { columnsOf, shortened, wrapped } from '../../src/report/text/lines.ts';

const TEXT = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '公', 'é', '😀', '/') });

describe('wrapped', () => {
  test('breaks at spaces, and inside a word only where it is longer than the line', () => {
    expect(wrapped('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapped('x abcdefghij', 5)).toEqual(['x', 'abcde', 'fghij']);
  });

  test('indents the second and further lines within the same width', () => {
    expect(wrapped('one two three', 8, 2)).toEqual(['one two', '  three']);
  });

  test('no line is wider, no character is lost', () => {
    fc.assert(
      fc.property(TEXT, fc.integer({ min: 2, max: 30 }), (text, columns) => {
        const lines = wrapped(text, columns);
        expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(columns);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});

describe('shortened', () => {
  test('keeps both ends', () => {
    expect(shortened('/api/v1/namespaces/pods', 11, '…')).toBe('/api/…/pods');
  });

  test('never wider than asked for, and untouched where it fits', () => {
    fc.assert(
      fc.property(TEXT, fc.integer({ min: 1, max: 30 }), (text, columns) => {
        const short = shortened(text, columns, '…');
        expect(columnsOf(short)).toBeLessThanOrEqual(columns);
        if (columnsOf(text) <= columns) expect(short).toBe(text);
      }),
    );
  });
});

describe('axisOf', () => {
  test('a later time is never further left, and all stay on the axis', () => {
    const seconds = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        seconds,
        seconds,
        fc.array(seconds),
        fc.integer({ min: 12, max: 180 }),
        (from, to, moments, columns) => {
          const axis = axisOf(from, to, columns, moments);
          const drawn = moments.toSorted((a, b) => a - b).map(axis.columnOf);
          expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
          expect(drawn.every((column) => column >= 0 && column < columns)).toBe(true);
        },
      ),
    );
  });

  test('without a long quiet stretch it is even', () => {
    const axis = axisOf(0, 100, 50, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(axis.pauses).toEqual([]);
    expect([0, 50, 100].map(axis.columnOf)).toEqual([0, 25, 49]);
  });

  test('a long quiet stretch takes two columns and is told with its length', () => {
    const axis = axisOf(0, 10_000, 60, [100, 200, 9900]);
    expect(axis.pauses).toHaveLength(1);
    expect(axis.pauses[0]?.seconds).toBeCloseTo(9700 * 0.96);
    expect(axis.columnOf(200) - axis.columnOf(100)).toBeGreaterThan(5);
  });

  test('labels of ticks do not touch', () => {
    const { ticks } = axisOf(0, 3600, 60, [600, 1200, 1800, 2400, 3000]);
    for (const [i, tick] of ticks.entries()) {
      const next = ticks[i + 1];
      if (next !== undefined) expect(next.column).toBeGreaterThan(tick.column + tick.label.length);
    }
    expect(ticks.map(({ label }) => label)).toContain('15 min');
  });
});
