import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oddsAgainstChance } from '../../src/incident/odds.ts';
import { buildIncident, type Link } from '../../src/incident/index.ts';
import type { BurstJoin } from '../../src/trace/index.ts';
import { trace } from '../build/trace.ts';

/** The chance of `matched` or more where `expected` come by themselves, as its law has it, summed. */
function poissonTail(matched: number, expected: number): number {
  let term = Math.exp(-expected);
  let below = 0;
  for (let k = 0; k < matched; k++) {
    below += term;
    term *= expected / (k + 1);
  }
  return 1 - below;
}

test('no more than chance brings by itself says nothing', () => {
  expect(oddsAgainstChance(3, 3)).toBe(0);
  expect(oddsAgainstChance(0, 1)).toBe(0);
});

test('ten where one is expected: less than one in a million', () => {
  expect(oddsAgainstChance(10, 1)).toBeCloseTo(6.09, 2);
});

test('property: it is never said too sure', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (matched, expected) => {
      const tail = poissonTail(matched, expected);
      expect(10 ** -oddsAgainstChance(matched, expected)).toBeGreaterThanOrEqual(tail * (1 - 1e-6));
    }),
  );
});

/** Two clients in TLS and one upstream; so many bursts of each went in at a client and out at the upstream. */
function linksWhere(...matched: readonly [number, number]): readonly Link[] {
  const built = trace().client('c1').client('c2').upstream('u1').end(600);
  const [first] = built.connections;
  if (first === undefined) throw new Error('no connection');
  const shared = {
    to: 2,
    receiver: 1,
    sender: 0,
    control: 0.25,
    bursts: 20,
    received: 20,
    first: first.first,
    last: first.last,
    events: null,
  } as const;
  const burstJoins = matched.map((count, from): BurstJoin => ({ ...shared, from, matched: count, anew: count }));
  return buildIncident({ ...built, burstJoins }).links;
}

test('a link by bursts says how many would fit by chance, and who fits next best', () => {
  expect(linksWhere(12, 6)).toMatchObject([
    { client: 'c1', confidence: 0.8, candidates: null, bursts: { matched: 12, byChance: 0.25, odds: 14 } },
    { client: 'c2', confidence: 0.8, bursts: { matched: 6 }, runnerUp: { client: 'c1', upstream: 'u1', odds: 14 } },
  ]);
  expect(linksWhere(12, 6)[0]?.runnerUp).toEqual({ client: 'c2', upstream: 'u1', confidence: 0.8, odds: 5 });
});

test('one pair alone is sure from one in a thousand on, as no other was tried', () => {
  const built = trace().client('c1').upstream('u1').end(600);
  const [connection] = built.connections;
  if (connection === undefined) throw new Error('no connection');
  const { first } = connection;
  const [from, to, receiver, sender] = [0, 1, 1, 0] as const;
  const joinOf = (matched: number, control: number): BurstJoin => {
    const counts = { matched, anew: matched, control, bursts: 20, received: 20, events: null };
    return { from, to, receiver, sender, first, last: first, ...counts };
  };
  const confidences = (matched: number, control: number): unknown =>
    buildIncident({ ...built, burstJoins: [joinOf(matched, control)] }).links.map(({ confidence }) => confidence);
  expect([confidences(2, 0), confidences(3, 0), confidences(4, 0)]).toEqual([[], [0.8], [0.8]]);
});

test('one that is no link itself may be the next best, with nothing left for it; what chance brings is none', () => {
  expect(linksWhere(12, 2)).toMatchObject([{ client: 'c1', runnerUp: { client: 'c2', confidence: 0, odds: 1 } }]);
  expect(linksWhere(12, 0)).toMatchObject([{ client: 'c1', runnerUp: null }]);
});

test('matches that a clock explains tell nothing', () => {
  const built = trace().client('c1').upstream('u1').end(600);
  const [connection] = built.connections;
  if (connection === undefined) throw new Error('no connection');
  const { first } = connection;
  const ends = { from: 0, to: 1, receiver: 1, sender: 0, first, last: first } as const;
  const linksOf = (anew: number): unknown => {
    const join = { ...ends, matched: 20, anew, control: 0, bursts: 20, received: 20, events: null };
    return buildIncident({ ...built, burstJoins: [join] }).links.map(({ bursts }) => bursts?.matched);
  };
  expect([linksOf(1), linksOf(20)]).toEqual([[], [20]]);
});
