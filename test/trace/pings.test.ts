import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { LimitCounter, SLOW_PINGS_MAX } from '../../src/trace/limits.ts';
import { PingBook } from '../../src/trace/pings.ts';

function book(): { pings: PingBook; limits: LimitCounter; at: (seconds: number) => PingBook } {
  const moment = new Moment();
  const limits = new LimitCounter();
  const pings = new PingBook(moment, limits);
  const at = (seconds: number): PingBook => {
    moment.packet++;
    moment.ns[0] = seconds * 1e9;
    return pings;
  };
  return { pings, limits, at };
}

describe('PINGs (RFC 9113 §6.7)', () => {
  test('are matched by their opaque data, in whatever order they are answered', () => {
    const { pings, at } = book();
    at(1).sent(0, 0, 1, 2);
    at(2).sent(0, 0, 3, 4);
    expect(at(3).answered(0, 0, 3, 4)?.timeNs).toBe(2e9);
    expect(at(4).answered(0, 0, 1, 2)?.timeNs).toBe(1e9);
    expect(pings.counts(0, 0)).toEqual({ sent: 2, answered: 2 });
    expect(pings.unanswered(0)).toEqual([]);
  });

  test('both halves of the opaque data count', () => {
    const { pings, at } = book();
    at(1).sent(0, 0, 1, 2);
    expect(at(2).answered(0, 0, 1, 9)).toBeUndefined();
    expect(pings.counts(0, 0)).toEqual({ sent: 1, answered: 0 });
  });

  test('an acknowledgement is of the other side’s PING, and of the same connection', () => {
    const { at } = book();
    at(1).sent(0, 0, 1, 2);
    expect(at(2).answered(0, 1, 1, 2)).toBeUndefined();
    expect(at(2).answered(1, 0, 1, 2)).toBeUndefined();
  });

  test('of equal ones the oldest is answered first, once', () => {
    const { at } = book();
    at(1).sent(0, 0, 0, 0);
    at(2).sent(0, 0, 0, 0);
    expect([3, 4, 5].map((seconds) => at(seconds).answered(0, 0, 0, 0)?.timeNs)).toEqual([1e9, 2e9, undefined]);
  });

  test('a peer that never answers costs no more than its bound; all are counted', () => {
    const { pings, limits, at } = book();
    for (let i = 0; i < 1000; i++) at(i).sent(0, 1, i, 0);
    expect(pings.counts(0, 1)).toEqual({ sent: 1000, answered: 0 });
    const left = pings.unanswered(0);
    expect(left).toHaveLength(SLOW_PINGS_MAX);
    const forgotten = 1000 - SLOW_PINGS_MAX;
    expect(limits.all()).toEqual([{ limit: 'unanswered-pings-per-side', bound: SLOW_PINGS_MAX, count: forgotten }]);
    expect(left.at(-1)).toMatchObject({ by: 1, answered: null, sent: { timeNs: 999e9 } });
  });
});
