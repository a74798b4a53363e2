import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { BurstBook } from '../../src/trace/bursts.ts';
import { BURST_CONTROLS, BURST_PARTNERS_MAX, BURSTS_MAX, LimitCounter } from '../../src/trace/limits.ts';
import { FORWARDING } from '../../src/trace/forwarding.ts';
import type { BurstJoin } from '../../src/trace/index.ts';

const MS = 1e6;
const SECOND_MS = 1000;
const CLIENT_LEG = 0;
const UPSTREAM_LEG = 1;
const ASKS = 0;
/** Connections that have nothing to do with those. */
const OTHERS = { from: 2, to: 700 } as const;

/** A gateway between connections 0 and 1: what it gets from the client on the one it may send on the other. */
class Told {
  readonly #moment = new Moment();
  readonly limits = new LimitCounter();
  readonly #book: BurstBook;
  #packets = 0;

  constructor(
    isOpaque: (connection: number) => boolean = () => true,
    isFromStart: (connection: number) => boolean = () => true,
    mayForward: (near: number, far: number) => boolean = (near, far) => near === CLIENT_LEG && far === UPSTREAM_LEG,
  ) {
    const judge = (near: number, _receiver: number, far: number): 0 | 2 =>
      mayForward(near, far) ? FORWARDING.fitting : FORWARDING.impossible;
    this.#book = new BurstBook(this.#moment, this.limits, judge, (connection) => connection, isOpaque, isFromStart);
    for (let connection = 0; connection < OTHERS.to; connection++) this.#book.opened(connection);
  }

  begins(): this {
    this.#book.begin();
    return this;
  }

  sends(connection: number, ms: number, bytes: number): this {
    this.#moment.packet = ++this.#packets;
    this.#moment.ns[0] = ms * MS;
    this.#book.payload(connection, ASKS, bytes);
    return this;
  }

  /** Requests a second apart, each passed on 2 ms later and `added` bytes longer. */
  forwards(count: number, added = 60): this {
    for (let i = 0; i < count; i++) {
      this.sends(CLIENT_LEG, i * SECOND_MS, 400 + 7 * i);
      this.sends(UPSTREAM_LEG, i * SECOND_MS + 2, 400 + 7 * i + added);
    }
    return this;
  }

  joins(): BurstJoin[] {
    return this.#book.all((connection) => connection);
  }
}

describe('bursts of what cannot be read', () => {
  test('are events also where the other side never spoke, however early in the capture', () => {
    const told = new Told().begins();
    for (let nth = 0; nth < 6; nth++) {
      told.sends(CLIENT_LEG, 200 + 1500 * nth, 400 + 7 * nth).sends(UPSTREAM_LEG, 202 + 1500 * nth, 400 + 7 * nth);
    }
    expect(told.joins()).toMatchObject([{ events: { firstNs: 3200 * MS } }]);
    const early = new Told(undefined, () => false).begins();
    early.sends(CLIENT_LEG, 200, 400).sends(UPSTREAM_LEG, 202, 400);
    expect(early.joins()).toMatchObject([{ matched: 1, events: { count: 1, firstNs: 200 * MS } }]);
  });

  test('that leave a moment after they came, about as long, are passed on; the first two of a flow are greetings', () => {
    expect(new Told().begins().forwards(12).joins()).toMatchObject([
      { from: CLIENT_LEG, to: UPSTREAM_LEG, receiver: 1, sender: 0, matched: 10, control: 0, bursts: 10 },
    ]);
  });

  test('count from the first on where the capture began in the middle: nobody greets', () => {
    const midway = new Told(
      () => true,
      () => false,
    )
      .begins()
      .forwards(12)
      .joins();
    expect(midway).toMatchObject([{ matched: 12, bursts: 12 }]);
  });

  test('that nobody asked for are events; those soon after another are not', () => {
    const rare = new Told().begins().forwards(12).joins();
    expect(rare[0]?.events).toMatchObject({
      count: 10,
      firstNs: 2 * SECOND_MS * MS,
      last: { timeNs: 11 * SECOND_MS * MS },
    });
    const told = new Told().begins();
    for (let i = 0; i < 12; i++) told.sends(CLIENT_LEG, i * 900, 500).sends(UPSTREAM_LEG, i * 900 + 2, 560);
    expect(told.joins()).toMatchObject([{ matched: 10, events: null }]);
  });

  test('are not compared where everything can be read', () => {
    expect(new Told().forwards(12).joins()).toEqual([]);
    expect(new Told(() => false).begins().forwards(12).joins()).toEqual([]);
  });

  test('are not the same where they are longer by more than a gateway adds', () => {
    expect(new Told().begins().forwards(12, 300).joins()).toEqual([]);
  });

  test('say nothing where two of them fit: either may have been it', () => {
    const told = new Told().begins().forwards(3);
    for (let i = 10; i < 20; i++) {
      told.sends(CLIENT_LEG, i * SECOND_MS, 500).sends(CLIENT_LEG, i * SECOND_MS + 4, 500);
      told.sends(UPSTREAM_LEG, i * SECOND_MS + 6, 560);
    }
    expect(told.joins()).toMatchObject([{ matched: 1 }]);
  });

  test('that came too early to have been passed on are counted as chance', () => {
    const told = new Told().begins().forwards(4);
    for (let i = 10; i < 20; i++)
      told.sends(CLIENT_LEG, i * SECOND_MS, 500).sends(UPSTREAM_LEG, i * SECOND_MS + 35, 560);
    expect(told.joins()).toMatchObject([{ matched: 2, control: 10 / BURST_CONTROLS }]);
  });

  test('are counted as chance altogether where there are too many to look at what is too early', () => {
    const told = new Told().begins().forwards(3);
    for (let i = 10; i < 20; i++) {
      // Each a burst of its own, and none that can have been what was passed on.
      for (let other = OTHERS.from; other < OTHERS.to; other++) told.sends(other, i * SECOND_MS, 100);
      told.sends(CLIENT_LEG, i * SECOND_MS + 12, 5000).sends(UPSTREAM_LEG, i * SECOND_MS + 14, 5060);
    }
    const [join] = told.joins();
    expect([join?.matched, join?.control]).toEqual([11, 10]);
  });

  test('of a PING are a gateway’s own', () => {
    const told = new Told().begins();
    for (let i = 0; i < 12; i++) told.sends(CLIENT_LEG, i * SECOND_MS, 46).sends(UPSTREAM_LEG, i * SECOND_MS + 2, 46);
    expect(told.joins()).toEqual([]);
  });
});

describe('where there are more than are compared', () => {
  test('the oldest is compared early, and it is told', () => {
    const connections = OTHERS.to - OTHERS.from;
    const sent = (apartMs: number): Told => {
      const told = new Told().begins();
      for (let i = 0; i < BURSTS_MAX + 5; i++) told.sends(OTHERS.from + (i % connections), i * apartMs, 100);
      return told;
    };
    expect(sent(0.005).limits.all()).toEqual([{ limit: 'bursts-compared', bound: BURSTS_MAX, count: 5 }]);
    expect(sent(0.05).limits.all()).toEqual([]);
  });

  test('a partner more than are kept is not, and it is told', () => {
    const told = new Told(
      () => true,
      () => false,
      (_near, far) => far === UPSTREAM_LEG,
    ).begins();
    for (let i = 0; i < 2 * (BURST_PARTNERS_MAX + 1); i++) {
      const ms = i * SECOND_MS;
      told.sends(OTHERS.from + Math.floor(i / 2), ms, 400).sends(UPSTREAM_LEG, ms + 2, 460);
    }
    expect(told.joins()).toHaveLength(BURST_PARTNERS_MAX);
    expect(told.limits.all()).toMatchObject([{ limit: 'burst-partners-per-flow', bound: BURST_PARTNERS_MAX }]);
  });
});
