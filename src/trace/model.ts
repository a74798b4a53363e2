import type { AskJoin } from './model/asks.ts';
import type { TraceConnection } from './model/connection.ts';
import type { BurstJoin } from './model/inferred.ts';
import type { Join } from './model/join.ts';
import type { TraceStream } from './model/stream.ts';
import type { Endpoint, Ref } from './model/values.ts';

export type * from './model/asks.ts';
export type * from './model/connection.ts';
export type * from './model/debt.ts';
export type * from './model/episodes.ts';
export type * from './model/flow.ts';
export type * from './model/inferred.ts';
export type * from './model/join.ts';
export type * from './model/mark.ts';
export type * from './model/stream.ts';
export type * from './model/values.ts';

/**
 * The waist of the program: what the wire pass leaves for the incident model.
 *
 * Its size follows connections and episodes, never packets. It records debts, silences and joins, and never a state or a role:
 * it knows sides 0 and 1 (who was seen first), not client and server, and no threshold of the model.
 */
export interface Trace {
  readonly connections: readonly TraceConnection[];
  /** Streams kept one by one, ordered by `opened`. The others are in `TraceConnection.folded`. */
  readonly streams: readonly TraceStream[];
  readonly joins: readonly Join[];
  /** By sizes and times alone, where at least one of the two connections cannot be read. */
  readonly burstJoins: readonly BurstJoin[];
  readonly askJoins: readonly AskJoin[];
  /** By file of the capture: when its first and its last packet were; Infinity and -Infinity where none has a time. */
  readonly files: readonly FileTimes[];
  /** First and last packet of the capture; null where it has none. */
  readonly first: Ref | null;
  readonly last: Ref | null;
  /** Packets that are not TCP or could not be decoded, by stop code name. */
  readonly undecoded: ReadonlyMap<string, number>;
  /** Of those of STOP.linkTypeUnknown how many have which LINKTYPE_ number (LINK_UNDECLARED: none); at most LINK_TYPES_MAX types. */
  readonly unknownLinkTypes: ReadonlyMap<number, number>;
  /** Packets that the capture holds more than once; they are counted nowhere else. */
  readonly duplicates: number;
  /** What was followed and then given up for want of room. */
  readonly givenUp: GivenUp;
  readonly limits: readonly LimitHit[];
  /** Some segment has no payload, no SYN, FIN or RST. A filter that lets only payload through lets none of them through. */
  readonly hasBareAcks: boolean;
  /** Packets more than CLOCK_STEP_NS earlier than the one before them in the file. */
  readonly clockSteps: { readonly count: number; readonly first: Ref | null };
}

export interface FileTimes {
  readonly firstNs: number;
  readonly lastNs: number;
}

/** Connections that were given up for others, as totals: those that closed with nothing worth telling first, then SYNs that nobody answered. */
export interface GivenUp {
  readonly connections: number;
  readonly packets: number;
  /** Finished streams. */
  readonly streams: number;
  /** At most FLOODS_MAX + 1. */
  readonly floods: readonly Flood[];
}

/** SYNs that one destination left unanswered and whose connections were given up. */
export interface Flood {
  /** Null: all destinations beyond FLOODS_MAX. */
  readonly to: Endpoint | null;
  readonly connections: number;
  readonly syns: number;
  /** The packets at which the first and the last of them were given up. */
  readonly since: Ref;
  readonly until: Ref;
}

/** A bound was reached: something is counted instead of kept. */
export interface LimitHit {
  readonly limit: string;
  readonly bound: number;
  readonly count: number;
}
