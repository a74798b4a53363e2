import type { ErrorReason, Protocol } from '../http/index.ts';
import type { Side } from '../tcp/index.ts';
import type { TlsAlert, TlsFacts } from '../tls/index.ts';

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

/** A packet of the capture. */
export interface Ref {
  /** Index into the capture's files. */
  readonly file: number;
  /** 1-based in its file. */
  readonly packet: number;
  /** Nanoseconds since the capture's base time. */
  readonly timeNs: number;
}

export interface Endpoint {
  /** RFC 5952 text. */
  readonly ip: string;
  readonly port: number;
}

/** One TCP connection: 4-tuple plus incarnation. */
export interface TraceConnection {
  /** Index into `Trace.connections`, in the order of first packets. */
  readonly id: number;
  /** Its place in the order of first packets among all connections of the capture, those given up included; from 0. */
  readonly nth: number;
  /** By side; side 0 sent the first packet seen. */
  readonly endpoints: readonly [Endpoint, Endpoint];
  readonly first: Ref;
  readonly last: Ref;
  /**
   * Initial sequence numbers by side, as int32; without a SYN the first number seen, less one. Null where a side was never seen. Two
   * connections that share both may be one, seen before and after its addresses were translated.
   */
  readonly initialSeqs: readonly [number, number] | null;
  /** Timestamps (RFC 7323 §3) of SYN and SYN-ACK, which no translation changes either; null where one was not seen, or had none. */
  readonly initialStamps: readonly [number, number] | null;
  readonly handshake: Handshake;
  /** Whose address the capturing host itself has, from the cooked header's direction field; null where it does not tell. */
  readonly localSide: Side | 'both' | null;
  /** Each side's first FIN, the first RST that the peer would accept, and at most CLOSES_MAX other RSTs, in the order in which they came. */
  readonly closes: readonly Close[];
  readonly protocol: Protocol;
  /** Its protocol stands in TLS, and was read with the session's secrets. */
  readonly isDecrypted: boolean;
  /** Nothing is known of what it said, and a side began with zeros: its payload was taken away before the capture was handed on. */
  readonly isBlanked: boolean;
  /** The outer paths of its packets where they came in tunnels, copies among them; at most TUNNELS_MAX. */
  readonly tunnels: readonly TunnelPath[];
  /** What its TLS handshake said in clear; null where none was read. */
  readonly tls: TlsFacts | null;
  /** What the sizes of records tell that could not be read; null where they tell nothing. */
  readonly inferred: Inferred | null;
  /** What times tell of requests, by hop; empty where they were not compared: no connection of the capture was opaque by then. */
  readonly asks: readonly Asks[];
  readonly flows: readonly [Flow, Flow];
  /** Debts that lasted at least DEBT_KEPT_NS or saw DEBT_KEPT_TRIES tries, and the one still open at the end. Ordered by `firstElicit`. */
  readonly debts: readonly Debt[];
  /** Stretches longer than SILENCE_NS without a packet of either side. */
  readonly silences: readonly Silence[];
  readonly goaways: readonly Goaway[];
  /** At most TLS_ALERTS_MAX. */
  readonly tlsAlerts: readonly SaidAlert[];
  /** ICMP errors that quote a segment of it, at most ICMP_ERRORS_MAX. */
  readonly icmpErrors: readonly IcmpError[];
  /**
   * At most SLOW_PINGS_MAX PINGs answered later than DEBT_KEPT_NS, then of each side the newest as many that were never answered; the rest is
   * counted in `Flow.pings`.
   */
  readonly slowPings: readonly SlowPing[];
  /** What a timeline draws: runs of like packets. The recorder reads them when asked for: a copy made by spreading lacks them. */
  readonly marks: readonly Mark[];
  readonly folded: StreamTotals;
  /** Time from the last SYN to the ACK after it, in ns; null where the handshake was not seen. */
  readonly initialRttNs: number | null;
}

export type TunnelKind = 'ip-in-ip' | 'gre' | 'vxlan' | 'geneve' | 'gtp-u' | 'other';

/** A way on which packets came inside others. */
export interface TunnelPath {
  /** Of the innermost tunnel, where they are nested. */
  readonly kind: TunnelKind;
  /** Its network's number (VNI, GRE key, GTP-U endpoint); 0 where it has none. */
  readonly network: number;
  /** The outermost IP header's addresses, RFC 5952 text. */
  readonly from: string;
  readonly to: string;
  readonly packets: number;
}

export interface Handshake {
  /** Who opened: sent the SYN, or got the SYN-ACK. Null: the capture began later. */
  readonly by: Side | null;
  readonly syn: Ref | null;
  readonly synAck: Ref | null;
}

export interface Close {
  readonly kind: 'fin' | 'rst';
  readonly by: Side;
  readonly at: Ref;
  /** Of a RST: the peer would accept it (RFC 9293 §3.10.7.4). A FIN always counts as acceptable. */
  readonly accepted: boolean;
  /** Of a RST: it answered a SYN (the port is closed), which the capture need not have. */
  readonly answersSyn: boolean;
  readonly ttl: number;
  /** Of a RST: what else may tell who made it. */
  readonly marks?: ResetMarks;
  /**
   * Of a RST: its side's first packet that was not under way yet when it came. A host that resets has no such connection any more, so that
   * something else sent either of the two.
   */
  readonly spokeOn?: Ref;
}

/**
 * What a RST and the packets of its side before it bear. No proof by itself: Linux answers for a socket that is gone with identification
 * 0, window 0 and no timestamps, whatever the socket had sent.
 */
export interface ResetMarks {
  /** IPv4 identification; null: IPv6. */
  readonly ipId: number | null;
  /** Of that side's last packet before; null: none, or IPv6. */
  readonly lastIpId: number | null;
  /** Raw, as on the wire. */
  readonly window: number;
  /** The timestamps option (RFC 7323 §3): in the RST, and in any of that side's packets before. */
  readonly timestamps: boolean;
  readonly usualTimestamps: boolean;
}

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

/** Times of the first segments that were acknowledged and not sent again. */
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

/** How a debt ended: acknowledged, or cut off by a RST of either side, or it was still owed when the connection's packets ended. */
export type DebtEnd = 'answered' | 'rst' | 'open';

/**
 * Elicits of one side without an answer of the other. For sequence space the answer is an acknowledgement that moves forward,
 * for a keep-alive probe any packet.
 */
export interface Debt {
  readonly owedBy: Side;
  /** Last packet of `owedBy` before `firstElicit`; null: none was ever seen. */
  readonly lastHeard: Ref | null;
  readonly firstElicit: Ref;
  readonly lastElicit: Ref;
  /** What was sent in vain. `tries` counts retransmissions, probes and SYNs, the first probe and the first SYN among them. */
  readonly elicits: {
    readonly data: number;
    readonly retransmissions: number;
    /** Keep-alive probes; probes of a closed window are counted apart. */
    readonly probes: number;
    readonly windowProbes: number;
    readonly syns: number;
    readonly fins: number;
  };
  readonly tries: number;
  /** The first DEBT_ATTEMPTS_MAX tries. */
  readonly attempts: readonly Ref[];
  /** The debtor was heard all the same: `heard` packets since `firstElicit`, none of which acknowledged anything new. */
  readonly heard: number;
  readonly firstHeardDuring: Ref | null;
  readonly lastHeardDuring: Ref | null;
  /** Tries made after `firstHeardDuring`: a way that heals answers the first of them, a way dead one way none. */
  readonly triesAfterHeard: number;
  /** The bytes had been acknowledged in this capture and were sent again all the same: the acknowledgements do not arrive. */
  readonly acknowledgedInVain: boolean;
  readonly end: DebtEnd;
  /** The packet that ended it; null for `open`. */
  readonly endAt: Ref | null;
}

/** Nobody spoke between these two packets. */
export interface Silence {
  readonly from: Ref;
  /** Null: until the capture ended. */
  readonly to: Ref | null;
}

export interface Goaway {
  readonly by: Side;
  readonly at: Ref;
  readonly lastStreamId: number;
  /** Error code number (RFC 9113 §7). */
  readonly errorCode: number;
  readonly debug: string;
}

/** An alert of TLS (RFC 8446 §6): how a side said that it ends, or why it cannot go on. */
export interface SaidAlert {
  readonly by: Side;
  readonly at: Ref;
  /** Null: it is sealed, and was not opened. */
  readonly said: TlsAlert | null;
}

/** A host or router said that it could not deliver a segment (RFC 792, RFC 4443). */
export interface IcmpError {
  /** Who had sent the segment. */
  readonly about: Side;
  readonly at: Ref;
  readonly ipVersion: 4 | 6;
  readonly type: number;
  readonly code: number;
}

export interface SlowPing {
  readonly by: Side;
  readonly sent: Ref;
  readonly answered: Ref | null;
}

export type MarkKind =
  | 'syn'
  | 'syn-ack'
  | 'fin'
  | 'rst'
  | 'request'
  | 'response'
  | 'data'
  | 'ping'
  | 'ping-ack'
  | 'goaway'
  | 'rst-stream'
  | 'keep-alive'
  | 'keep-alive-ack'
  | 'retransmission';

/** A run of like packets of one side, with less than the run's gap between two of them. */
export interface Mark {
  readonly kind: MarkKind;
  readonly by: Side;
  readonly from: Ref;
  readonly to: Ref;
  readonly count: number;
}

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

/** Payload of one flow without a longer pause in it. */
export interface LastBurst {
  readonly at: Ref;
  readonly bytes: number;
  /** The other side had spoken shortly before. */
  readonly wasPrompted: boolean;
  /** Bursts of this flow, this one included, for which the other side had not. */
  readonly unprompted: number;
}

/** What is inferred of HTTP/2 in TLS without keys, from the sizes of records alone: never seen. By side that sent it. */
export interface Inferred {
  /** PINGs that were answered by an echo, and where there are such, those that were not. */
  readonly pings: readonly [
    { readonly sent: number; readonly answered: number },
    { readonly sent: number; readonly answered: number },
  ];
  /** RST_STREAM or WINDOW_UPDATE. */
  readonly controls: readonly [number, number];
  /** Records of the client with HEADERS or DATA; null where the handshake does not tell who is the client. */
  readonly requests: number | null;
  readonly lastRequest: Ref | null;
}

/**
 * How often a burst of payload that a host received on one connection was followed at once by one burst of about the same length that it
 * sent on another, and by no other that would fit. Said of one direction; never by itself a proof.
 */
export interface BurstJoin {
  /** Connection ids: on which it was received, on which it was sent. */
  readonly from: number;
  readonly to: number;
  /** Side of `from` and of `to` that is the host between. */
  readonly receiver: Side;
  readonly sender: Side;
  readonly matched: number;
  /** Those of them that a clock which both follow does not explain. */
  readonly anew: number;
  /** How often a burst of `from` fitted that came too early to have been passed on, over BURST_CONTROLS such times: so many matches are chance. */
  readonly control: number;
  /** All bursts that were sent on `to`, and that were received on `from`, as far as they were compared. */
  readonly bursts: number;
  readonly received: number;
  readonly first: Ref;
  readonly last: Ref;
  readonly events: BurstEvents | null;
}

/** Bursts that were passed on though nobody had said anything for a second: events of a watch, or of another stream that stays open. */
export interface BurstEvents {
  readonly count: number;
  readonly firstNs: number;
  readonly last: Ref;
}

/** The connection that carried the same request, told by the moment alone: no other had one that could have been it. */
export interface TimedPartner {
  /** As in `AskJoin`. */
  readonly hop: number;
  readonly connection: number;
  /** As in `Partner`: this stream is the one nearer the client. */
  readonly nearerClient: boolean;
  /** When it was passed on. */
  readonly at: Ref;
}

/** Requests of two connections of which one cannot be read, as far as their moments tell. */
export interface AskJoin {
  /** Index of ASK_HOPS_NS: they left within that time. */
  readonly hop: number;
  /** Connection ids: the one nearer the client, the one nearer the upstream. */
  readonly near: number;
  readonly far: number;
  readonly matched: number;
  /** Of these, those that are not what one clock does again and again. */
  readonly anew: number;
  /** When they were passed on. */
  readonly first: Ref;
  readonly last: Ref;
}

/** What times tell of the requests on a connection, if what is passed on leaves within a hop of its coming. */
export interface Asks {
  /** Moments, each as long as the hop, in which there were any, or more of one, as far as they can be told. */
  readonly asked: number;
  /** Requests; where they cannot be read, those that follow no other at once. And those before which nothing came that could have been it. */
  readonly acts: number;
  readonly unexplained: number;
  readonly openedFor: OpenedFor | null;
}

/** Whose request a connection was opened for: none other came in the moment before its SYN. */
export interface OpenedFor {
  readonly connection: number;
  readonly asked: Ref;
  /** When that request was passed on, on whatever connection. */
  readonly passedOn: Ref | null;
  /** The first request since then that left on another connection, and that nothing explains: it may be this one. */
  readonly elsewhere: Ref | null;
}

/** A bound was reached: something is counted instead of kept. */
export interface LimitHit {
  readonly limit: string;
  readonly bound: number;
  readonly count: number;
}
