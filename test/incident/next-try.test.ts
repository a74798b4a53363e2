import { describe, expect, test } from 'vitest';
import { nextTryDueNs } from '../../src/incident/next-try.ts';
import type { Debt } from '../../src/trace/index.ts';
import { type TraceBuilder, trace } from '../build/trace.ts';

/** How many seconds after the last try the next one is overdue, on a connection to an upstream. */
function overdueAfter(built: TraceBuilder, change: Partial<Debt> = {}): number {
  const [debt] = built.end(9999).connections.flatMap(({ debts }) => debts);
  if (debt === undefined) throw new Error('nobody owes anything');
  return (nextTryDueNs({ ...debt, ...change }) - debt.lastElicit.timeNs) / 1e9;
}

function upstream(): TraceBuilder {
  return trace().upstream('u1');
}

describe('the next try is overdue', () => {
  test.each([
    ['after doubling gaps: twice the last gap, and half of it', upstream().mute('upstream', 9.8, 10, 14, 22), 20],
    ['after one try: its time since what was first sent', upstream().mute('upstream', 10, 14), 10],
    ['after a tail-loss probe: no sooner than after the least time-out', upstream().mute('upstream', 10, 10.02), 2.5],
    ['after SYNs', trace().attempt('u1', { at: 10 }).sendsSynAgain(11, 13), 5],
    ['after probes, which come at one interval', upstream().probes(10, 20, 30), 15],
    ['after probes that are close together', upstream().probes(10, 10.5), 0.75],
    ['after the longest gap of Linux', upstream().mute('upstream', 1, 100, 200, 320), 150],
  ])('%s', (_, built, seconds) => {
    expect(overdueAfter(built)).toBeCloseTo(seconds, 6);
  });

  test('no sooner than after the longest gap where the last gap is not known', () => {
    const alone = trace().attempt('u1', { at: 10 }).sendsSynAgain();
    expect(overdueAfter(alone)).toBeCloseTo(150, 6);
    expect(overdueAfter(upstream().probes(10))).toBeCloseTo(150, 6);
    // More tries than are kept: the last two of these are not the last two.
    expect(overdueAfter(upstream().mute('upstream', 10, 11, 13), { tries: 40 })).toBeCloseTo(150, 6);
  });
});
