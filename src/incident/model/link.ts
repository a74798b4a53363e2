import type { BurstEvents, TunnelPair } from '../../trace/index.ts';

export type LinkMethod = 'request-id' | 'request' | 'payload' | 'timing';

export interface Link {
  /** Leg ids. */
  readonly client: string;
  readonly upstream: string;
  readonly method: LinkMethod;
  /** 0..1 */
  readonly confidence: number;
  /** Pairs of stream ids: on the client connection, on the upstream connection. */
  readonly streams: readonly (readonly [number, number])[];
  /** The tunnels in which they run, pair by pair; absent where none does. */
  readonly tunnels?: readonly TunnelPair[];
  /** How many streams fitted alike in its clearest match, the one taken among them; null where it rests on no single match. */
  readonly candidates: number | null;
  /** What else the same may mean; null: nothing else fits. */
  readonly runnerUp: RunnerUp | null;
  /** Where it is inferred from sizes and times alone, because one of the two could not be read. */
  readonly bursts?: BurstEvidence;
}

/** The next best pair of connections, of those that one link's evidence may mean. */
export interface RunnerUp {
  readonly client: string;
  readonly upstream: string;
  /** 0..1: what is left for it. */
  readonly confidence: number;
  /** Of bursts, as in BurstEvidence; else null. */
  readonly odds: number | null;
}

/** Bursts of payload, or requests, or attempts to connect, that were passed on, as far as sizes and times tell. */
export interface BurstEvidence {
  readonly matched: number;
  /** So many would match by chance: of bursts, that many did at times at which they cannot have been passed on. */
  readonly byChance: number;
  /** The chance that all is chance is below 1 in ten to the power of this. */
  readonly odds: number;
  /** 0..1: of all that was matched with the client connection, and with the upstream connection; null: of bursts nothing is known. */
  readonly shareOfClient: number | null;
  readonly shareOfUpstream: number | null;
  /** Of what the upstream said without being asked, and the client got; null: none was passed on. */
  readonly events: BurstEvents | null;
}
