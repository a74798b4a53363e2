import type { ConnectionId, Count, Endpoint, FileIndex, PacketNumber, Party, Seconds, Timestamp } from './values.ts';
import type { Confidence } from './verdict.ts';

export type Cause =
  | 'peer-silent'
  | 'path-one-way'
  | 'reset'
  | 'refused'
  | 'goaway-ignored'
  | 'connect-unanswered'
  | 'closed-not-propagated';

export type WindowEndHow =
  'gateway-closed' | 'upstream-closed' | 'healed' | 'client-reconnected' | 'client-gone' | 'rerouted' | 'capture-end';

export type Outcome = 'hung' | 'gateway-error' | 'reset' | 'finished';

/** An interval in which a client connection was alive while the upstream connection that carried its streams was dead. */
export interface Window {
  id: string;
  client: ConnectionId;
  upstream: ConnectionId;
  /**
   * Index into `links`.
   * @asType integer
   */
  link: number;
  confidence: Confidence;
  /**
   * Why it is not surer; none: confirmed.
   * @default []
   */
  doubts: Doubt[];
  from: Timestamp;
  /** Null: still so when the capture ends. */
  to: Timestamp | null;
  /** To `to`, or to the end of the capture. */
  duration: Seconds;
  open: boolean;
  onset: Onset;
  cause: Cause;
  /**
   * How a `path-one-way` shows itself; null for other causes.
   * @default null
   */
  oneWay: 'gateway-mute' | 'gateway-unseen' | 'unacknowledged' | 'acknowledged-in-vain' | null;
  /**
   * That the two connections belong together, and that somebody waited, is inferred from sizes and times of what could not be read.
   * @default false
   */
  isInferred: boolean;
  end: WindowEnd;
  streams: HurtStream[];
  alternatives: Alternative[];
  /** @default null */
  meanwhile: Meanwhile | null;
  /**
   * Null in a report of an older version.
   * @default null
   */
  checks: Checks | null;
  evidence: Evidence[];
  /**
   * What happened, in a few sentences.
   * @default ""
   */
  story: string;
}

/**
 * Why a window is no surer: only time links the two connections; only sizes and times do; several requests were alike and their order alone
 * tells them apart; few payloads were alike; the upstream left fewer tries unanswered than a death takes, and the gateway gave it up; that
 * a request waits for it is supposed.
 */
export type Doubt = 'by-timing' | 'by-sizes' | 'by-order' | 'few-payloads' | 'given-up-early' | 'wait-supposed';

/** What went on on the client's connection in a window: what its own health check saw, and where its requests went. */
export interface Meanwhile {
  /** The client's PINGs, and how many of them the gateway answered. */
  pings: Count;
  pingsAnswered: Count;
  /**
   * Its keep-alive probes, and how many of them the gateway's TCP answered.
   * @default 0
   */
  probes: Count;
  /** @default 0 */
  probesAnswered: Count;
  /** Requests that the client sent. */
  requests: Count;
  /**
   * Which of the counts above are the least that is sure: more packets may have been in the window.
   * @default []
   */
  atLeast: ('pings' | 'pingsAnswered' | 'probes' | 'probesAnswered' | 'requests')[];
  /** Of those that are kept one by one: passed on into the dead connection, or to others, or seen leaving on none. */
  intoDead: Count;
  elsewhere: { upstream: ConnectionId; requests: Count }[];
  unseen: Count;
  /** Errors that the gateway made itself, by status. */
  gatewayErrors: GatewayErrors[];
}

/** What the gateway did on the upstream connection in a window that could have told it of the death; packets of the connection's other times are not among them. */
export interface Checks {
  /** Keep-alive probes of the gateway, and how many of them were answered. */
  probes: Count;
  probesAnswered: Count;
  /** PINGs of the gateway, likewise. */
  pings: Count;
  pingsAnswered: Count;
  /** Segments that the gateway sent again. */
  retransmissions: Count;
  /** Which of these counts are the least that is sure: more packets may have been in the window. */
  atLeast: ('probes' | 'probesAnswered' | 'pings' | 'pingsAnswered' | 'retransmissions')[];
}

export interface GatewayErrors {
  status: number;
  /**
   * Of gRPC calls, whose status is 200 all the same; null: no error of gRPC.
   * @default null
   */
  grpcStatus: Count | null;
  count: Count;
}

/** One time in which one upstream server was dead: all windows that came of it, on whatever connections. */
export interface Incident {
  id: string;
  server: Endpoint;
  /** Its dead connections. */
  upstreams: ConnectionId[];
  /** Ids, in order of time. */
  windows: string[];
  /** Of its surest window. */
  confidence: Confidence;
  /** Most frequent first. */
  causes: Cause[];
  from: Timestamp;
  /** Null: still so when the capture ends. */
  to: Timestamp | null;
  /** To `to`, or to the end of the capture. */
  duration: Seconds;
  open: boolean;
  /** The durations of all its windows together: how long clients were kept on it. */
  waited: Seconds;
  /** Client connections that it left waiting, and their hurt streams, each counted once. */
  clients: Count;
  streams: Count;
  outcomes: Record<Outcome, Count>;
  /** Who asked for what, those with most streams first. */
  victims: VictimGroup[];
}

/** Streams of one kind of program that asked for the same thing. */
export interface VictimGroup {
  userAgent: string | null;
  kind: string;
  resource: string | null;
  /** Client connections. */
  clients: Count;
  streams: Count;
  /** Of these, those that nothing ended. */
  hung: Count;
}

/** The upstream died between these two. */
export interface Onset {
  lastHeard: Timestamp | null;
  firstUnanswered: Timestamp;
}

export interface WindowEnd {
  how: WindowEndHow;
  at: Timestamp | null;
  packet: PacketNumber | null;
  file?: FileIndex;
}

export interface HurtStream {
  id: Count;
  /** As in the connection's streams; so are `upstreamTunnel` and that of `recoveredBy`. */
  tunnel?: Count;
  kind: string;
  path: string | null;
  /**
   * What for, whatever the object's name: `pods`, `pods/exec`, `leases.coordination.k8s.io`; the path of what is none of Kubernetes'.
   * @default null
   */
  resource: string | null;
  /**
   * Null: none, or not known.
   * @default null
   */
  userAgent: string | null;
  /** Its id on the upstream connection; null: the request never left the gateway, or was not seen to. */
  upstreamStream: Count | null;
  upstreamTunnel?: Count;
  silentSince: Timestamp;
  outcome: Outcome;
  /** What the client got; null: none seen, or not knowable. */
  status: Count | null;
  /**
   * The error that its trailers told, where the call is gRPC's; null: none.
   * @default null
   */
  grpcStatus: Count | null;
  recoveredBy: Recovery | null;
}

export interface Recovery {
  stream: Count;
  tunnel?: Count;
  upstream: ConnectionId | null;
}

/** An upstream connection to another server that was open and alive at some time of the window; those that could have served come first. */
export interface Alternative {
  upstream: ConnectionId;
  requestsDuring: Count;
  /**
   * It could have served: same port and protocol, there all the time, with room; and its server got no request on any connection.
   * @default false
   */
  unused: boolean;
}

export interface Evidence {
  packet: PacketNumber;
  file?: FileIndex;
  at: Timestamp;
  connection: ConnectionId;
  kind: string;
  /**
   * Who sent it.
   * @comment added: where it is missing, as the connection's marks have it, or the text
   */
  by: Party;
  /**
   * What the kind needs beside: a stream's id, a status, which try it was; null where it needs nothing.
   * @default null
   */
  value: number | null;
  /** Where that is the id of a stream that runs in a tunnel: the CONNECT stream that it runs in. */
  tunnel?: Count;
  text: string;
}
