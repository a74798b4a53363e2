/**
 * What a packet is worth to an extract: the lower the rank, the later it is thinned out. Ranks of one level stand together, so that an
 * extract can be made of level 0 alone, and widened where that does not tell the same.
 */
export const RANK = {
  /** The report names it. */
  anchor: 0,
  /** Opens, ends or begins an involved connection. */
  frame: 1,
  /** Of an involved connection, by how far in time from what the report names: eight ranks. */
  involved: 2,
  /** Of another connection of a client or to an upstream, by its place among them: three ranks. */
  leg: 10,
  /** TCP of any other connection. */
  other: 13,
} as const;

export const RANKS = 14;
export type Level = 0 | 1 | 2;
export const LEVELS: readonly Level[] = [0, 1, 2];

/** Seconds from the nearest named packet, up to which the first, second, … of the involved ranks reach; the last has no end. */
const INVOLVED_SECONDS = [0.1, 1, 4, 16, 64, 256, 1024] as const;
/** Connections among the other legs up to which the first and second of their ranks reach. */
const LEG_CONNECTIONS = [16, 256] as const;

export function levelOf(rank: number): Level {
  if (rank >= RANK.other) return 2;
  return rank >= RANK.leg ? 1 : 0;
}

export function involvedRank(seconds: number): number {
  return RANK.involved + placeIn(INVOLVED_SECONDS, seconds);
}

/** @param nth  its place among the other legs, from 0 */
export function legRank(nth: number): number {
  return RANK.leg + placeIn(LEG_CONNECTIONS, nth + 1);
}

function placeIn(bounds: readonly number[], value: number): number {
  const at = bounds.findIndex((bound) => value <= bound);
  return at < 0 ? bounds.length : at;
}

/** What is done to the packets of a rank where all of them take too much room. */
export interface Thinning {
  readonly rank: number;
  /** Their payload goes, or they go. */
  readonly to: 'headers' | 'nothing';
}

/**
 * In this order, until the rest fits. Payloads go before packets: sequence numbers and acknowledgements tell who was alive, and a packet
 * that is missing reads as one that the capture lost. What begins a connection and what the report names keeps its payload for longest.
 */
export const THINNINGS: readonly Thinning[] = [
  ...thinned([RANK.other], ['headers', 'nothing']),
  ...thinned([RANK.leg + 2, RANK.leg + 1, RANK.leg], ['headers', 'nothing']),
  ...thinned([9, 8, 7, 6, 5, 4, 3, RANK.involved], ['headers']),
  ...thinned([9, 8, 7, 6, 5, 4, 3], ['nothing']),
  ...thinned([RANK.frame, RANK.anchor], ['headers']),
  ...thinned([RANK.involved, RANK.frame, RANK.anchor], ['nothing']),
];

function thinned(ranks: readonly number[], fates: readonly Thinning['to'][]): Thinning[] {
  return fates.flatMap((to) => ranks.map((rank) => ({ rank, to })));
}
