import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { legsOf } from '../../src/incident/leg.ts';
import { Passings, SURE_ODDS } from '../../src/incident/passings.ts';
import { castRoles } from '../../src/incident/roles.ts';
import { DEFAULT_THRESHOLDS } from '../../src/incident/thresholds.ts';
import type { Side } from '../../src/tcp/index.ts';
import { AskBook } from '../../src/trace/asks.ts';
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

/** What is told of connections that have nothing to do with each other. */
function strangers(seed: number, perSecond: number, records: number): Trace {
  const random = randomFrom(seed);
  const moment = new Moment();
  const judge = (near: number, _receiver: Side, far: number): 0 | 2 =>
    near < CLIENTS && far >= CLIENTS ? FORWARDING.fitting : FORWARDING.impossible;
  const sameNumber = (connection: number): number => connection;
  const book = new AskBook(moment, new LimitCounter(), judge, sameNumber, () => true);
  const ids = LEGS.connections.map(({ id }) => id);
  for (const connection of ids) book.opened(connection);
  book.begin();
  const all = ids.flatMap((connection) => momentsOf(random, perSecond, records).map((ns) => ({ connection, ns })));
  for (const { connection, ns } of all.toSorted((a, b) => a.ns - b.ns)) {
    moment.ns[0] = ns;
    moment.packet++;
    book.request(connection, ASKS, null);
  }
  const connections = LEGS.connections.map((each) => ({ ...each, asks: book.of(each.id, sameNumber) }));
  return { ...LEGS, connections, askJoins: book.all(sameNumber) };
}

/** The best odds, against chance, of a pair of them, the pairs tried taken off. */
function bestOddsOf(told: Trace): number {
  const casting = castRoles(told);
  const legs = legsOf({ trace: told, seenAs: new Map() }, casting, DEFAULT_THRESHOLDS);
  const passings = new Passings(told.askJoins, legs, casting);
  const odds = told.askJoins.flatMap(({ near, far }) => {
    const [client, upstream] = [legs[near], legs[far]];
    return client === undefined || upstream === undefined
      ? []
      : [passings.odds(client, upstream) - passings.pairsTried(upstream)];
  });
  return Math.max(-Infinity, ...odds);
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
    const odds = Array.from({ length: CAPTURES }, (_, seed) => bestOddsOf(strangers(seed + 1, rate, records)));
    const sure = odds.filter((each) => each >= SURE_ODDS).length;
    console.log(
      `${rate}/s of ${records}: best odds of ${CAPTURES} captures: ${Math.max(...odds).toFixed(2)}, sure: ${sure}`,
    );
    expect(odds.some((each) => each > -Infinity)).toBe(true);
    expect(sure).toBeLessThanOrEqual(CAPTURES / 1000);
  },
);
