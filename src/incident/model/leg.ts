import type { Side } from '../../tcp/index.ts';
import type { Close, Ref, TraceConnection, TraceStream } from '../../trace/index.ts';
import type { SeenAs } from '../twins.ts';

export interface Gateway {
  /** RFC 5952 text, sorted. */
  readonly addresses: readonly string[];
  readonly how: 'both-sides' | 'capturing-host' | 'joins' | 'told';
}

export type Role = 'client' | 'upstream' | 'other';

export type LivenessState = 'alive' | 'idle' | 'unanswered' | 'dead' | 'closing' | 'closed';

export type Party = 'client' | 'server';

export interface LivenessInterval {
  readonly fromNs: number;
  readonly toNs: number;
  readonly state: LivenessState;
  readonly owedBy: Party | 'both' | null;
}

/** One connection with the part it played. */
export interface Leg {
  /** `c1…` client, `u1…` upstream, `o1…` other. */
  readonly id: string;
  readonly role: Role;
  /** Which side of `trace` is the server. */
  readonly serverSide: Side;
  readonly trace: TraceConnection;
  /** Until when the files that show it were taken: the end of the capture, or earlier where others run on longer. */
  readonly watchedToNs: number;
  /** Those that may wait for something: a stream with a tunnel in it is none of them, what runs in the tunnel is. */
  readonly streams: readonly TraceStream[];
  /** Streams with a tunnel in which others run. */
  readonly carriers: readonly TraceStream[];
  readonly opened: 'handshake' | 'before-capture' | 'refused' | 'unanswered';
  readonly closed: {
    readonly how: 'open' | 'fin' | 'rst' | 'timeout';
    readonly by: Party | null;
    readonly at: Ref | null;
  };
  readonly resets: readonly Close[];
  /** Other 4-tuples under which the capture shows it (NAT). */
  readonly seenAs: readonly SeenAs[];
  readonly liveness: readonly LivenessInterval[];
}
