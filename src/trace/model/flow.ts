import type { LastBurst } from './inferred.ts';
import type { Stall } from './stream.ts';
import type { Ref } from './values.ts';

/** One direction of a connection. */
export interface Flow {
  readonly packets: number;
  /** Payload bytes, each counted once. */
  readonly bytes: number;
  readonly retransmissions: number;
  readonly keepAliveProbes: number;
  /** Probes of this side which the other answered. */
  readonly keepAliveAnswered: number;
  /** Probes of the peer's shut window, in whichever form: this side has something to say and may not. */
  readonly windowProbes: number;
  /** What this side's keep-alive probes show of its timers; null where it sent none that was recognised as it passed. */
  readonly keepAlive: KeepAlives | null;
  /** From this side's data to their acknowledgement, where the capture was taken; null where none was timed. */
  readonly roundTrips: RoundTrips | null;
  readonly pings: number;
  readonly pingsAnswered: number;
  /** Segments of the peer that acknowledged bytes which this side was never seen to send: the capture lost packets. */
  readonly lostByCapture: number;
  /** Bytes that are missing, those cut by the snap length not among them. */
  readonly gapBytes: number;
  /** Stretches that came again with other bytes, as far as that was noticed: the first ones count. */
  readonly differingOverlaps: number;
  /** Bytes of captured packets that the snap length cut off. */
  readonly snaplenBytes: number;
  /**
   * When some of what this side said is not there to be read: missing, cut off by the snap length, or of frames that could not be followed. In order
   * of time. What it did not say in such a time, it may have said; what it did not say in another, it did not say.
   */
  readonly unread: readonly Unread[];
  /** First and last packet of this side; null: this direction is not in the capture. */
  readonly first: Ref | null;
  readonly last: Ref | null;
  readonly ttl: { readonly min: number; readonly max: number } | null;
  /** The running maxima of this side's silences, for "when would a timer of P first have fired": `firstFiresAt`. */
  readonly heardGaps: readonly Step[];
  /** Sequence space sent and not acknowledged when the capture ended, in bytes. */
  readonly inFlightBytes: number;
  /** Its newest burst of payload; null where bursts were not looked at: no connection of the capture was opaque by then. */
  readonly lastBurst: LastBurst | null;
  /** Receive window announced as zero, and not reopened since; null where open. */
  readonly zeroWindowSince: Ref | null;
  /** The longest time in which this side had spent the HTTP/2 connection's window; null: never, or not knowable. */
  readonly windowSpent: Stall | null;
}

/** From the last packet all of which was read to that by which it was seen that something is missing, or up to which nothing could be read again. */
export interface Unread {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Keep-alive probes of one side (RFC 1122 §4.2.3.6), window probes not among them. */
export interface KeepAlives {
  readonly first: Ref;
  readonly last: Ref;
  /** Shortest time from the peer's last packet to the first probe after it: Linux's `tcp_keepalive_time`. Null: the peer was not heard before. */
  readonly timeNs: number | null;
  /** Shortest time between two probes without an answer between them: `tcp_keepalive_intvl`. Null: each was answered. */
  readonly intervalNs: number | null;
  /** Most probes in a row without an answer: at the end of a run that was given up, `tcp_keepalive_probes`. */
  readonly unanswered: number;
  /** This side's FIN or RST with a probe unanswered. */
  readonly gaveUp: Ref | null;
}

/** Times of the first segments whose acknowledgement answers one sending for certain. */
export interface RoundTrips {
  readonly samples: number;
  readonly leastNs: number;
  readonly mostNs: number;
}

/** A silence of one side longer than all before it, or than all before it that were idle. */
export interface Step {
  /** The packet after which it fell silent. */
  readonly from: Ref;
  readonly gapNs: number;
  /** The other side had unacknowledged bytes then: Linux's keep-alive clock does not run (RFC 1122 §4.2.3.6). */
  readonly inFlight: boolean;
}
