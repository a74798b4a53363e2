import type { ConnectionId, Count } from './values.ts';

export interface Link {
  client: ConnectionId;
  upstream: ConnectionId;
  method: 'request-id' | 'request' | 'payload' | 'timing';
  /**
   * @minimum 0
   * @maximum 1
   */
  confidence: number;
  /** Pairs of stream ids: on the client connection, on the upstream connection. */
  streams: readonly (readonly [number, number])[];
  /** The CONNECT streams in whose tunnels these run, pair by pair; null: in none. Only where any does. */
  tunnels?: readonly (readonly [number | null, number | null])[];
  /**
   * How many streams fitted alike in its clearest match, the one taken among them; null where it rests on no single match.
   * @default null
   */
  candidates: Count | null;
  /**
   * What else the same evidence may mean; null: nothing else fits.
   * @default null
   */
  runnerUp: RunnerUp | null;
  /**
   * Where sizes and times of what could not be read are all that speaks for it.
   * @default null
   */
  bursts: Bursts | null;
}

/** The next best pair of connections. Of bursts it may be true as well: several clients share an upstream connection. */
export interface RunnerUp {
  client: ConnectionId;
  upstream: ConnectionId;
  /**
   * What is left for it.
   * @minimum 0
   * @maximum 1
   */
  confidence: number;
  /** Of bursts: the chance that all of its matches are chance is below 1 in ten to the power of this. */
  odds: Count | null;
}

/** What was said on the two connections that fits in time: bursts of payload of like sizes, else requests, or attempts to connect. */
export interface Bursts {
  matched: Count;
  /** The chance level: so many would fit by chance. Of bursts, so many did at times at which they cannot have been passed on. */
  byChance: number;
  /** The chance that all is chance is below 1 in ten to the power of this. */
  odds: Count;
}
