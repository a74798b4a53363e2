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
import { trace } from '../build/trace.ts';

const SECOND_NS = 1e9;
const SPAN_SECONDS = 60;
const CLIENTS = 10;
const UPSTREAMS = 10;
const CAPTURES = 200;
const ASKS: Side = 0;
/** Between two records of a body that is sent up. */
const RECORDS_APART_NS = 1e6;

/** A gateway with that many connections on each side, which are there from the start to the end. */
const LEGS = legsTrace();

function legsTrace(): Trace {
  const built = trace();
  for (let nth = 0; nth < CLIENTS; nth++)
    built.client(`c${nth}`, { from: `10.9.1.${nth + 1}:1001`, at: 0 }).speaks('client', SPAN_SECONDS);
  for (let nth = 0; nth < UPSTREAMS; nth++)
    built.upstream(`u${nth}`, { from: `10.9.0.2:${2000 + nth}`, at: 0.1 }).speaks('gateway', SPAN_SECONDS);
  return built.end(SPAN_SECONDS);
}

/** Evenly spread numbers below 1, the same for the same seed (Lehmer). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
}

/** Moments as a Poisson process has them, at `perSecond`; at each so many records. */
function momentsOf(random: () => number, perSecond: number, records: number): number[] {
  const moments: number[] = [];
  for (let ns = 0; ns < SPAN_SECONDS * SECOND_NS;) {
    ns += (-Math.log(random()) / perSecond) * SECOND_NS;
    for (let nth = 0; nth < records; nth++) moments.push(ns + nth * RECORDS_APART_NS * (0.5 + random()));
  }
  return moments;
}

/** Moments of a clock that ticks every so many seconds, from any moment on, and is late by up to so many milliseconds each time. */
function ticksOf(random: () => number, seconds: number, lateMs: number): number[] {
  const first = random() * seconds;
  const ticks = Array.from({ length: Math.floor(SPAN_SECONDS / seconds) }, (_, nth) => first + nth * seconds);
  return ticks.map((at) => at * SECOND_NS + random() * lateMs * 1e6);
}

/** What is told of connections that have nothing to do with each other. */
function strangers(seed: number, momentsFrom: (random: () => number) => readonly number[]): Trace {
  const random = randomFrom(seed);
  const moment = new Moment();
  const judge = (near: number, _receiver: Side, far: number): 0 | 2 =>
    near < CLIENTS && far >= CLIENTS ? FORWARDING.fitting : FORWARDING.impossible;
  const sameNumber = (connection: number): number => connection;
  const book = new AskBooks(moment, new LimitCounter(), judge, sameNumber, () => true);
  const ids = LEGS.connections.map(({ id }) => id);
  for (const connection of ids) book.opened(connection);
  book.begin();
  const all = ids.flatMap((connection) => momentsFrom(random).map((ns) => ({ connection, ns })));
  for (const { connection, ns } of all.toSorted((a, b) => a.ns - b.ns)) {
    moment.ns[0] = ns;
    moment.packet++;
    book.request(connection, ASKS, null);
  }
  const connections = LEGS.connections.map((each) => ({ ...each, asks: book.of(each.id, sameNumber) }));
  return { ...LEGS, connections, askJoins: book.all(sameNumber) };
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
  console.log(
    `${label}: best odds of ${CAPTURES} captures, beyond what is sure: ${Math.max(...beyond).toFixed(2)}, sure: ${sure}`,
  );
  expect(beyond.some((each) => each > -Infinity)).toBe(true);
  return sure;
}

/** They are many, and take long where many tests run at once. */
const LONG_MS = 120_000;

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
  LONG_MS,
);

// Two clocks of one period meet each time if they meet once: of a hundred pairs one in ten captures has such a pair within ten milliseconds, and most within a hundred.
test.each([
  [5, 0],
  [10, 0],
  [10, 3],
])(
  'nor are a client and a health check whose clocks happen to tick together: every %d s, late by up to %d ms',
  (seconds, lateMs) => {
    const sure = sureAmong(`every ${seconds} s, late by ${lateMs} ms`, (random) => ticksOf(random, seconds, lateMs));
    expect(sure).toBeLessThanOrEqual(CAPTURES / 1000);
  },
  LONG_MS,
);
