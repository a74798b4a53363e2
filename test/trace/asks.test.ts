import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import type { Side } from '../../src/tcp/index.ts';
import { AskBook } from '../../src/trace/asks.ts';
import { FORWARDING } from '../../src/trace/forwarding.ts';
import type { AskJoin, Asks } from '../../src/trace/index.ts';
import { ASKS_MAX, ATTEMPTS_WATCHED_MAX, LimitCounter } from '../../src/trace/limits.ts';
import { LiveStream } from '../../src/trace/live-stream.ts';

const MS = 1e6;
/** Two clients of a gateway, two connections that it opened, and one that has nothing to do with it. */
const FIRST = 0;
const SECOND = 1;
const UPSTREAM = 2;
const OTHER_UPSTREAM = 3;
const FOREIGN = 4;
const ASKS: Side = 0;

class Told {
  readonly #moment = new Moment();
  readonly limits = new LimitCounter();
  readonly #book: AskBook;
  readonly #nths = [0, 1, 2, 3, 4];
  #packets = 0;

  constructor(isOpaque: (connection: number) => boolean = (connection) => connection < UPSTREAM, hop = 0) {
    const judge = (near: number, receiver: Side, far: number, sender: Side): 0 | 2 =>
      near < UPSTREAM && far >= UPSTREAM && far < FOREIGN && receiver === 1 && sender === ASKS
        ? FORWARDING.fitting
        : FORWARDING.impossible;
    this.#book = new AskBook(
      hop,
      this.#moment,
      this.limits,
      judge,
      (connection) => this.#nths[connection] ?? -1,
      isOpaque,
    );
    for (const connection of this.#nths) this.#book.opened(connection);
  }

  begins(): this {
    this.#book.begin();
    return this;
  }

  asks(connection: number, ms: number, stream: LiveStream | null = null): this {
    this.#at(ms);
    this.#book.request(connection, ASKS, stream);
    return this;
  }

  connects(connection: number, ms: number): this {
    this.#at(ms);
    this.#book.connects(connection, ASKS);
    return this;
  }

  /** The number goes to another connection. */
  isAnother(connection: number): this {
    this.#nths[connection] = 100;
    this.#book.release(connection);
    this.#book.opened(connection);
    return this;
  }

  joins(): AskJoin[] {
    return this.#book.all((connection, nth) => (this.#nths[connection] === nth ? connection : undefined));
  }

  of(connection: number): Asks | null {
    return this.#book.of(connection, (id) => id);
  }

  streamOf(connection: number, ms: number): LiveStream {
    this.#at(ms);
    const stream = new LiveStream();
    stream.reuse(connection, connection, 1, ASKS, true, this.#moment);
    return stream;
  }

  #at(ms: number): void {
    this.#moment.packet = ++this.#packets;
    this.#moment.ns[0] = ms * MS;
  }
}

const timedOf = (stream: LiveStream): unknown =>
  stream.freeze(
    (connection) => connection,
    () => 0,
  ).timed[0] ?? null;

describe('a request that leaves a host', () => {
  test('a moment after one of a connection that cannot be read came in is that one, passed on', () => {
    const told = new Told().begins();
    const stream = told.streamOf(UPSTREAM, 1001);
    told.asks(FIRST, 1000).asks(UPSTREAM, 1001, stream);
    expect(told.joins()).toMatchObject([{ near: FIRST, far: UPSTREAM, matched: 1, last: { timeNs: 1001 * MS } }]);
    expect(timedOf(stream)).toMatchObject({ connection: FIRST, nearerClient: false, at: { timeNs: 1001 * MS } });
    expect(told.of(UPSTREAM)).toEqual({ asked: 1, acts: 1, unexplained: 0, openedFor: null });
  });

  test('tells of a stream that can be read where it went, if that cannot be', () => {
    const told = new Told((connection) => connection >= UPSTREAM).begins();
    const stream = told.streamOf(FIRST, 1000);
    told.asks(FIRST, 1000, stream).asks(UPSTREAM, 1001);
    expect(timedOf(stream)).toMatchObject({ connection: UPSTREAM, nearerClient: true });
  });

  test('after two clients asked may be either’s: it is nobody’s, and not without an explanation', () => {
    const told = new Told().begins();
    const stream = told.streamOf(UPSTREAM, 1001);
    told.asks(FIRST, 1000).asks(SECOND, 1000.5).asks(UPSTREAM, 1001, stream);
    expect([told.joins(), timedOf(stream)]).toEqual([[], null]);
    expect(told.of(UPSTREAM)).toMatchObject({ acts: 1, unexplained: 0 });
  });

  test('is passed on once: what leaves after it is another’s', () => {
    const told = new Told().begins().asks(FIRST, 1000).asks(UPSTREAM, 1001).asks(OTHER_UPSTREAM, 1002);
    expect(told.joins()).toMatchObject([{ far: UPSTREAM }]);
    expect(told.of(OTHER_UPSTREAM)).toMatchObject({ acts: 1, unexplained: 1 });
  });

  test.each([
    [0, 10],
    [1, 30],
    [2, 100],
  ])('is looked for within the time of each hop: %d', (hop, ms) => {
    const told = (late: number): Told =>
      new Told(undefined, hop)
        .begins()
        .asks(FIRST, 1000)
        .asks(UPSTREAM, 1000 + late);
    expect(told(ms).joins()).toMatchObject([{ hop, near: FIRST, far: UPSTREAM, matched: 1 }]);
    expect([told(ms + 0.1).joins(), told(ms + 0.1).of(UPSTREAM)?.unexplained]).toEqual([[], 1]);
  });

  test('within two hops is told for each of them', () => {
    const stream = new LiveStream();
    const moment = new Moment();
    moment.packet = 7;
    stream.timed(2, FIRST, FIRST, false, moment);
    stream.timed(0, SECOND, SECOND, false, moment);
    const { timed } = stream.freeze(
      (connection) => connection,
      () => 0,
    );
    expect(timed.map(({ hop, connection }) => [hop, connection])).toEqual([
      [0, SECOND],
      [2, FIRST],
    ]);
  });

  test('later than a gateway takes has no explanation', () => {
    const told = new Told().begins().asks(FIRST, 1000).asks(UPSTREAM, 1010.1);
    expect([told.joins(), told.of(UPSTREAM)?.unexplained]).toEqual([[], 1]);
  });

  test('from another host is nothing that came in here', () => {
    expect(new Told().begins().asks(FIRST, 1000).asks(FOREIGN, 1001).joins()).toEqual([]);
  });

  test('is one of many records sent up at once: they are one, as long as no pause parts them', () => {
    const told = new Told(() => true).begins();
    for (let ms = 1000; ms < 1100; ms += 2) told.asks(FIRST, ms).asks(UPSTREAM, ms + 1);
    expect(told.joins()).toMatchObject([{ near: FIRST, far: UPSTREAM, matched: 1 }]);
    expect(told.of(UPSTREAM)).toMatchObject({ acts: 1, unexplained: 0 });
    // Time in which anything that leaves would seem to be this client's: 9 moments of 10 ms at least, and no 50.
    expect(told.of(FIRST)?.asked).toBe(9);
  });

  test('is not looked for behind one that seems to come later, or long before: captures are not always in order', () => {
    expect(new Told().begins().asks(FIRST, 1005).asks(UPSTREAM, 1001).joins()).toEqual([]);
    const late = new Told().begins().asks(FIRST, 1000).asks(SECOND, 900).asks(UPSTREAM, 1001);
    expect(late.joins()).toMatchObject([{ near: FIRST, far: UPSTREAM, matched: 1 }]);
  });

  test('tells nothing of a stream that has the place of the one that was asked', () => {
    const told = new Told((connection) => connection >= UPSTREAM).begins();
    const stream = told.streamOf(FIRST, 1000);
    told.asks(FIRST, 1000, stream);
    stream.reuse(FIRST, FIRST, 3, ASKS, true, new Moment());
    told.asks(UPSTREAM, 1001);
    expect(timedOf(stream)).toBeNull();
  });

  test('of so many within moments that not all are kept is nobody’s', () => {
    const asked = (count: number): Told => {
      const told = new Told((connection) => connection >= UPSTREAM).begins();
      for (let nth = 0; nth < count; nth++) told.asks(FIRST, 1000 + nth / 100);
      return told.asks(UPSTREAM, 1001);
    };
    const [kept, beyond] = [asked(ASKS_MAX), asked(ASKS_MAX + 1)];
    expect([kept.joins().length, beyond.joins().length]).toEqual([1, 0]);
    expect([kept.limits.all(), beyond.limits.all()]).toEqual([
      [],
      [{ limit: 'requests-compared', bound: ASKS_MAX, count: 1 }],
    ]);
  });

  test('is not compared where everything can be read', () => {
    const everything = new Told(() => false).begins().asks(UPSTREAM, 999).asks(FIRST, 1000).asks(UPSTREAM, 1001);
    expect(everything.joins()).toEqual([]);
    expect(new Told().asks(FIRST, 1000).asks(UPSTREAM, 1001).joins()).toEqual([]);
  });

  test('is not that of a connection whose number is another’s by now', () => {
    expect(new Told().begins().asks(FIRST, 1000).isAnother(FIRST).asks(UPSTREAM, 1001).joins()).toEqual([]);
  });
});

describe('a connection that a host opens', () => {
  test('a moment after one client asked is opened for that request, which may go elsewhere at once', () => {
    const told = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001);
    expect(told.of(UPSTREAM)?.openedFor).toMatchObject({ connection: FIRST, passedOn: null, elsewhere: null });
    told.asks(OTHER_UPSTREAM, 1002);
    expect(told.of(UPSTREAM)?.openedFor).toMatchObject({ passedOn: { timeNs: 1002 * MS }, elsewhere: null });
  });

  test('is for nobody known where two asked, or none', () => {
    const told = new Told().begins().connects(OTHER_UPSTREAM, 500);
    told.asks(FIRST, 1000).asks(SECOND, 1000.5).connects(UPSTREAM, 1001);
    expect([told.of(UPSTREAM)?.openedFor, told.of(OTHER_UPSTREAM)?.openedFor]).toEqual([null, null]);
  });

  test('for a request that goes elsewhere later, perhaps: so says the first that nothing explains', () => {
    const told = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001);
    told.asks(SECOND, 2000).asks(OTHER_UPSTREAM, 2001);
    expect(told.of(UPSTREAM)?.openedFor?.elsewhere).toBeNull();
    told.asks(OTHER_UPSTREAM, 3000).asks(OTHER_UPSTREAM, 4000);
    expect(told.of(UPSTREAM)?.openedFor).toMatchObject({ passedOn: null, elsewhere: { timeNs: 3000 * MS } });
  });

  test('has that request as its first, though another client asked a millisecond before, or two did', () => {
    const one = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001);
    one.asks(SECOND, 1199).asks(UPSTREAM, 1200);
    expect(one.joins()).toMatchObject([{ near: FIRST, far: UPSTREAM, matched: 1 }]);
    const both = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001);
    both.asks(SECOND, 1199).asks(FIRST, 1199.5).asks(UPSTREAM, 1200);
    expect(both.joins()).toMatchObject([{ near: FIRST, far: UPSTREAM, matched: 1 }]);
  });

  test('is one of several that were opened for one request: it was passed on, for all of them', () => {
    const told = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001).connects(OTHER_UPSTREAM, 1002);
    told.asks(OTHER_UPSTREAM, 1020);
    expect(told.of(UPSTREAM)?.openedFor?.passedOn).toMatchObject({ timeNs: 1020 * MS });
    expect(told.of(OTHER_UPSTREAM)?.openedFor?.passedOn).toMatchObject({ timeNs: 1020 * MS });
  });

  test('for a request that may be one of two that leave elsewhere', () => {
    const told = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001);
    told.asks(SECOND, 1002).asks(OTHER_UPSTREAM, 1003);
    expect(told.of(UPSTREAM)?.openedFor?.elsewhere).toMatchObject({ timeNs: 1003 * MS });
  });

  test('is watched whatever clients connect meanwhile, and one that no longer is may have had its request go elsewhere', () => {
    const told = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001);
    for (let nth = 0; nth < 2 * ATTEMPTS_WATCHED_MAX; nth++) told.connects(SECOND, 1002);
    told.asks(OTHER_UPSTREAM, 2000);
    expect(told.of(UPSTREAM)?.openedFor?.elsewhere).toMatchObject({ timeNs: 2000 * MS });
    const many = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001);
    for (let nth = 0; nth < ATTEMPTS_WATCHED_MAX; nth++) many.connects(OTHER_UPSTREAM, 1002);
    expect(many.of(UPSTREAM)?.openedFor?.elsewhere).toMatchObject({ timeNs: 1002 * MS });
    expect(many.limits.all()).toMatchObject([{ limit: 'attempts-watched', count: 1 }]);
  });

  test('has that request as its first, however long the connecting took', () => {
    const told = new Told().begins().asks(FIRST, 1000).connects(UPSTREAM, 1001);
    told.asks(UPSTREAM, 1200).asks(UPSTREAM, 1300);
    expect(told.joins()).toMatchObject([{ near: FIRST, far: UPSTREAM, matched: 1 }]);
    expect(told.of(UPSTREAM)).toMatchObject({
      acts: 2,
      unexplained: 1,
      openedFor: { passedOn: { timeNs: 1200 * MS } },
    });
  });
});
