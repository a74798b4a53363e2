import type { LimitHit } from './model.ts';

const SECOND_NS = 1e9;
const MINUTE_SECONDS = 60;

/** Nobody spoke for longer than this: a silence (the model's `idle` begins here). */
export const SILENCE_NS: number = 10 * SECOND_NS;
/** A packet so much earlier than the one before it in the file is no disorder of the capture: the clock was set back, or files were joined. */
export const CLOCK_STEP_NS: number = 1 * SECOND_NS;
/** A debt shorter than this, with fewer tries than DEBT_KEPT_TRIES, is ordinary traffic. */
export const DEBT_KEPT_NS: number = 1 * SECOND_NS;
export const DEBT_KEPT_TRIES = 3;

/**
 * Per connection, then what each may keep however many there are, then in all: see `Share`. A leg that stutters for ever fills these;
 * what is beyond is counted, and the longest, or those still open, are what stays.
 */
export const DEBTS_MAX = 256;
export const DEBTS_LEAST = 4;
export const DEBTS_TOTAL: number = 16 * 1024;
export const SILENCES_MAX = 256;
export const SILENCES_LEAST = 8;
export const SILENCES_TOTAL: number = 64 * 1024;
export const CLOSES_MAX = 16;
export const GOAWAYS_MAX = 16;
export const TLS_ALERTS_MAX = 8;
export const ICMP_ERRORS_MAX = 16;
/** Outer paths of one connection: two for an overlay, more where its underlay balances or moves. */
export const TUNNELS_MAX = 4;
/** Stretches of a flow of which something was not read: two that are near each other become one. */
export const UNREAD_MAX = 16;
export const SLOW_PINGS_MAX = 64;
/** First tries of a debt kept with their packet: Linux's ladder has 15 (tcp_retries2), and one to spare. */
export const DEBT_ATTEMPTS_MAX = 16;
/** Runs drawn per connection; when full, the run's gap doubles and runs melt together. */
export const MARKS_MAX = 256;
/** And of all connections together, as far as 2 runs a kind and side of each allow. */
export const MARKS_TOTAL: number = 256 * 1024;
export const MARK_GAP_NS: number = 1 * SECOND_NS;

/** Steps of a stair rise by this factor, */
export const STAIR_RISE = 1.05;
/** from here: no timer that a gateway or a kernel knows is shorter. */
export const STAIR_FLOOR_NS: number = 1 * SECOND_NS;
/** Twice 256 steps (idle ones among them rise by themselves) reach from one second to three days. */
export const STAIR_STEPS_MAX: number = 2 * 256;
export const STAIR_STEPS_LEAST = 8;
export const STAIR_STEPS_TOTAL: number = 64 * 1024;

/** A finished stream that took longer is kept by itself. */
export const LONG_STREAM_NS: number = 30 * SECOND_NS;
/** The newest finished streams of a connection stay until newer ones push them out: so many while there are few in all, */
export const NEWEST_STREAMS_MAX = 64;
/** and so many however busy the capture is, */
export const NEWEST_STREAMS_MIN = 16;
/** of which, then, one in so many takes the oldest's place. */
export const NEWEST_STREAMS_SAMPLED = 16;
/** Finished streams in all up to which a connection may keep more than NEWEST_STREAMS_MIN. */
export const FINISHED_STREAMS_EASY = 1024;
/** Requests of a connection that are kept after one of its streams failed. */
export const AFTERMATH_STREAMS = 16;
/** And in all connections together: beyond, each connection keeps what it has and no more. */
export const FINISHED_STREAMS_MAX: number = 8 * 1024;
/** Failed and long ones, likewise. */
export const NOTABLE_STREAMS_MAX = 512;
export const NOTABLE_STREAMS_LEAST = 4;
export const NOTABLE_STREAMS_TOTAL: number = 16 * 1024;
/** Open streams in all: a peer that opens and never ends may not grow the program. */
export const OPEN_STREAMS_MAX: number = 128 * 1024;
/** Header values of all streams that are followed or kept: 512 bytes for each open one, three times what is usual; a hostile one has 40 kB. */
export const STREAM_TEXT_MAX_BYTES: number = 512 * OPEN_STREAMS_MAX;
export const PARTNERS_MAX = 4;

/** A request is passed on within this where nothing is in its way: one that has waited longer may hang for good, and another is passed on beside it; */
export const PASSED_ON_AT_ONCE_NS: number = 0.1 * SECOND_NS;
/** or within this, as a rule; */
export const PASSED_ON_SOON_NS: number = 1 * SECOND_NS;
/** or within this, where the gateway first had to connect or to fail elsewhere. */
export const PASSED_ON_LATE_NS: number = 1 * MINUTE_SECONDS * SECOND_NS;
/** or, without an answer so far, for as long as a kernel tries to get through to a dead upstream: tcp_retries2 gives up after 924.6 s. */
export const PASSED_ON_LAST_NS: number = 16 * MINUTE_SECONDS * SECOND_NS;
/** Waiting requests looked at to find the one that is passed on: a path on which thousands watch is not searched through. */
export const LOOKED_AT_MAX = 128;
/** Payloads that may still be recognised on another connection; a gateway passes bytes on at once. */
export const PENDING_PAYLOADS_MAX: number = 8 * 1024;
export const PENDING_PAYLOAD_NS: number = 2 * SECOND_NS;
/** DATA frames of a stream that are looked up from its start; later only those after a pause, since a bulk transfer needs no more proof. */
export const PAYLOADS_FROM_START = 8;
export const PAYLOAD_PAUSE_NS: number = 0.05 * SECOND_NS;
/** A shorter frame says too little: a heartbeat looks like the next. */
export const PAYLOAD_MIN_BYTES = 24;
export const JOIN_SAMPLES_MAX = 16;
export const JOINS_MAX: number = 64 * 1024;

/** Bursts of payload kept to be compared: of 1,000 a second those of 8 s, though 50 ms would do. */
export const BURSTS_MAX: number = 8 * 1024;
/** Payload of a flow after such a pause is another burst. */
export const BURST_APART_NS: number = 0.003 * SECOND_NS;
/** What is passed on leaves within this; a gateway that takes longer is not linked by bursts. */
export const BURST_HOP_NS: number = 0.01 * SECOND_NS;
/** So much earlier than that a burst cannot have been what was passed on: what fits there fits by chance. */
export const BURST_CONTROL_NS: number = 0.03 * SECOND_NS;
/** So many such times, each as long as the one in which it could have been: one alone would tell little of what is rare. */
export const BURST_CONTROLS = 16;
/** After this a burst has its length, but for bulk. */
export const BURST_SETTLED_NS: number = 0.05 * SECOND_NS;
/** Bursts looked at, at most, to find where one comes from. */
export const BURST_LOOKS_MAX = 512;
export const BURST_PARTNERS_MAX = 8;
/** A record with a PING is 46 bytes at most: a gateway answers those itself. */
export const BURST_LEAST_BYTES = 64;
/** The first bursts of a flow are the handshake of TLS, and settings. */
export const BURSTS_GREETING = 2;
/** Bursts that differ by more than this are not the same, passed on: fields that a gateway adds, */
export const BURSTS_UNLIKE_BYTES = 200;
/** and what compression and record headers do to long ones. */
export const BURSTS_UNLIKE_SHARE = 0.05;
/** A burst so long after the other side's last was not asked for: events of a watch. */
export const BURSTS_PROMPTED_NS: number = 1 * SECOND_NS;

/** Requests kept, and all looked at, to find the one that leaves a host again, where one of the two connections cannot be read. */
export const ASKS_MAX = 64;
/**
 * What is passed on leaves within this of its coming: most gateways need a millisecond or two; a busy one, or one that asks elsewhere first (who may do this, where
 * to), needs tens. The longer the time, the more often another's request lies in it, so that each is looked at for itself.
 */
export const ASK_HOPS_NS: readonly number[] = [0.01 * SECOND_NS, 0.03 * SECOND_NS, 0.1 * SECOND_NS];
/** Delays are taken to differ by so much of the hop at least: two or three of them may happen to be alike. */
export const RHYTHM_LEAST_SHARE = 0.2;
/** Two clocks that are late by a little each time: a gap less another has four such times in it, a delay two, of which few were seen yet. */
export const RHYTHM_SLACK_SPREADS = 3;
/** A gap between two requests that is not so much longer than delays differ is no rhythm: one in ten gaps at random would be a multiple of it. */
export const RHYTHM_GAP_SPREADS = 60;
/** Connections whose requests came out again on one, each tallied. */
export const ASK_PARTNERS_MAX = 16;
/** Connections opened last for which it is noted whether what they were opened for went elsewhere. */
export const ATTEMPTS_WATCHED_MAX = 64;

/** A PING is answered within this, or what looks like its answer is none. */
export const SHAPE_ECHO_NS: number = 1 * SECOND_NS;

/** What a reader says to what it got, WINDOW_UPDATEs for one, follows within this, however busy it is. */
export const SHAPE_REACTION_NS: number = 1 * SECOND_NS;

/** A connection silent for so long, without a debt and without an open stream, is given up where no room is left for a new one. */
export const SPARED_SILENCE_NS: number = 10 * MINUTE_SECONDS * SECOND_NS;
/** Connections looked at for such a one, each time. */
export const SPARED_LOOKS = 64;
/** Destinations whose unanswered SYNs are counted when they are given up. */
export const FLOODS_MAX = 256;
/** Link types without a reader that are counted one by one. */
export const LINK_TYPES_MAX = 64;

/** What is counted when a bound is reached, by the bound's name. */
export class LimitCounter {
  readonly #hits = new Map<string, { bound: number; count: number }>();

  /** @param bound  as it is now; where a limit has had several, the least is told */
  hit(limit: string, bound: number, count = 1): void {
    const seen = this.#hits.get(limit);
    if (seen === undefined) this.#hits.set(limit, { bound, count });
    else this.#hits.set(limit, { bound: Math.min(seen.bound, bound), count: seen.count + count });
  }

  all(): LimitHit[] {
    return [...this.#hits].map(([limit, { bound, count }]) => ({ limit, bound, count }));
  }
}
