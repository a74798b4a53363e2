import { describe, expect, test } from 'vitest';
import { untwined } from '../../src/incident/twins.ts';
import { trace } from '../build/trace.ts';

test('requests of a connection that the capture shows before and after its translation are one pair, and not added up', () => {
  const built = trace()
    .client('c1', { from: '10.9.1.2:1001', to: '10.9.7.7:443', at: 0 })
    .with({ initialSeqs: [11, 12] })
    .client('c1 again', { from: '10.9.1.2:1001', to: '10.9.0.2:443', at: 0 })
    .with({ initialSeqs: [11, 12] })
    .upstream('u1', { at: 0.2 })
    .end(60);
  const [connection] = built.connections;
  if (connection === undefined) throw new Error('no connection');
  const { first } = connection;
  const joins = [
    { near: 0, far: 2, matched: 3 },
    { near: 1, far: 2, matched: 5 },
    { near: 0, far: 1, matched: 2 },
  ].map((join) => ({ ...join, first, last: first }));
  const { trace: single } = untwined({ ...built, askJoins: joins });
  expect(single.connections).toHaveLength(2);
  expect(single.askJoins).toMatchObject([{ near: 0, far: 1, matched: 5 }]);
  expect(single.askJoins).toHaveLength(1);
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

  test('are two where all is the same: the 4-tuple was used again', () => {
    expect(left(STAMPED, { to: '10.9.7.7:443' })).toBe(2);
  });
});
