import { describe, expect, test } from 'vitest';
import { Moment, openSource, readCapture } from '../../src/capture/index.ts';
import { WirePass } from '../../src/cli/wire-pass.ts';
import { LAST_SENT } from '../../src/trace/sent.ts';
import { KeepAliveBook } from '../../src/trace/keep-alives.ts';
import { RefTable } from '../../src/trace/ref-table.ts';

/** Two ends, rows 0 and 1, of which either speaks, probes or closes at a second. */
class Ends {
  readonly #moment = new Moment();
  readonly #sent = new RefTable(1);
  readonly #book = new KeepAliveBook(this.#moment);

  speaks(row: 0 | 1, seconds: number): this {
    this.#at(seconds);
    this.#sent.set(row, LAST_SENT, this.#moment);
    return this;
  }

  probes(row: 0 | 1, ...seconds: readonly number[]): this {
    for (const second of seconds) {
      this.#at(second);
      this.#book.probe(row, this.#sent);
      this.#sent.set(row, LAST_SENT, this.#moment);
    }
    return this;
  }

  closes(row: 0 | 1, seconds: number): this {
    this.speaks(row, seconds);
    this.#book.closed(row, this.#sent);
    return this;
  }

  timers(row: 0 | 1) {
    const found = this.#book.finish(row, this.#sent);
    if (found === null) return null;
    const { timeNs, intervalNs, unanswered, gaveUp } = found;
    return {
      time: timeNs === null ? null : timeNs / 1e9,
      interval: intervalNs === null ? null : intervalNs / 1e9,
      unanswered,
      gaveUp: gaveUp === null ? null : gaveUp.timeNs / 1e9,
    };
  }

  forget(): this {
    this.#book.release(0);
    return this;
  }

  #at(seconds: number): void {
    this.#moment.packet++;
    this.#moment.ns[0] = seconds * 1e9;
  }
}

describe('keep-alive timers (RFC 1122 §4.2.3.6)', () => {
  test('a dead peer: time, interval, count, and when it was given up', () => {
    const ends = new Ends().speaks(1, 10).probes(0, 70, 80, 90).closes(0, 100);
    expect(ends.timers(0)).toEqual({ time: 60, interval: 10, unanswered: 3, gaveUp: 100 });
    expect(ends.timers(1)).toBeNull();
  });

  test('a living peer answers each: the time shows, and no interval', () => {
    const ends = new Ends().speaks(1, 0).probes(0, 15).speaks(1, 15.5).probes(0, 30.5).speaks(1, 30.75);
    expect(ends.timers(0)).toEqual({ time: 15, interval: null, unanswered: 0, gaveUp: null });
  });

  test('a probe that was lost makes a gap longer, so the shortest is the timer', () => {
    const ends = new Ends().speaks(1, 0).probes(0, 30).speaks(1, 31).probes(0, 46, 56, 61).speaks(1, 62);
    expect(ends.timers(0)).toEqual({ time: 15, interval: 5, unanswered: 2, gaveUp: null });
  });

  test('of several runs without an answer the longest counts, one that was answered in the end less its last probe', () => {
    const ends = new Ends().speaks(1, 0).probes(0, 10, 15, 20).speaks(1, 20.5).probes(0, 30.5);
    expect(ends.timers(0)?.unanswered).toBe(2);
  });

  test("the peer's own probes are not heard", () => {
    const ends = new Ends().speaks(0, 0).speaks(1, 1).probes(1, 21).probes(0, 31).speaks(1, 31.25);
    expect(ends.timers(0)?.time).toBe(30);
    expect(ends.probes(1, 41).timers(1)).toMatchObject({ time: 21, interval: 20 });
  });

  test('what is shorter than a second is no timer: far from the prober, a probe crosses what it had not heard', () => {
    const ends = new Ends().speaks(1, 10).probes(0, 10.01).speaks(1, 10.02).probes(0, 12.02);
    expect(ends.timers(0)?.time).toBe(2);
    const close = new Ends().speaks(1, 0).probes(0, 10).closes(0, 10.01);
    expect(close.timers(0)?.gaveUp).toBeNull();
  });

  test('who closes after an answer gave nobody up; nor does who never probed', () => {
    const ends = new Ends().speaks(1, 0).probes(0, 10).speaks(1, 10.5).closes(0, 20).closes(1, 21);
    expect(ends.timers(0)?.gaveUp).toBeNull();
    expect(ends.timers(1)).toBeNull();
  });

  test('begun in the middle of a run: the time is not known', () => {
    const ends = new Ends().probes(0, 1, 4);
    expect(ends.timers(0)).toEqual({ time: null, interval: 3, unanswered: 2, gaveUp: null });
    expect(ends.forget().timers(0)).toBeNull();
  });

  test('a kernel with 3 s set, over a path that loses 2 %', () => {
    const pass = new WirePass();
    readCapture(openSource('test/tcp/captures/lossy-midway.pcap'), (batch) => pass.consume(batch));
    const flow = pass.finish().connections[15]?.flows[0];
    expect((flow?.keepAlive?.timeNs ?? 0) / 1e9).toBeCloseTo(3.0, 1);
    expect((flow?.keepAlive?.intervalNs ?? 0) / 1e9).toBeCloseTo(3.1, 1);
    // The relay delays by 40 ms in both directions together.
    expect((flow?.roundTrips?.leastNs ?? 0) / 1e6).toBeGreaterThan(20);
  });
});
