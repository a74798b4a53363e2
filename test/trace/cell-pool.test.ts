import { expect, test } from 'vitest';
import { CellPool } from '../../src/trace/cell-pool.ts';

test('rows do not overlap, and keep what they hold when the pool grows', () => {
  const pool = new CellPool(3, 1);
  const rows = Array.from({ length: 100 }, () => pool.take());
  for (const [n, at] of rows.entries()) pool.cells.fill(n + 1, at, at + 3);
  const more = Array.from({ length: 1_000 }, () => pool.take());
  expect(new Set([...rows, ...more]).size).toBe(1_100);
  for (const [n, at] of rows.entries()) expect([...pool.cells.subarray(at, at + 3)]).toEqual([n + 1, n + 1, n + 1]);
  for (const at of more) expect([...pool.cells.subarray(at, at + 3)]).toEqual([0, 0, 0]);
});
