import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { oddsAgainstChance } from '../../src/incident/odds.ts';
import type { Side } from '../../src/tcp/index.ts';
import { AskBook } from '../../src/trace/asks.ts';
import { FORWARDING } from '../../src/trace/forwarding.ts';
import { ASK_HOP_NS } from '../../src/trace/limits.ts';

const SECOND_NS = 1e9;
const SPAN_NS = 60 * SECOND_NS;
const CLIENTS = 10;
const UPSTREAMS = 10;
const CAPTURES = 200;
const ASKS: Side = 0;

/** Evenly spread numbers below 1, the same for the same seed (Lehmer). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
}

/** Moments as a Poisson process has them, at `perSecond`. */
function momentsOf(random: () => number, perSecond: number): number[] {
  const moments: number[] = [];
  for (let ns = 0; ns < SPAN_NS;) {
    ns += (-Math.log(random()) / perSecond) * SECOND_NS;
    moments.push(ns);
  }
  return moments;
}

/** The best odds, against chance, of pairs of connections that have nothing to do with each other; of each capture, pairs tried taken off. */
function oddsOfStrangers(seed: number, perSecond: number): number {
  const random = randomFrom(seed);
  const moment = new Moment();
  const judge = (near: number, _receiver: Side, far: number): 0 | 2 =>
    near < CLIENTS && far >= CLIENTS ? FORWARDING.fitting : FORWARDING.impossible;
  const book = new AskBook(
    moment,
    judge,
    (connection) => connection,
    () => true,
  );
  const legs = Array.from({ length: CLIENTS + UPSTREAMS }, (_, connection) => connection);
  for (const connection of legs) book.opened(connection);
  book.begin();
  const all = legs.flatMap((connection) => momentsOf(random, perSecond).map((ns) => ({ connection, ns })));
  for (const { connection, ns } of all.toSorted((a, b) => a.ns - b.ns)) {
    moment.ns[0] = ns;
    moment.packet++;
    book.request(connection, ASKS, null);
  }
  const told = legs.map((connection) => book.of(connection, (id) => id));
  const odds = book
    .all((id) => id)
    .map(({ near, far, matched }) => {
      const chance = (((told[near]?.asked ?? 0) + 1) * ASK_HOP_NS) / SPAN_NS;
      const unexplained = ((told[far]?.unexplained ?? 0) + 1) / ((told[far]?.acts ?? 0) + 1);
      return oddsAgainstChance(matched, (told[far]?.acts ?? 0) * unexplained * chance);
    });
  return Math.max(0, ...odds) - Math.log10(CLIENTS * UPSTREAMS);
}

// Two hundred captures with a hundred pairs each: twenty thousand pairs, of which one in a thousand captures may seem to be one.
test.each([0.1, 1, 5])(
  'connections that have nothing to do with each other are not taken for a pair: %d requests a second',
  (rate) => {
    const odds = Array.from({ length: CAPTURES }, (_, seed) => oddsOfStrangers(seed + 1, rate));
    const sure = odds.filter((each) => each >= 3).length;
    console.log(`${rate}/s: best odds of ${CAPTURES} captures: ${Math.max(...odds).toFixed(2)}, sure: ${sure}`);
    expect(sure).toBeLessThanOrEqual(CAPTURES / 1000);
  },
);
