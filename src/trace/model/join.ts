import type { Ref } from './values.ts';

export type JoinMethod = 'request-id' | 'request' | 'payload';

/** The stream of another connection that carried the same thing. */
export interface Partner {
  readonly connection: number;
  /** As in `StreamName`. */
  readonly tunnel: number | null;
  readonly streamId: number;
  readonly method: JoinMethod;
  /** This stream is the one nearer the client: it was asked first, or got the bytes last. */
  readonly nearerClient: boolean;
  /** When the other was seen to carry it; of a request: when it was passed on, for the stream nearer the client. */
  readonly at: Ref;
  /** Matches that say so: 1 for requests, frames for payload. */
  readonly matched: number;
  /** How many streams would have fitted just as well when it was made, this one included. */
  readonly candidates: number;
}

/**
 * The tally of all partners between two connections, found while reading and without knowing roles.
 * It also counts streams that are no longer kept.
 */
export interface Join {
  /** Connection ids: the one nearer the client, the one nearer the upstream. */
  readonly near: number;
  readonly far: number;
  readonly method: JoinMethod;
  readonly streams: number;
  /** Streams that had one candidate only. */
  readonly unambiguous: number;
  /** The first JOIN_SAMPLES_MAX pairs of stream ids: near, far. */
  readonly samples: readonly (readonly [number, number])[];
  /** The tunnels in which they run, pair by pair; absent where none does. */
  readonly tunnels?: readonly TunnelPair[];
  readonly first: Ref;
  readonly last: Ref;
}

/** The tunnels of two streams, as in `StreamName`: of the one nearer the client, of the one nearer the upstream. */
export type TunnelPair = readonly [near: number | null, far: number | null];
