import { describe, expect, test } from 'vitest';
import { LimitCounter } from '../../src/trace/limits.ts';
import { PendingRing } from '../../src/trace/pending.ts';

const SECOND = 1e9;

function ringOf<Value>(bound: number, limits: LimitCounter = new LimitCounter()): PendingRing<Value> {
  return new PendingRing<Value>(bound, SECOND, limits, 'kept');
}

describe('what was seen lately', () => {
  test('values of a key, oldest first', () => {
    const ring = ringOf<string>(10);
    ring.add(1, 'a', 0);
    ring.add(2, 'other', 0);
    ring.add(1, 'b', 1);
    expect(ring.find(1, 2)).toEqual(['a', 'b']);
    expect(ring.find(3, 2)).toBeUndefined();
  });

  test('none older than its time', () => {
    const ring = ringOf<string>(10);
    ring.add(1, 'a', 0);
    ring.add(1, 'b', 0.5 * SECOND);
    expect(ring.find(1, SECOND)).toEqual(['a', 'b']);
    expect(ring.find(1, 1.1 * SECOND)).toEqual(['b']);
    expect(ring.find(1, 1.6 * SECOND)).toBeUndefined();
  });

  test('the oldest leave when the room is full, which is told; those that are too old are none', () => {
    const limits = new LimitCounter();
    const ring = ringOf<number>(3, limits);
    ring.add(9, 9, -2 * SECOND);
    for (let i = 0; i < 5; i++) ring.add(i, i, 0);
    expect(limits.all()).toEqual([{ limit: 'kept', bound: 3, count: 2 }]);
    expect([0, 1, 2, 3, 4].map((key) => ring.find(key, 0)?.[0])).toEqual([undefined, undefined, 2, 3, 4]);
  });

  test('one event to thousand watchers keeps the newest of its key', () => {
    const ring = ringOf<number>(10_000);
    for (let i = 0; i < 1000; i++) ring.add(7, i, 0);
    const kept = ring.find(7, 0) ?? [];
    expect(kept.length).toBe(64);
    expect(kept.at(-1)).toBe(999);
    expect(ring.find(7, 2 * SECOND)).toBeUndefined();
  });

  test('long use leaves nothing behind', () => {
    const ring = ringOf<number>(100);
    for (let i = 0; i < 20_000; i++) ring.add(i % 500, i, i);
    const kept = Array.from({ length: 500 }, (_, key) => ring.find(key, 20_000)?.length ?? 0);
    expect(kept.reduce((sum, count) => sum + count, 0)).toBe(100);
  });
});
