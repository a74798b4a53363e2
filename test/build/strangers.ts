import type { Trace } from '../../src/trace/index.ts';
import { trace } from './trace.ts';

const SECOND_NS = 1e9;
const SPAN_SECONDS = 60;
/** Between two records of a body that is sent up. */
const RECORDS_APART_NS = 1e6;

export const CLIENTS = 10;
const UPSTREAMS = 10;
/** So many captures have twenty thousand pairs; one in a thousand of them may seem to have one that belongs together. */
export const CAPTURES = 200;

/** A gateway with that many connections on each side, which are there from the start to the end. */
export const STRANGERS: Trace = legsTrace();

function legsTrace(): Trace {
  const built = trace();
  for (let nth = 0; nth < CLIENTS; nth++)
    built.client(`c${nth}`, { from: `10.9.1.${nth + 1}:1001`, at: 0 }).speaks('client', SPAN_SECONDS);
  for (let nth = 0; nth < UPSTREAMS; nth++)
    built.upstream(`u${nth}`, { from: `10.9.0.2:${2000 + nth}`, at: 0.1 }).speaks('gateway', SPAN_SECONDS);
  return built.end(SPAN_SECONDS);
}

/** What happens on one connection, and when. */
export interface Happening {
  readonly connection: number;
  readonly ns: number;
}

/** Of each connection what it does without regard to the others, in order of time. */
export function happenings(
  random: () => number,
  momentsFrom: (random: () => number) => readonly number[],
): Happening[] {
  const all = STRANGERS.connections.flatMap(({ id }) => momentsFrom(random).map((ns) => ({ connection: id, ns })));
  return all.toSorted((a, b) => a.ns - b.ns);
}

/** Evenly spread numbers below 1, the same for the same seed (Lehmer). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
}

/** Moments as a Poisson process has them, at `perSecond`; at each so many records. */
export function momentsOf(random: () => number, perSecond: number, records: number): number[] {
  const moments: number[] = [];
  for (let ns = 0; ns < SPAN_SECONDS * SECOND_NS;) {
    ns += (-Math.log(random()) / perSecond) * SECOND_NS;
    for (let nth = 0; nth < records; nth++) moments.push(ns + nth * RECORDS_APART_NS * (0.5 + random()));
  }
  return moments;
}

/** Moments of a clock that ticks every so many seconds, from any moment on, and is late by up to so many milliseconds each time. */
export function ticksOf(random: () => number, seconds: number, lateMs: number): number[] {
  const first = random() * seconds;
  const ticks = Array.from({ length: Math.floor(SPAN_SECONDS / seconds) }, (_, nth) => first + nth * seconds);
  return ticks.map((at) => at * SECOND_NS + random() * lateMs * 1e6);
}

/** Clocks on which strangers may ask: each so many seconds, late by up to so many milliseconds. */
export const CLOCKS: readonly (readonly [seconds: number, lateMs: number])[] = [
  [5, 0],
  [10, 0],
  [10, 3],
];
