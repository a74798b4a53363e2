import { describe, expect, test } from 'vitest';
import { createBatch } from '../../src/capture/batch.ts';
import { type RecordBatch, RowOrder } from '../../src/capture/index.ts';

/** Rows as [interface, time in seconds]. */
function batchOf(rows: readonly (readonly [vantage: number, seconds: number])[]): RecordBatch {
  const batch = createBatch(new DataView(new ArrayBuffer(0)), 0);
  for (const [row, [vantage, seconds]] of rows.entries()) {
    batch.vantage[row] = vantage;
    batch.timeNs[row] = seconds * 1e9;
  }
  batch.count = rows.length;
  return batch;
}

function orderOf(...rows: readonly (readonly [vantage: number, seconds: number])[]): number[] | null {
  const order = new RowOrder().of(batchOf(rows));
  return order === null ? null : Array.from(order);
}

describe('in which order rows are taken', () => {
  test('of interfaces that were written out of turn, in that of time', () => {
    expect(orderOf([0, 1], [0, 1.2], [1, 1.1], [0, 1.3], [1, 1.25])).toEqual([0, 2, 1, 4, 3]);
  });

  test('as they stand, where they stand in it, and where one interface alone is out of it', () => {
    expect(orderOf([0, 1], [1, 1], [0, 1.2], [1, 1.3])).toBeNull();
    expect(orderOf([0, 1], [0, 1.2], [0, 1.1])).toBeNull();
  });

  test("an interface's own order stays among those of others", () => {
    expect(orderOf([0, 1], [0, 1.2], [0, 1.1], [1, 1.05], [1, 1.3])).toEqual([0, 3, 1, 2, 4]);
  });

  test('rows of one time stay as they stand', () => {
    expect(orderOf([0, 1.1], [1, 1], [0, 1.1], [1, 1.1])).toEqual([1, 0, 2, 3]);
  });

  test('as they stand, where clocks differ by more than a second', () => {
    expect(orderOf([0, 2.1], [1, 1])).toBeNull();
    expect(orderOf([0, 2], [1, 1])).toEqual([1, 0]);
  });

  test('what is late across the end of a batch stays late, and is counted', () => {
    const order = new RowOrder();
    const take = (...rows: readonly (readonly [vantage: number, seconds: number])[]): number => {
      expect(order.of(batchOf(rows))).toBeNull();
      return order.lateAcross;
    };
    expect(take([0, 1], [1, 1.2])).toBe(0);
    expect(take([0, 1.1], [0, 1.15], [0, 1.3])).toBe(1);
    // Its own clock set back, another clock, in turn.
    expect(take([0, 1.2], [0, 1.4])).toBe(1);
    expect(take([1, 0.3], [1, 1.5])).toBe(1);
    expect(take([0, 1.5])).toBe(1);
  });

  test('nor is a batch of another file late', () => {
    const order = new RowOrder();
    order.of(batchOf([[0, 1]]));
    order.of({ ...batchOf([[1, 0.9]]), file: 1 });
    expect(order.lateAcross).toBe(0);
  });

  test('of the rows in use only', () => {
    const batch = batchOf([
      [0, 9],
      [0, 2],
      [1, 1.5],
      [1, 1],
    ]);
    batch.firstRow = 1;
    batch.count = 3;
    expect(Array.from(new RowOrder().of(batch) ?? [])).toEqual([2, 1]);
  });
});
