import { describe, expect, test } from 'vitest';
import type { TraceConnection, TraceStream } from '../../src/trace/index.ts';
import { untwined } from '../../src/incident/twins.ts';
import { trace } from '../build/trace.ts';

describe('requests of a connection that the capture shows before and after its translation', () => {
  /** A client's connection before (0) and after (1), and one to an upstream (2). */
  const built = trace()
    .client('c1', { from: '10.9.1.2:1001', to: '10.9.7.7:443', at: 0 })
    .with({ initialSeqs: [11, 12] })
    .client('c1 again', { from: '10.9.1.2:1001', to: '10.9.0.2:443', at: 0 })
    .with({ initialSeqs: [11, 12] })
    .upstream('u1', { at: 0.2 })
    .end(60);

  function left(...joins: readonly { readonly near: number; readonly far: number; readonly matched: number }[]) {
    const [connection] = built.connections;
    if (connection === undefined) throw new Error('no connection');
    const { first } = connection;
    const { trace: single } = untwined({
      ...built,
      askJoins: joins.map((join) => ({ hop: 0, anew: join.matched, ...join, first, last: first })),
    });
    expect(single.connections).toHaveLength(2);
    return single.askJoins.map(({ near, far, matched }) => [near, far, matched]);
  }

  test('are one pair, and not added up', () => {
    const told = left(
      { near: 0, far: 2, matched: 3 },
      { near: 1, far: 2, matched: 5 },
      { near: 0, far: 1, matched: 2 },
    );
    expect(told).toEqual([[0, 1, 5]]);
  });

  test('are those of the one that is left: the other may be of another clock, and stand in the wrong order', () => {
    expect(left({ near: 1, far: 2, matched: 3 }, { near: 2, far: 0, matched: 9 })).toEqual([[0, 1, 3]]);
  });

  test('are those of the other, where it alone was compared', () => {
    expect(left({ near: 0, far: 2, matched: 3 })).toEqual([[0, 1, 3]]);
  });
});

test('what a stream was joined to is told by itself, and not by its other self, of another clock', () => {
  const built = trace()
    .client('c1', { from: '10.9.1.2:1001', to: '10.9.7.7:443', at: 0 })
    .with({ initialSeqs: [11, 12] })
    .watch(7, { at: 1 })
    .client('c1 again', { from: '10.9.1.2:1001', to: '10.9.0.2:443', at: 0 })
    .with({ initialSeqs: [11, 12] })
    .watch(7, { at: 1 })
    .upstream('u1', { at: 0.2 })
    .watch(9, { at: 1.1 })
    .end(60);
  const streams = built.streams.map((stream): TraceStream => {
    const nearerClient = stream.connection === 1;
    const partner = {
      connection: 2,
      tunnel: null,
      streamId: 9,
      method: 'request',
      nearerClient,
      at: stream.opened,
      matched: 1,
      candidates: 1,
    } as const;
    return { ...stream, partners: stream.connection === 2 ? [] : [partner] };
  });
  const { trace: single } = untwined({ ...built, streams });
  expect(single.streams.map(({ connection, partners }) => [connection, partners])).toMatchObject([
    [0, [{ connection: 1, streamId: 9, nearerClient: true }]],
    [1, []],
  ]);
});

describe('two connections with the same initial numbers', () => {
  const NUMBERS = { initialSeqs: [11, 12] } as const;
  const STAMPED = { ...NUMBERS, initialStamps: [700, 900] } as const;
  type Known = typeof NUMBERS | typeof STAMPED;

  interface Second {
    readonly from?: string;
    readonly to?: string;
    readonly at?: number;
    readonly bytes?: number;
    readonly known?: Known | (typeof NUMBERS & { readonly initialStamps: readonly [number, number] });
  }

  /** How many connections are left of one and a second. */
  function left(known: Known, second: Second): number {
    const built = trace()
      .client('first', { from: '10.9.1.2:1001', to: '10.9.7.7:443', at: 0 })
      .with(known)
      .client('second', { from: second.from ?? '10.9.1.2:1001', to: second.to ?? '10.9.0.2:8443', at: second.at ?? 0 })
      .with(second.known ?? known);
    if (second.bytes !== undefined) built.flow('client', { bytes: second.bytes });
    return untwined(built.end(60)).trace.connections.length;
  }

  test('are one where one end is the same, with the same bytes at the same time', () => {
    expect(left(NUMBERS, {})).toBe(1);
  });

  test('are two with other bytes, at another time, or with no end in common', () => {
    expect(left(NUMBERS, { bytes: 5 })).toBe(2);
    expect(left(NUMBERS, { at: 0.5 })).toBe(2);
    expect(left(NUMBERS, { from: '10.9.5.1:6001' })).toBe(2);
  });

  test('are one whatever else differs, where their timestamps are the same too', () => {
    expect(left(STAMPED, { from: '10.9.5.1:6001', bytes: 5, at: 40 })).toBe(1);
  });

  test('are two with other timestamps and no end in common', () => {
    const known = { ...NUMBERS, initialStamps: [700, 901] } as const;
    expect(left(STAMPED, { from: '10.9.5.1:6001', known })).toBe(2);
  });

  test('are one of which one side alone is the same, where no handshake was seen', () => {
    const midway = { handshake: { by: null, syn: null, synAck: null } } as const;
    const first = { initialSeqs: [11, 12], initialStamps: [700, 900] } as const;
    const leftOf = (second: Partial<TraceConnection>, known: Partial<TraceConnection> = midway): number => {
      const built = trace()
        .client('first', { from: '10.9.1.2:1001', to: '10.9.7.7:443', at: 0 })
        .with({ ...first, ...known })
        .client('second', { from: '10.9.1.2:1001', to: '10.9.0.2:8443', at: 40 })
        .with({ ...second, ...known });
      return untwined(built.end(60)).trace.connections.length;
    };
    expect(leftOf({ initialSeqs: [11, 95], initialStamps: [700, 901] })).toBe(1);
    expect(leftOf({ initialSeqs: [95, 11], initialStamps: [901, 700] })).toBe(1);
    expect(leftOf({ initialSeqs: [11, 95], initialStamps: [701, 901] })).toBe(2);
    expect(leftOf({ initialSeqs: [11, 95], initialStamps: [700, 901] }, {})).toBe(2);
    expect(leftOf({ initialSeqs: [11, 95], initialStamps: [null, null] })).toBe(2);
  });

  test('are two where all is the same: the 4-tuple was used again', () => {
    expect(left(STAMPED, { to: '10.9.7.7:443' })).toBe(2);
  });
});
