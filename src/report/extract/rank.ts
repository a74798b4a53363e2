/**
 * What a packet is worth to an extract: the lower the rank, the later it is thinned out. Ranks of one level stand together, so that an
 * extract can be made of level 0 alone, and widened where that does not tell the same.
 */
export const RANK = {
  /** The report proves something by it. */
  anchor: 0,
  /** Opens, ends or begins a connection of a window. */
  frame: 1,
  /** Of such a connection, while the window lasts: near in time to what the report names, and farther. */
  near: 2,
  within: 3,
  /** The same before and after it, by how far: five ranks. */
  around: 4,
  /** Of a connection that stood by, or that another finding is about: while a window lasts, shortly before and after, and else. */
  beside: 9,
  /** Of another connection of a client or to an upstream, by its place among them: three ranks. */
  leg: 12,
  /** TCP of any other connection. */
  other: 15,
} as const;

export const RANKS = 16;
export type Level = 0 | 1 | 2;
export const LEVELS: readonly Level[] = [0, 1, 2];

/** Seconds from what proves something, up to which it counts as near. */
const NEAR_SECONDS = 1;
/** Seconds from the window, up to which the first, second, … of the ranks around it reach; the last has no end. */
const AROUND_SECONDS = [2, 10, 60, 600] as const;
const BESIDE_SECONDS = [0, 10] as const;
/** Connections among the other legs up to which the first and second of their ranks reach. */
const LEG_CONNECTIONS = [16, 256] as const;

export function levelOf(rank: number): Level {
  if (rank >= RANK.other) return 2;
  return rank >= RANK.leg ? 1 : 0;
}

/**
 * @param fromProof   seconds to the nearest packet that proves something
 * @param fromWindow  seconds to the nearest window; 0 within one
 */
export function windowRank(fromProof: number, fromWindow: number): number {
  if (fromWindow > 0) return RANK.around + placeIn(AROUND_SECONDS, fromWindow);
  return fromProof <= NEAR_SECONDS ? RANK.near : RANK.within;
}

export function besideRank(fromWindow: number): number {
  return RANK.beside + placeIn(BESIDE_SECONDS, fromWindow);
}

/** @param nth  its place among the other legs, from 0 */
export function legRank(nth: number): number {
  return RANK.leg + placeIn(LEG_CONNECTIONS, nth + 1);
}

function placeIn(bounds: readonly number[], value: number): number {
  const at = bounds.findIndex((bound) => value <= bound);
  return at < 0 ? bounds.length : at;
}

/**
 * What is left of a packet: all of it; what tells its frames, and so much of the data in them that they are known again on the other leg;
 * what tells its frames; its headers; nothing.
 */
export type Fate = 'whole' | 'start' | 'frames' | 'headers' | 'nothing';

/** What is done to the packets of a rank where all of them take too much room. */
export interface Thinning {
  readonly rank: number;
  readonly to: Fate;
}

/**
 * In this order, until the rest fits. Payloads go before packets: sequence numbers and acknowledgements tell who was alive, and a packet
 * that is missing reads as one that the capture lost. So what goes goes from the outside in, and of whole connections before of those of
 * a window: what stays is in one piece, like a capture that began later.
 */
export const THINNINGS: readonly Thinning[] = [
  ...thinned('headers', [RANK.other]),
  ...thinned('nothing', [RANK.other]),
  ...thinned('headers', [14, 13, RANK.leg]),
  ...thinned('nothing', [14, 13, RANK.leg]),
  ...thinned('start', [11, 10, RANK.beside, 8, 7, 6, 5, RANK.around, RANK.within]),
  ...thinned('frames', [11, 10, RANK.beside, 8, 7, 6, 5, RANK.around, RANK.within]),
  ...thinned('nothing', [11, 8, 10, 7, 6]),
  ...thinned('start', [RANK.near]),
  ...thinned('headers', [RANK.beside]),
  ...thinned('nothing', [RANK.beside, 5]),
  ...thinned('frames', [RANK.near]),
  ...thinned('headers', [RANK.around, RANK.within]),
  ...thinned('nothing', [RANK.around]),
  ...thinned('headers', [RANK.near]),
  ...thinned('start', [RANK.frame, RANK.anchor]),
  ...thinned('frames', [RANK.frame, RANK.anchor]),
  ...thinned('nothing', [RANK.within]),
  ...thinned('headers', [RANK.frame, RANK.anchor]),
  ...thinned('nothing', [RANK.near, RANK.frame, RANK.anchor]),
];

function thinned(to: Fate, ranks: readonly number[]): Thinning[] {
  return ranks.map((rank) => ({ rank, to }));
}
