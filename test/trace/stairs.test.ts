import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { firstFiresAt } from '../../src/trace/index.ts';
import { LimitCounter, STAIR_FLOOR_NS, STAIR_RISE, STAIR_STEPS_MAX } from '../../src/trace/limits.ts';
import type { Step } from '../../src/trace/model.ts';
import { RefTable } from '../../src/trace/ref-table.ts';
import { StairBook } from '../../src/trace/stairs.ts';

const SECOND = 1e9;

interface Heard {
  readonly gapNs: number;
  /** After this packet the receiver has bytes in flight. */
  readonly inFlight: boolean;
}

/** The steps of one flow that was heard so; the first gap is the time of its first packet. */
function stairOf(heard: readonly Heard[], limits: LimitCounter = new LimitCounter()): readonly Step[] {
  const book = new StairBook(limits);
  const sent = new RefTable(1);
  const moment = new Moment();
  book.opened(0);
  for (const { gapNs, inFlight } of heard) {
    moment.packet++;
    moment.ns[0] = (moment.ns[0] ?? 0) + gapNs;
    book.packet(0, !inFlight, moment, sent, 0);
    sent.set(0, 0, moment);
  }
  return book.finish(0, sent.get(0, 0), moment.ns[0] ?? 0);
}

/** From all gaps: when a timer of `timerNs` first fires. */
function firesFromAll(heard: readonly Heard[], timerNs: number, idleOnly: boolean): number | null {
  let atNs = heard[0]?.gapNs ?? 0;
  for (const [i, { gapNs }] of heard.entries()) {
    if (i === 0) continue;
    if (gapNs >= timerNs && !(idleOnly && heard[i - 1]?.inFlight === true)) return atNs + timerNs;
    atNs += gapNs;
  }
  return null;
}

const idle = (seconds: number): Heard => ({ gapNs: seconds * SECOND, inFlight: false });
const busy = (seconds: number): Heard => ({ gapNs: seconds * SECOND, inFlight: true });

describe('steps of a stair', () => {
  test('only a silence longer than all before makes one', () => {
    expect(stairOf([idle(0), idle(2), idle(5), idle(3), idle(9)]).map(({ gapNs }) => gapNs / SECOND)).toEqual([
      2, 5, 9,
    ]);
  });

  test('a step begins at the packet before the silence', () => {
    expect(stairOf([idle(1), idle(4)])[0]?.from).toEqual({ file: 0, packet: 1, timeNs: SECOND });
  });

  test('an idle silence is kept beside a longer one with bytes in flight', () => {
    const steps = stairOf([busy(0), idle(60), idle(20)]);
    expect(steps.map(({ gapNs, inFlight }) => [gapNs / SECOND, inFlight])).toEqual([
      [60, true],
      [20, false],
    ]);
    expect(firstFiresAt(steps, 15 * SECOND, true)).toBe(75 * SECOND);
    expect(firstFiresAt(steps, 15 * SECOND, false)).toBe(15 * SECOND);
  });

  test('silences that rise for ever end at the bound, which is counted', () => {
    const limits = new LimitCounter();
    const rising = Array.from({ length: 2 * STAIR_STEPS_MAX }, (_, i) => idle(1.06 ** (i % 100) * (i + 1) ** 4));
    expect(stairOf([idle(0), ...rising], limits).length).toBeLessThanOrEqual(STAIR_STEPS_MAX);
  });
});

test('property: when a timer first fires is told within the rise of a step, for every timer', () => {
  const heard = fc.record({
    gapNs: fc.oneof(fc.integer({ min: 0, max: 2 * SECOND }), fc.integer({ min: 0, max: 4000 * SECOND })),
    inFlight: fc.boolean(),
  });
  const timer = fc.integer({ min: Math.ceil(STAIR_FLOOR_NS * STAIR_RISE), max: 4100 * SECOND });
  fc.assert(
    fc.property(fc.array(heard, { minLength: 1, maxLength: 60 }), timer, fc.boolean(), (all, timerNs, idleOnly) => {
      const told = firstFiresAt(stairOf(all), timerNs, idleOnly);
      const shorter = firesFromAll(all, timerNs / STAIR_RISE, idleOnly);
      const exact = firesFromAll(all, timerNs, idleOnly);
      // Never later than the timer itself, never sooner than one a step shorter.
      if (exact !== null) expect(told).not.toBeNull();
      if (told === null) return;
      expect(told).toBeLessThanOrEqual(exact ?? Infinity);
      expect(told).toBeGreaterThanOrEqual((shorter ?? Infinity) - 1);
    }),
    { numRuns: 500 },
  );
});
