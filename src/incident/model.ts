import type { Side } from '../tcp/index.ts';
import type {
  BurstEvents,
  Close,
  Flood,
  LimitHit,
  Ref,
  StreamName,
  TraceConnection,
  TraceStream,
  TunnelPair,
} from '../trace/index.ts';
import type { FindingArgs, FindingCode } from './findings/args.ts';
import type { Outage } from './outage.ts';
import type { Thresholds } from './thresholds.ts';
import type { SeenAs } from './twins.ts';

export type { Outage, VictimGroup } from './outage.ts';
export type { SeenAs };

/** What the incident model says of a trace. Findings are data; every sentence lives in `report`. */
export interface Incident {
  readonly verdict: Verdict;
  readonly gateways: readonly Gateway[];
  readonly connections: readonly Leg[];
  readonly links: readonly Link[];
  readonly windows: readonly Window[];
  /** Those that cost most first. */
  readonly outages: readonly Outage[];
  readonly findings: readonly Finding[];
  readonly trust: readonly TrustNote[];
  readonly thresholds: Thresholds;
  /** Packets that are not TCP or could not be decoded, by reason (names of the decode stage's stop codes). */
  readonly undecoded: ReadonlyMap<string, number>;
  /** Of those whose link type is not read, how many have which LINKTYPE_ number; negative where the file does not tell. */
  readonly unknownLinkTypes: ReadonlyMap<number, number>;
  /** Packets that the capture holds more than once. */
  readonly duplicates: number;
  /** Bounds that were reached while reading. */
  readonly limits: readonly LimitHit[];
  /** Unanswered SYNs whose connections were given up while reading. */
  readonly floods: readonly Flood[];
}

export type VerdictState = 'half-dead' | 'suspect' | 'healthy' | 'inconclusive';
export type Confidence = 'confirmed' | 'probable' | 'possible';

export interface Verdict {
  readonly state: VerdictState;
  /** Null for healthy and inconclusive. */
  readonly confidence: Confidence | null;
  readonly reason: VerdictReason;
}

/** Why the state is what it is; the report makes the sentence. */
export type VerdictReason =
  | { readonly kind: 'windows'; readonly count: number }
  | { readonly kind: 'dead-upstream-unlinked'; readonly connection: string }
  | { readonly kind: 'stalled-upstream'; readonly connection: string }
  /** The gateway reset a client's stream and is not seen to cancel it on the upstream connection that carried it. */
  | { readonly kind: 'cancel-unseen'; readonly connection: string }
  /** The gateway probed this upstream connection when it was idle, and is not seen to any more. */
  | { readonly kind: 'probes-unseen'; readonly connection: string }
  | { readonly kind: 'no-window'; readonly clients: number; readonly upstreams: number; readonly links: number }
  | { readonly kind: 'no-gateway'; readonly connections: number }
  | { readonly kind: 'no-tcp' }
  | { readonly kind: 'no-client-leg' }
  | { readonly kind: 'no-upstream-leg' }
  /** A client waits for requests that no upstream connection of the capture took. */
  | { readonly kind: 'requests-unseen'; readonly connection: string; readonly count: number }
  /** Payloads were taken away before the capture was handed on. */
  | { readonly kind: 'payload-blanked'; readonly count: number }
  | { readonly kind: 'one-sided'; readonly connections: readonly string[] }
  /** Times go backward: spans of silence cannot be told. */
  | { readonly kind: 'clock-step'; readonly count: number }
  /** Packets that must have been there are missing on every leg. */
  | { readonly kind: 'filtered' }
  /** Shorter than a death takes to show. */
  | { readonly kind: 'too-short' }
  /** What would tell whether this client was left waiting by a connection that ended is not in the capture, which lost packets. */
  | { readonly kind: 'unread'; readonly connection: string }
  /** An upstream had begun to owe an answer when the capture ended. */
  | { readonly kind: 'too-early'; readonly connection: string };

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

export type Cause =
  | 'peer-silent'
  | 'path-one-way'
  | 'reset'
  | 'refused'
  | 'goaway-ignored'
  | 'connect-unanswered'
  | 'closed-not-propagated';
export type WindowEnd =
  'gateway-closed' | 'upstream-closed' | 'healed' | 'rerouted' | 'client-reconnected' | 'client-gone' | 'capture-end';
export type Outcome = 'hung' | 'gateway-error' | 'reset' | 'finished';

/** An interval in which a client connection was alive while the upstream connection that carried its streams was dead. */
export interface Window {
  readonly id: string;
  readonly client: string;
  readonly upstream: string;
  /** Index into `Incident.links`. */
  readonly link: number;
  readonly confidence: Confidence;
  /** Why it is not surer; none: confirmed. */
  readonly doubts: readonly Doubt[];
  /** That the two belong together, and who waited, is inferred from sizes and times of what could not be read. */
  readonly isInferred: boolean;
  readonly fromNs: number;
  /** Null: still so when the capture ends. */
  readonly toNs: number | null;
  /** To `toNs`, or to the end of the capture. */
  readonly durationNs: number;
  readonly onset: { readonly lastHeardNs: number | null; readonly firstUnansweredNs: number };
  readonly cause: Cause;
  /**
   * How `path-one-way` shows itself: the gateway acknowledges nothing any more; it is not seen to probe an idle connection as it did, nor to cancel
   * what it gives up; both are heard and nothing is acknowledged; or it is, in vain.
   */
  readonly oneWay: 'gateway-mute' | 'gateway-unseen' | 'unacknowledged' | 'acknowledged-in-vain' | null;
  readonly end: { readonly how: WindowEnd; readonly at: Ref | null };
  readonly streams: readonly HurtStream[];
  readonly alternatives: readonly Alternative[];
  readonly meanwhile: Meanwhile;
  readonly checks: Checks;
  readonly evidence: readonly Evidence[];
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
  readonly pings: number;
  readonly pingsAnswered: number;
  /** Its keep-alive probes, and how many of them the gateway's TCP answered. */
  readonly probes: number;
  readonly probesAnswered: number;
  /** Requests that the client sent. */
  readonly requests: number;
  /** Which of these counts are at least so many. */
  readonly atLeast: readonly ('pings' | 'pingsAnswered' | 'probes' | 'probesAnswered' | 'requests')[];
  /** Of those that are kept one by one: passed on into the dead connection, or to others, or seen leaving on none. */
  readonly intoDead: number;
  readonly elsewhere: readonly { readonly upstream: string; readonly requests: number }[];
  readonly unseen: number;
  /** Errors that the gateway made itself, by status; of gRPC calls also by theirs. */
  readonly gatewayErrors: readonly {
    readonly status: number;
    readonly grpcStatus: number | null;
    readonly count: number;
  }[];
}

/** What the gateway did in a window that could have told it that the upstream connection was dead, and what TCP did. */
export interface Checks {
  /** The gateway's keep-alive probes on it, and how many of them were answered. */
  readonly probes: number;
  readonly probesAnswered: number;
  readonly pings: number;
  readonly pingsAnswered: number;
  /** What the gateway sent again. */
  readonly retransmissions: number;
  /** Which of these counts are at least so many. */
  readonly atLeast: readonly ('probes' | 'probesAnswered' | 'pings' | 'pingsAnswered' | 'retransmissions')[];
}

/** An upstream connection to another server that was open and alive at some time of the window. */
export interface Alternative {
  readonly upstream: string;
  readonly requestsDuring: number;
  /**
   * It could have served (same port and protocol, there all the time, with room), and its server got no request on any connection. Of what
   * cannot be read nobody knows.
   */
  readonly unused: boolean;
}

export interface HurtStream extends StreamName {
  readonly kind: string;
  readonly path: string | null;
  /** What for, whatever the object's name: `pods`, `pods/exec`, `leases.coordination.k8s.io`; the path of what is none of Kubernetes'. */
  readonly resource: string | null;
  readonly userAgent: string | null;
  readonly upstreamStream: StreamName | null;
  /** Since when nothing of the upstream reached the client on it. */
  readonly silentSinceNs: number;
  readonly outcome: Outcome;
  /** Status that the client got; null where none was seen or it is not knowable. */
  readonly status: number | null;
  /** The error that its trailers told, where the call is gRPC's; null: none. */
  readonly grpcStatus: number | null;
  readonly recoveredBy: { readonly stream: StreamName; readonly upstream: string | null } | null;
}

export type EvidenceKind =
  | 'last-heard'
  | 'first-unanswered'
  | 'retransmission'
  | 'probe'
  | 'syn'
  | 'reset'
  | 'refused'
  | 'goaway'
  | 'close'
  | 'request'
  | 'client-ping'
  | 'client-ping-answered'
  | 'gateway-response'
  | 'gateway-grpc-response'
  | 'stream-reset'
  | 'answered'
  | 'recovered';

export interface Evidence {
  readonly at: Ref;
  /** Leg id. */
  readonly connection: string;
  readonly kind: EvidenceKind;
  /** Who sent the packet. */
  readonly by: Party;
  /** What the sentence needs beside the kind: a stream id, a status, an ordinal, a count; null where none. */
  readonly value: number | null;
  /** Where that is the id of a stream in a tunnel: the tunnel, as in `StreamName`. */
  readonly tunnel: number | null;
}

export type Severity = 'critical' | 'warning' | 'info';

/** One finding: code, typed arguments, severity, evidence. The words are made in `report`. */
export interface FindingOf<C extends FindingCode> {
  readonly code: C;
  readonly severity: Severity;
  readonly args: FindingArgs[C];
  /** Leg id; null: the whole capture. */
  readonly connection: string | null;
  readonly stream: StreamName | null;
  readonly at: Ref | null;
  readonly packets: readonly Ref[];
}

export type Finding = { [C in FindingCode]: FindingOf<C> }[FindingCode];

/** A weakness of the capture, and which conclusions it weakens. */
export interface TrustNote {
  readonly code:
    | 'one-sided'
    | 'lost-by-capture'
    | 'missing-bytes'
    | 'differing-overlap'
    | 'snaplen-cut'
    | 'begun-mid-stream'
    | 'clock-step'
    | 'keys-unfit'
    | 'payload-blanked';
  readonly connection: string | null;
  readonly weakens: readonly string[];
  readonly packets: readonly Ref[];
  readonly count: number;
}
