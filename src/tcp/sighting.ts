import type { Side } from './sink.ts';

/** One connection in one file. Side 0 sent its first packet, in whichever file. */
export interface Sighting {
  readonly row: number;
  readonly file: number;
  /** The same for the same connection in other files. */
  readonly connection: number;
  /** By side; to be compared only. */
  readonly addresses: readonly [string, string];
  readonly server: Side;
  /** Payload bytes of both sides, those sent again among them. */
  readonly bytes: number;
  /** Which side is this host's own, by the cooked header; null: it does not tell. */
  readonly localSide: Side | null;
  /** Routers passed, by side, as the highest TTL tells; NaN where none was seen. */
  readonly hops: readonly [number, number];
  /** The least time in which a side acknowledged what was seen to pass, by side; Infinity where none was. */
  readonly answerNs: readonly [number, number];
  /** Times of the compared packets, by hash. */
  readonly samples: ReadonlyMap<number, number>;
}

/** First and last packet of a file, in nanoseconds since the capture's base. */
export interface FileSpan {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Who sent a compared packet. */
export function senderOf(sample: number): Side {
  return (sample & 1) === 0 ? 0 : 1;
}

/* Bits by side, those of side 1 one higher: sent by the capturing host itself, and sent to it. */
export const SENT_BITS = 1;
export const GOT_BITS = 4;

/** That packets come to this host tells only where it is one side that gets them: a router gets both sides'. */
export function localSideOf(local: number): Side | null {
  const sent = local & (SENT_BITS | (SENT_BITS << 1));
  if (sent === SENT_BITS) return 0;
  if (sent === SENT_BITS << 1) return 1;
  const got = local & (GOT_BITS | (GOT_BITS << 1));
  if (sent !== 0) return null;
  if (got === GOT_BITS) return 1;
  return got === GOT_BITS << 1 ? 0 : null;
}

/** Where systems begin to count down from. */
const FIRST_TTLS = [32, 64, 128, 255];

export function hopsOf(ttl: number): number {
  if (ttl === 0) return Number.NaN;
  return (FIRST_TTLS.find((first) => first >= ttl) ?? ttl) - ttl;
}
