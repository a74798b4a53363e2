import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { MARKS_MAX } from '../../src/trace/limits.ts';
import { MARK, MarkBook } from '../../src/trace/marks.ts';

class Log {
  readonly log: MarkBook = new MarkBook();
  readonly #moment = new Moment();

  constructor() {
    this.log.opened(0);
  }

  add(kind: keyof typeof MARK, side: 0 | 1, seconds: number): this {
    this.#moment.packet++;
    this.#moment.ns[0] = seconds * 1e9;
    this.log.add(0, MARK[kind], side, this.#moment);
    return this;
  }

  /** `data 0 1-2.5 x3` */
  get runs(): string[] {
    return this.log
      .of(0)
      .map(({ kind, by, from, to, count }) => `${kind} ${by} ${from.timeNs / 1e9}-${to.timeNs / 1e9} x${count}`);
  }
}

describe('runs of like packets', () => {
  test('less than a second between two: one run', () => {
    expect(new Log().add('data', 0, 1).add('data', 0, 1.9).add('data', 0, 2.5).runs).toEqual(['data 0 1-2.5 x3']);
  });

  test('a second or more: another run', () => {
    expect(new Log().add('data', 0, 1).add('data', 0, 2).runs).toEqual(['data 0 1-1 x1', 'data 0 2-2 x1']);
  });

  test('sides and kinds run by themselves', () => {
    const log = new Log().add('data', 0, 1).add('data', 1, 1.1).add('ping', 0, 1.2).add('data', 0, 1.3);
    expect(log.runs).toEqual(['data 0 1-1.3 x2', 'data 1 1.1-1.1 x1', 'ping 0 1.2-1.2 x1']);
  });

  test('the packets of a run are its first and its last', () => {
    const [run] = new Log().add('data', 0, 1).add('ping', 0, 1.1).add('data', 0, 1.2).log.of(0);
    expect([run?.from.packet, run?.to.packet]).toEqual([1, 3]);
  });

  test('hundred thousand scattered events stay within the bound, and none is lost', () => {
    const log = new Log();
    for (let i = 0; i < 100_000; i++) log.add(i % 3 === 0 ? 'data' : 'ping', i % 2 === 0 ? 0 : 1, 7 * i);
    const all = log.log.of(0);
    expect(all.length).toBeLessThanOrEqual(MARKS_MAX);
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
  });

  test('property: counts, first and last event of each kind and side survive any melting', () => {
    const event = fc.record({
      kind: fc.constantFrom('data', 'ping', 'request'),
      side: fc.constantFrom(0 as const, 1 as const),
      gap: fc.double({ min: 0, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 1500, size: 'max' }), (events) => {
        const log = new Log();
        const expected = new Map<string, { count: number; first: number; last: number }>();
        let seconds = 0;
        for (const { kind, side, gap } of events) {
          seconds += gap;
          log.add(kind, side, seconds);
          const lane = `${kind} ${side}`;
          const known = expected.get(lane);
          expected.set(lane, {
            count: (known?.count ?? 0) + 1,
            first: known?.first ?? seconds * 1e9,
            last: seconds * 1e9,
          });
        }
        const found = new Map<string, { count: number; first: number; last: number }>();
        for (const { kind, by, from, to, count } of log.log.of(0)) {
          const lane = `${kind} ${by}`;
          const known = found.get(lane);
          expect(from.timeNs).toBeLessThanOrEqual(to.timeNs);
          found.set(lane, {
            count: (known?.count ?? 0) + count,
            first: Math.min(known?.first ?? Infinity, from.timeNs),
            last: Math.max(known?.last ?? 0, to.timeNs),
          });
        }
        expect(found).toEqual(expected);
        expect(log.log.of(0).length).toBeLessThanOrEqual(MARKS_MAX);
      }),
      { numRuns: 20 },
    );
  });
});
