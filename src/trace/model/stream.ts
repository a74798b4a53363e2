import type { ErrorReason } from '../../http/index.ts';
import type { Side } from '../../tcp/index.ts';
import type { TimedPartner } from './asks.ts';
import type { Partner } from './join.ts';
import type { Ref } from './values.ts';

/** A stretch without DATA. */
export interface Pause {
  readonly from: Ref;
  readonly toNs: number;
}

/**
 * A flow-control window stood at zero or below (RFC 9113 §6.9). Known only where the connection's beginning is in the capture and none of
 * its bytes is missing. Padding is not counted, so that a sender who pads is never said to be stopped when it is not.
 */
export interface Stall {
  /** The DATA that spent it. */
  readonly from: Ref;
  /** What opened it again; null: nothing until the capture ended. */
  readonly to: Ref | null;
}

/** Which stream of a connection. */
export interface StreamName {
  /**
   * The CONNECT stream in whose tunnel it runs (RFC 9113 §8.5): the connection that runs there numbers its streams by itself. Null: it is a stream of
   * the connection itself.
   */
  readonly tunnel: number | null;
  readonly id: number;
}

/** An HTTP/2 stream. In its values `null` means: there, but not knowable; `undefined`: absent or not seen. */
export interface TraceStream extends StreamName {
  /** Index into `Trace.streams`. */
  readonly index: number;
  readonly connection: number;
  /** It is a tunnel, and the streams that run in it are among the others: by itself it says nothing. */
  readonly carries: boolean;
  /** Who sent the request; null where no field block told. */
  readonly askedBy: Side | null;
  readonly request: RequestFields | null;
  /** First frame seen. */
  readonly opened: Ref;
  /** Its first frame was a request's HEADERS; false: it was open when the capture began, or its start was lost. */
  readonly sawRequest: boolean;
  /** Final status (>= 200); null: not knowable; undefined: none seen. */
  readonly status: number | null | undefined;
  readonly statusAt: Ref | null;
  /** Why it failed, as far as the body of its error response says, or the ERROR event that ended its watch: a word of http's `ERROR_REASONS`. */
  readonly reason: ErrorReason | null;
  readonly grpcStatus: string | null | undefined;
  /** DATA bytes, by side. */
  readonly dataBytes: readonly [number, number];
  readonly lastData: readonly [Ref | null, Ref | null];
  /** Where the longest pause between two DATA frames of a side began; null where it sent fewer than two. */
  readonly longestPause: readonly [Pause | null, Pause | null];
  /** END_STREAM, by side. */
  readonly ended: readonly [Ref | null, Ref | null];
  readonly reset: { readonly by: Side; readonly at: Ref; readonly errorCode: number } | null;
  /** By sender: the longest time in which it had spent the stream's window; null: never, or not knowable. */
  readonly windowSpent: readonly [Stall | null, Stall | null];
  /** At most PARTNERS_MAX; more than one where a gateway tried again elsewhere. */
  readonly partners: readonly Partner[];
  /** Where the other connection cannot be read: which it was, as far as time tells. */
  readonly timed: readonly TimedPartner[];
}

export interface RequestFields {
  readonly method: string | null;
  readonly path: string | null;
  readonly authority: string | null | undefined;
  readonly userAgent: string | null | undefined;
  readonly requestId: string | null | undefined;
  readonly traceparent: string | null | undefined;
}

/** Finished streams of one connection that are no longer kept one by one. */
export interface StreamTotals {
  readonly count: number;
  readonly byStatus: ReadonlyMap<number, number>;
}
