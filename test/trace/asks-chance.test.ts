import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { legsOf } from '../../src/incident/leg.ts';
import { passingsOf } from '../../src/incident/passings.ts';
import { castRoles } from '../../src/incident/roles.ts';
import { DEFAULT_THRESHOLDS } from '../../src/incident/thresholds.ts';
import type { Side } from '../../src/tcp/index.ts';
import { AskBooks } from '../../src/trace/ask-books.ts';
import { FORWARDING } from '../../src/trace/forwarding.ts';
import type { Trace } from '../../src/trace/index.ts';
import { LimitCounter } from '../../src/trace/limits.ts';
import {
  CAPTURES,
  CLIENTS,
  CLOCKS,
  happenings,
  momentsOf,
  randomFrom,
  STRANGERS,
  ticksOf,
} from '../build/strangers.ts';

const ASKS: Side = 0;
/** They are many, and take long where many tests run at once. */

/** What is told of connections that have nothing to do with each other. */
function strangers(seed: number, momentsFrom: (random: () => number) => readonly number[]): Trace {
  const moment = new Moment();
  const judge = (near: number, _receiver: Side, far: number): 0 | 2 =>
    near < CLIENTS && far >= CLIENTS ? FORWARDING.fitting : FORWARDING.impossible;
  const sameNumber = (connection: number): number => connection;
  const books = new AskBooks(moment, new LimitCounter(), judge, sameNumber, () => true);
  for (const { id } of STRANGERS.connections) books.opened(id);
  books.begin();
  for (const { connection, ns } of happenings(randomFrom(seed), momentsFrom)) {
    moment.ns[0] = ns;
    moment.packet++;
    books.request(connection, ASKS, null);
  }
  const connections = STRANGERS.connections.map((each) => ({ ...each, asks: books.of(each.id, sameNumber) }));
  return { ...STRANGERS, connections, askJoins: books.all(sameNumber) };
}

/** How much the best odds, against chance, of a pair of them are beyond those from which a pair is sure. */
function bestOddsOf(told: Trace): number {
  const casting = castRoles(told);
  const legs = legsOf({ trace: told, seenAs: new Map() }, casting, DEFAULT_THRESHOLDS);
  const passings = passingsOf(told.askJoins, legs, casting);
  const odds = told.askJoins.flatMap(({ near, far }) => {
    const [client, upstream] = [legs[near], legs[far]];
    return client === undefined || upstream === undefined
      ? []
      : passings.map((each) => each.odds(client, upstream) - each.sureOdds(upstream));
  });
  return Math.max(-Infinity, ...odds);
}

/** How many captures have a pair that is taken for one; prints how near the others come. */
function sureAmong(label: string, momentsFrom: (random: () => number) => readonly number[]): number {
  const beyond = Array.from({ length: CAPTURES }, (_, seed) => bestOddsOf(strangers(seed + 1, momentsFrom)));
  const sure = beyond.filter((each) => each >= 0).length;
  const best = Math.max(...beyond).toFixed(2);
  console.log(`requests, ${label}: best odds of ${CAPTURES} captures, beyond what is sure: ${best}, sure: ${sure}`);
  expect(beyond.some((each) => each > -Infinity)).toBe(true);
  return sure;
}

// Two hundred captures with a hundred pairs each: twenty thousand pairs, of which one in a thousand captures may seem to be one.
test.each([
  [0.1, 1],
  [1, 1],
  [5, 1],
  [0.05, 60],
  [0.5, 10],
])(
  'connections that have nothing to do with each other are not taken for a pair: %d a second, each of %d records',
  (rate, records) => {
    const sure = sureAmong(`${rate}/s of ${records}`, (random) => momentsOf(random, rate, records));
    expect(sure).toBeLessThanOrEqual(CAPTURES / 1000);
  },
);

// Two clocks of one period meet each time if they meet once: of a hundred pairs one in ten captures has such a pair within ten milliseconds, and most within a hundred.
test.each(CLOCKS)(
  'nor are a client and a health check whose clocks happen to tick together: every %d s, late by up to %d ms',
  (seconds, lateMs) => {
    const sure = sureAmong(`every ${seconds} s, late by ${lateMs} ms`, (random) => ticksOf(random, seconds, lateMs));
    expect(sure).toBeLessThanOrEqual(CAPTURES / 1000);
  },
);
