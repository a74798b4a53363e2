import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { burstLinksOf } from '../../src/incident/burst-links.ts';
import { legsOf } from '../../src/incident/leg.ts';
import { LINK_CONFIDENCE_MIN } from '../../src/incident/links.ts';
import { castRoles } from '../../src/incident/roles.ts';
import { DEFAULT_THRESHOLDS } from '../../src/incident/thresholds.ts';
import type { Side } from '../../src/tcp/index.ts';
import { BurstBook } from '../../src/trace/bursts.ts';
import { FORWARDING } from '../../src/trace/forwarding.ts';
import type { BurstJoin } from '../../src/trace/index.ts';
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

const SAYS: Side = 0;
/** Their lengths are near enough to each other that each may be any other, passed on. */
const LEAST_BYTES = 100;
const BYTES_UNLIKE = 150;
/** They are many, and take long where many tests run at once. */

/** What is told of bursts of connections that have nothing to do with each other. */
function strangers(seed: number, momentsFrom: (random: () => number) => readonly number[]): readonly BurstJoin[] {
  const random = randomFrom(seed);
  const moment = new Moment();
  const judge = (near: number, _receiver: Side, far: number): 0 | 2 =>
    near < CLIENTS && far >= CLIENTS ? FORWARDING.fitting : FORWARDING.impossible;
  const sameNumber = (connection: number): number => connection;
  const always = (): boolean => true;
  const book = new BurstBook(moment, new LimitCounter(), judge, sameNumber, always, () => false);
  for (const { id } of STRANGERS.connections) book.opened(id);
  book.begin();
  for (const { connection, ns } of happenings(random, momentsFrom)) {
    moment.ns[0] = ns;
    moment.packet++;
    book.payload(connection, SAYS, LEAST_BYTES + Math.floor(random() * BYTES_UNLIKE));
  }
  return book.all(sameNumber);
}

/** How many captures have a pair that is taken for one; prints how many have a possible one. */
function sureAmong(label: string, momentsFrom: (random: () => number) => readonly number[]): number {
  const casting = castRoles(STRANGERS);
  const legs = legsOf({ trace: STRANGERS, seenAs: new Map() }, casting, DEFAULT_THRESHOLDS);
  const told = Array.from({ length: CAPTURES }, (_, seed) => strangers(seed + 1, momentsFrom));
  const links = told.map((joins) => burstLinksOf(joins, legs, casting));
  const sure = links.filter((found) => found.some(({ confidence }) => confidence >= LINK_CONFIDENCE_MIN)).length;
  const possible = links.filter((found) => found.length > 0).length;
  console.log(`bursts, ${label}: of ${CAPTURES} captures ${possible} have a possible pair, ${sure} a sure one`);
  expect(told.some((joins) => joins.length > 0)).toBe(true);
  return sure;
}

test.each([0.1, 1, 5])(
  'connections that have nothing to do with each other are not taken for a pair: %d bursts a second',
  (rate) => {
    const sure = sureAmong(`${rate}/s`, (random) => momentsOf(random, rate, 1));
    expect(sure).toBeLessThanOrEqual(CAPTURES / 1000);
  },
);

test.each(CLOCKS)(
  'nor are two whose clocks happen to tick together: every %d s, late by up to %d ms',
  (seconds, lateMs) => {
    const sure = sureAmong(`every ${seconds} s, late by ${lateMs} ms`, (random) => ticksOf(random, seconds, lateMs));
    expect(sure).toBeLessThanOrEqual(CAPTURES / 1000);
  },
);
