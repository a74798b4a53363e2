import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import {
  AFTERMATH_STREAMS,
  LimitCounter,
  NEWEST_STREAMS_MAX,
  NOTABLE_STREAMS_MAX,
  STREAM_TEXT_MAX_BYTES,
} from '../../src/trace/limits.ts';
import { LiveStream } from '../../src/trace/live-stream.ts';
import { StreamBook } from '../../src/trace/streams.ts';
import { fields } from './recording.ts';

/** No connection was given up: the trace numbers them as they are. */
const same = (connection: number): number => connection;

const unknownWindow = (): number => Infinity;

class Book {
  constructor() {
    this.book.opened(0);
  }

  readonly moment: Moment = new Moment();
  readonly limits: LimitCounter = new LimitCounter();
  readonly book: StreamBook = new StreamBook(this.moment, this.limits);

  at(seconds: number): this {
    this.moment.packet++;
    this.moment.ns[0] = seconds * 1e9;
    return this;
  }

  /** Asked and answered within a millisecond. */
  exchange(id: number, seconds: number, status: number | null = 200, lastsSeconds = 0.001): this {
    const stream = this.at(seconds).book.open(0, 0, id, 0, true);
    if (stream === undefined) throw new Error('no room');
    this.at(seconds + lastsSeconds);
    stream.respond(1, status, this.moment);
    stream.end(0, this.moment);
    stream.end(1, this.moment);
    this.book.close(stream);
    return this;
  }

  get kept(): number[] {
    return Array.from(this.book.all(), ({ id }) => id).toSorted((a, b) => a - b);
  }
}

describe('finished streams', () => {
  test('the newest stay one by one, the others fold into totals', () => {
    const book = new Book();
    for (let i = 0; i < 100; i++) book.exchange(2 * i + 1, i);
    expect(book.kept).toHaveLength(NEWEST_STREAMS_MAX);
    expect(book.kept[0]).toBe(2 * (100 - NEWEST_STREAMS_MAX) + 1);
    expect(book.book.totals(0)).toEqual({
      count: 100 - NEWEST_STREAMS_MAX,
      byStatus: new Map([[200, 100 - NEWEST_STREAMS_MAX]]),
    });
  });

  test('a failed one stays, whatever follows', () => {
    const book = new Book().exchange(1, 0, 503);
    for (let i = 1; i < 200; i++) book.exchange(2 * i + 1, i);
    expect(book.kept).toContain(1);
  });

  test('so does a watch that an ERROR event ended, which is no failure of the server', () => {
    const book = new Book();
    const stream = book.at(0).book.open(0, 0, 1, 0, true);
    if (stream === undefined) throw new Error('no room');
    stream.respond(1, 200, book.moment);
    stream.reason = 'Expired';
    stream.end(1, book.moment);
    book.book.close(stream);
    for (let i = 1; i < 200; i++) book.exchange(2 * i + 1, i);
    expect(book.kept[0]).toBe(1);
    expect(stream.hasFailed).toBe(false);
    // What follows is no aftermath: that would be kept besides the newest.
    expect(book.kept).toHaveLength(1 + NEWEST_STREAMS_MAX);
  });

  test('so does one that took more than half a minute', () => {
    const book = new Book().exchange(1, 0, 200, 31).exchange(3, 32, 200, 29);
    for (let i = 2; i < 200; i++) book.exchange(2 * i + 1, 100 + i);
    expect(book.kept).toContain(1);
    expect(book.kept).not.toContain(3);
  });

  test('and the requests that follow a failure: what the client did next', () => {
    const book = new Book().exchange(1, 0, 503);
    for (let i = 1; i < 200; i++) book.exchange(2 * i + 1, i);
    const aftermath = Array.from({ length: AFTERMATH_STREAMS }, (_, i) => 2 * i + 3);
    expect(book.kept).toEqual(expect.arrayContaining(aftermath));
    expect(book.kept).not.toContain(2 * AFTERMATH_STREAMS + 3);
  });

  test('a server that fails for ever fills its room; what is beyond is counted and folds', () => {
    const book = new Book();
    for (let i = 0; i < NOTABLE_STREAMS_MAX + 100; i++) book.exchange(2 * i + 1, i, 503);
    expect(book.kept).toHaveLength(NOTABLE_STREAMS_MAX + NEWEST_STREAMS_MAX);
    expect(book.limits.all()).toMatchObject([{ limit: 'notable-streams-per-connection', count: 100 }]);
    expect(book.book.totals(0).byStatus).toEqual(new Map([[503, 100 - NEWEST_STREAMS_MAX]]));
  });

  test('an unknown status is in no total by status', () => {
    const book = new Book();
    for (let i = 0; i < NEWEST_STREAMS_MAX + 3; i++) book.exchange(2 * i + 1, i, null);
    expect(book.book.totals(0)).toEqual({ count: 3, byStatus: new Map() });
  });

  test('every stream is kept or counted, never both, never neither', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(200, 404, 503, null), { maxLength: 400, size: 'max' }), (statuses) => {
        const book = new Book();
        for (const [i, status] of statuses.entries()) book.exchange(2 * i + 1, i, status);
        expect(book.kept.length + book.book.totals(0).count).toBe(statuses.length);
        expect(new Set(book.kept).size).toBe(book.kept.length);
      }),
      { numRuns: 25 },
    );
  });
});

describe('which streams failed', () => {
  const failed = (does: (stream: LiveStream, moment: Moment) => void): boolean => {
    const moment = new Moment();
    const stream = new LiveStream();
    stream.reuse(0, 0, 1, 0, true, moment);
    does(stream, moment);
    return stream.hasFailed;
  };

  test.each([
    ['a server error', true, (stream: LiveStream, moment: Moment) => stream.respond(1, 500, moment)],
    ['a client error', false, (stream: LiveStream, moment: Moment) => stream.respond(1, 404, moment)],
    ['a reset with INTERNAL_ERROR', true, (stream: LiveStream, moment: Moment) => stream.reset(1, 2, moment)],
    ['a cancel before any response', true, (stream: LiveStream, moment: Moment) => stream.reset(0, 8, moment)],
  ])('%s: %s', (_what, expected, does) => {
    expect(failed(does)).toBe(expected);
  });

  test('a cancel after a response is a client that lost interest', () => {
    expect(
      failed((stream, moment) => {
        stream.respond(1, 200, moment);
        stream.reset(0, 8, moment);
      }),
    ).toBe(false);
  });

  test('a gRPC status other than OK', () => {
    const withStatus = (grpcStatus: string): boolean =>
      failed((stream, moment) => {
        stream.respond(1, 200, moment);
        stream.grpcStatus = grpcStatus;
      });
    expect([withStatus('0'), withStatus('14')]).toEqual([false, true]);
  });
});

test('property: the longest pause of a side is the longest between two of its DATA frames', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ gap: fc.nat(100), side: fc.constantFrom(0 as const, 1 as const) })), (frames) => {
      const moment = new Moment();
      const stream = new LiveStream();
      stream.reuse(0, 0, 1, 0, true, moment);
      const times: [number[], number[]] = [[], []];
      for (const { gap, side: by } of frames) {
        moment.packet++;
        moment.ns[0] = (moment.ns[0] ?? 0) + gap;
        stream.data(by, 1, moment);
        times[by].push(moment.ns[0]);
      }
      for (const by of [0, 1] as const) {
        const gaps = times[by].slice(1).map((at, i) => at - (times[by][i] ?? 0));
        const pause = stream.freeze(same, unknownWindow).longestPause[by];
        expect(pause === null ? 0 : pause.toNs - pause.from.timeNs).toBe(Math.max(0, ...gaps));
      }
    }),
  );
});

type Deed = (stream: LiveStream, moment: Moment) => void;

const side = fc.constantFrom(0 as const, 1 as const);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ side, path: fc.string(), requestId: fc.option(fc.string(), { nil: undefined }) }).map(
    (said): Deed =>
      (stream) =>
        stream.ask(said.side, fields({ method: 'GET', path: said.path, requestId: said.requestId })),
  ),
  fc.tuple(side, fc.constantFrom(200, 503, null)).map(
    ([by, status]): Deed =>
      (stream, moment) =>
        stream.respond(by, status, moment),
  ),
  fc.tuple(side, fc.nat(5000)).map(
    ([by, bytes]): Deed =>
      (stream, moment) =>
        stream.data(by, bytes, moment),
  ),
  side.map(
    (by): Deed =>
      (stream, moment) =>
        stream.end(by, moment),
  ),
  fc.tuple(side, fc.nat(13)).map(
    ([by, code]): Deed =>
      (stream, moment) =>
        stream.reset(by, code, moment),
  ),
  fc.tuple(fc.nat(9), fc.boolean()).map(([connection, near]): Deed => (stream, moment) => {
    const other = new LiveStream();
    other.reuse(connection + 100, connection + 100, 1, 0, true, moment);
    stream.join(other, 'request', near, 1, moment);
  }),
  fc.string().map((status): Deed => (stream) => {
    stream.grpcStatus = status;
  }),
);

test('property: a stream that is used again freezes like a fresh one', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 12 }), fc.array(deed, { maxLength: 12 }), (before, after) => {
      const moment = new Moment();
      const live = (stream: LiveStream, id: number, deeds: readonly Deed[]): LiveStream => {
        moment.packet = 100;
        moment.ns[0] = 1e9;
        stream.reuse(4, 4, id, 0, true, moment);
        for (const does of deeds) {
          moment.packet++;
          moment.ns[0] = (moment.ns[0] ?? 0) + 1e9;
          does(stream, moment);
        }
        return stream;
      };
      const used = live(live(new LiveStream(), 1, before), 3, after);
      const fresh = live(new LiveStream(), 3, after);
      expect(used.freeze(same, unknownWindow)).toEqual(fresh.freeze(same, unknownWindow));
      const flags = ({
        isClosed,
        hasFailed,
        isPassedOn,
        isForwarded,
        isJoinedByRequest,
        waited,
        followsFailure,
        payloadsSeen,
      }: LiveStream): unknown[] => [
        isClosed,
        hasFailed,
        isPassedOn,
        isForwarded,
        isJoinedByRequest,
        waited,
        followsFailure,
        payloadsSeen,
      ];
      expect(flags(used)).toEqual(flags(fresh));
    }),
    { numRuns: 200 },
  );
});

test('what streams ask for is bounded in all: beyond, it is unknown and counted, until others are folded', () => {
  const book = new Book();
  const pathBytes = 2 ** 20;
  const path = `/${'x'.repeat(pathBytes - 1)}`;
  const ask = (id: number): LiveStream => {
    const stream = book.at(id).book.open(0, 0, id, 0, true);
    if (stream === undefined) throw new Error('no room');
    stream.ask(0, fields({ method: 'GET', path }));
    book.book.asked(stream);
    return stream;
  };
  const fitting = STREAM_TEXT_MAX_BYTES / pathBytes;
  const streams = Array.from({ length: fitting + 1 }, (_, i) => ask(2 * i + 1));
  expect(streams.filter((stream) => stream.path === null)).toEqual([streams.at(-1)]);
  expect(book.limits.all()).toEqual([{ limit: 'stream-text-bytes', bound: STREAM_TEXT_MAX_BYTES, count: 1 }]);
  book.book.release(0, () => undefined);
  expect(ask(1001).path).toBe(path);
});
