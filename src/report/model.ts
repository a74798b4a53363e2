/**
 * The JSON report, `watchpcap.report/1`: what other programs rely on. These types are the schema's one source
 * (`npm run schema` writes schema/report.schema.json). Keys may be added; none is renamed or removed without a new schema number. One that
 * was added since the first report says by `@default`, or in words by `@comment`, what is read where an older report lacks it; the schema does not require it.
 *
 * Times are UTC, durations seconds, packet numbers 1-based as Wireshark counts them in their own file. Where several files were
 * given, every object with a packet number also has `file`, an index into `capture.files`.
 */
export interface Report {
  schema: 'watchpcap.report/1';
  tool: Tool;
  capture: Capture;
  verdict: Verdict;
  gateways: Gateway[];
  connections: Connection[];
  /** The surest first. */
  links: Link[];
  windows: Window[];
  /**
   * The windows by what they came of: one entry for each time in which one upstream server was dead. Those that cost most first.
   * @default []
   */
  incidents: Incident[];
  thresholds: Thresholds;
  trust: TrustNote[];
  findings: Finding[];
  /** What each remedy would have done on this capture. */
  whatIf: WhatIf[];
  /**
   * What to do now, most useful first.
   * @default []
   */
  nextSteps: NextStep[];
}

/**
 * ISO 8601, UTC, with as many fraction digits as the capture has (6 or 9).
 * @format date-time
 */
export type Timestamp = string;

/**
 * Seconds.
 * @minimum 0
 */
export type Seconds = number;

/**
 * @asType integer
 * @minimum 0
 */
export type Count = number;

/**
 * 1-based, as Wireshark counts in its own file.
 * @asType integer
 * @minimum 1
 */
export type PacketNumber = number;

/**
 * Index into `capture.files`.
 * @asType integer
 * @minimum 0
 */
export type FileIndex = number;

/**
 * @asType integer
 * @minimum 0
 * @maximum 65535
 */
export type Port = number;

/** Id of a connection in this report: `c1…` client, `u1…` upstream, `o1…` other. */
export type ConnectionId = string;

export interface Tool {
  name: 'watchpcap';
  version: string;
}

export interface Capture {
  files: CaptureFile[];
  packets: Count;
  /** First packet; null where there is none. */
  start: Timestamp | null;
  end: Timestamp | null;
  duration: Seconds;
  /** Packets that the capture holds more than once. */
  duplicates: Count;
  /** Packets that could not be decoded. */
  undecoded: Count;
  /**
   * What of the capture is not analysed, by kind, most packets first: other protocols, link types that are not read, headers that are cut.
   * @default []
   */
  notAnalyzed: NotAnalyzed[];
  warnings: CaptureWarning[];
  /**
   * Reading was ended by the user before the files' ends: the report is of what was read.
   * @default false
   */
  interrupted: boolean;
  /**
   * Comments that somebody wrote on packets, the first 256.
   * @default []
   */
  comments: PacketComment[];
}

export interface NotAnalyzed {
  /** As `kind` in the dump of packets: `udp`, `quic`, `arp`, `link-type-unknown`, `ip-header-cut` and so on. */
  kind: string;
  /** Of `link-type-unknown`: which; null where the file does not tell, and of other kinds. */
  linkType: string | null;
  packets: Count;
  /** Counted in `undecoded`; false: whole traffic that is merely not TCP. */
  undecoded: boolean;
}

export interface PacketComment {
  packet: PacketNumber;
  /** Only where several files were given. */
  file?: FileIndex;
  text: string;
}

export interface CaptureFile {
  path: string;
  format: 'pcap' | 'pcapng';
  bytes: Count;
  packets: Count;
  /** tcpdump.org's LINKTYPE_ names without the prefix. */
  linkTypes: string[];
  truncated: boolean;
  compression: 'gzip' | 'zstd' | null;
  /**
   * Packets that the capturing system said it dropped; null where the file does not say.
   * @default null
   */
  dropped: Count | null;
}

/** What a sentence was made from, by name: where it is given, the sentence can be made again. */
export interface Args {
  [name: string]: string | number | boolean | null | string[];
}

export interface CaptureWarning {
  code: string;
  /** @default {} */
  args: Args;
  message: string;
  /** Null where the warning is about none of them. */
  file: FileIndex | null;
  /** Offset in the file, or in what it holds uncompressed; null where unknown. */
  byte: Count | null;
  packet: PacketNumber | null;
}

export type VerdictState = 'half-dead' | 'suspect' | 'healthy' | 'inconclusive';
export type Confidence = 'confirmed' | 'probable' | 'possible';

export interface Verdict {
  state: VerdictState;
  /** Null for healthy and inconclusive. */
  confidence: Confidence | null;
  /** One sentence. */
  summary: string;
  /**
   * Why the state is what it is, as a word.
   * @default "unknown"
   */
  reason: VerdictReason;
  /**
   * What the reason is about.
   * @default {}
   */
  args: Args;
}

export type VerdictReason =
  | 'windows'
  | 'dead-upstream-unlinked'
  | 'stalled-upstream'
  | 'no-window'
  | 'no-gateway'
  | 'no-tcp'
  | 'no-client-leg'
  | 'no-upstream-leg'
  | 'requests-unseen'
  | 'payload-blanked'
  | 'one-sided'
  | 'clock-step'
  | 'filtered'
  | 'too-short'
  | 'too-early'
  /** In a report of a version that did not say. */
  | 'unknown';

export interface Gateway {
  addresses: string[];
  /** How it was recognised. */
  how: 'both-sides' | 'capturing-host' | 'joins' | 'told';
}

export type Role = 'client' | 'upstream' | 'other';
export type Party = 'client' | 'server';
export type Protocol = 'h2' | 'h2-tls' | 'http1' | 'http1-tls' | 'tls' | 'tcp';

export interface Endpoint {
  /** RFC 5952 text. */
  ip: string;
  port: Port;
}

export interface Connection {
  id: ConnectionId;
  role: Role;
  client: Endpoint;
  server: Endpoint;
  /**
   * Community ID v1 (seed 0), by which Zeek, Suricata and Arkime name it.
   * @default ""
   */
  communityId: string;
  /**
   * Its id in the dumps. In a capture of more connections than are followed at one time (docs/limits.md) the dumps may have given others up,
   * and their ids then differ from some connection on: the 4-tuple and the first packet tell.
   */
  dumpId: string;
  /** What a timeline draws: bounded, runs of like packets aggregated. */
  marks: Mark[];
  /** Other 4-tuples of the same connection (NAT). */
  seenAs: SeenAs[];
  /**
   * The outer paths on which its packets came inside others (an overlay network, a mirror port), at most 4; empty for most.
   * @default []
   */
  tunnels: Tunnel[];
  firstPacket: PacketNumber;
  firstFile?: FileIndex;
  lastPacket: PacketNumber;
  lastFile?: FileIndex;
  start: Timestamp;
  end: Timestamp;
  opened: 'handshake' | 'before-capture' | 'refused' | 'unanswered';
  closed: Closed;
  protocol: Protocol;
  /**
   * What its TLS handshake said in clear; null where it has none, or none was read.
   * @default null
   */
  tls: Tls | null;
  /**
   * Told by the sizes of TLS records that nobody could read, so never seen; null where they tell nothing.
   * @default null
   */
  inferred: Inferred | null;
  packets: PerParty<Count>;
  /** Payload bytes, each counted once. */
  bytes: PerParty<Count>;
  /** Keep-alive probes by who sent them, and how many of them the other side answered. */
  keepalive: PerParty<Probes>;
  retransmissions: PerParty<Count>;
  /**
   * What a side sent again and again without an answer: each time is one entry. At most 16, those with most tries, in order of time.
   * @default []
   */
  ladders: Ladder[];
  /**
   * By whose data; null where none was timed.
   * @default {"fromClient":null,"fromServer":null}
   */
  roundTrips: PerParty<RoundTrips | null>;
  resets: Reset[];
  goaways: Goaway[];
  pings: PerParty<Pings>;
  streams: Stream[];
  /**
   * Finished streams that were counted and not kept.
   * @default {"count":0,"byStatus":[]}
   */
  foldedStreams: FoldedStreams;
  /** From the first packet to the end of the capture, without gaps. */
  liveness: Liveness[];
}

export interface Tls {
  /** The version that the server chose; null where its hello is not in the capture. */
  version: '1.3' | '1.2' | '1.1' | '1.0' | 'ssl3' | 'other' | null;
  /** IANA's name; of one that has none here its number. */
  cipher: string | null;
  sni: string | null;
  /** The protocol that ALPN chose; null where TLS 1.3 hides it, or there was none. */
  alpn: 'h2' | 'http/1.1' | 'other' | null;
  /** An earlier session was gone on with. */
  resumed: boolean | null;
  /** Whether secrets opened it: no record was tried, all opened, none did, some did; or its cipher is not decrypted here. */
  keys: 'none' | 'used' | 'wrong' | 'partial' | 'unsupported';
}

/** HTTP/2 in TLS without its secrets, from sizes and times of records alone (docs/inference.md). */
export interface Inferred {
  pings: PerParty<Pings>;
  /** RST_STREAM or WINDOW_UPDATE: they are of one size. */
  resetsOrWindowUpdates: PerParty<Count>;
  /** Records with which the client asked or sent something; null where it cannot be told which side is the client. */
  requests: Count | null;
}

export interface PerParty<T> {
  fromClient: T;
  fromServer: T;
}

export interface Probes {
  probes: Count;
  answered: Count;
  /**
   * As observed: from the peer's last packet to the first probe after it, and between probes without an answer; null: not seen.
   * @default null
   */
  time: Seconds | null;
  /** @default null */
  interval: Seconds | null;
  /**
   * Most probes in a row that had no answer.
   * @default 0
   */
  unanswered: Count;
  /**
   * The prober's FIN or RST with a probe unanswered.
   * @default null
   */
  gaveUp: Moment | null;
}

/** A packet of the capture. */
export interface Moment {
  at: Timestamp;
  packet: PacketNumber;
  file?: FileIndex;
}

/** Packets sent again while nothing acknowledged them (RFC 6298 §5.4), SYNs too. What was over within a second and three tries is none. */
export interface Ladder {
  /** Who sent them. */
  by: Party;
  /** The first packet that was owed an answer. */
  at: Timestamp;
  firstPacket: PacketNumber;
  firstFile?: FileIndex;
  /** Packets sent again, probes among them; of SYNs the first one too. */
  tries: Count;
  /** Between one try and the next, the first 15; not from the packet's first sending, after which a faster timer than the retransmission's may come. */
  gaps: Seconds[];
  /** Each gap is twice the one before (1.6 to 2.6 times, up to 120 s), as RFC 6298 §5.5 has it; null: fewer than three gaps. */
  doubling: boolean | null;
  /** An acknowledgement, a reset; or nothing while the connection was captured. */
  endedBy: 'ack' | 'rst' | 'open';
}

/** How long data waited for their acknowledgement where the capture was taken: shortest and longest of the first so many, none that was sent again. */
export interface RoundTrips {
  least: Seconds;
  most: Seconds;
  samples: Count;
}

export interface Pings {
  sent: Count;
  answered: Count;
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

/** A run of like packets of one side. */
export interface Mark {
  /** The run's first packet. */
  packet: PacketNumber;
  file?: FileIndex;
  at: Timestamp;
  by: Party;
  kind: MarkKind;
  count: Count;
  /**
   * The run's last packet.
   * @comment added: where it is missing, the run's first
   */
  until: Timestamp;
  /** @comment added: where it is missing, the run's first */
  lastPacket: PacketNumber;
  lastFile?: FileIndex;
}

export interface SeenAs {
  client: Endpoint;
  server: Endpoint;
  packets: Count;
}

export interface Tunnel {
  /** Of the innermost, where tunnels are nested. */
  kind: 'ip-in-ip' | 'gre' | 'vxlan' | 'geneve' | 'gtp-u' | 'other';
  /** Its network's number (VNI, GRE key, GTP-U endpoint); 0 where it has none. */
  network: Count;
  /** The outermost packet's addresses. RFC 5952 text. */
  from: string;
  to: string;
  packets: Count;
}

export interface Closed {
  how: 'open' | 'fin' | 'rst' | 'timeout';
  /** Who sent the RST or the first FIN; null for open and timeout. */
  by: Party | null;
  at: Timestamp | null;
  packet: PacketNumber | null;
  file?: FileIndex;
}

export interface Reset {
  by: Party;
  at: Timestamp;
  packet: PacketNumber;
  file?: FileIndex;
}

export interface Goaway {
  by: Party;
  at: Timestamp;
  packet: PacketNumber;
  file?: FileIndex;
  lastStreamId: Count;
  /** Error name (RFC 9113 §7); an unknown code as `0x…`. */
  error: string;
  debug: string;
}

export interface Stream {
  id: Count;
  /** Null: not known. */
  method: string | null;
  path: string | null;
  /** What the request means to kube-apiserver: get list watch create … other unknown. */
  kind: string;
  /** Null: none seen, or not knowable. */
  status: Count | null;
  /**
   * Why it failed, as the body of the error response says: the reason of a Kubernetes Status (an apiserver wrote it; `Unknown` where it gives
   * none), or a word for what gateways write. Null: no error, or its body says nothing that is known.
   * @default null
   */
  reason: string | null;
  opened: Timestamp;
  firstPacket: PacketNumber;
  firstFile?: FileIndex;
  closed: Timestamp | null;
  how: 'open' | 'end-stream' | 'rst-stream' | 'connection';
  /** Error name of the RST_STREAM. */
  error: string | null;
  lastData: Timestamp | null;
}

export interface FoldedStreams {
  count: Count;
  /** In order of status. */
  byStatus: { status: number; count: Count }[];
}

export type LivenessState = 'alive' | 'idle' | 'unanswered' | 'dead' | 'closing' | 'closed';

export interface Liveness {
  from: Timestamp;
  to: Timestamp;
  state: LivenessState;
  owedBy: Party | 'both' | null;
}

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

/** Bursts of payload on the two connections that fit each other in size and time. */
export interface Bursts {
  matched: Count;
  /** So many fitted at times at which they cannot have been passed on: the chance level. */
  byChance: number;
  /** The chance that all is chance is below 1 in ten to the power of this. */
  odds: Count;
}

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
  oneWay: 'gateway-mute' | 'unacknowledged' | 'acknowledged-in-vain' | null;
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
  /** Requests that the client sent. */
  requests: Count;
  /** Of those that are kept one by one: passed on into the dead connection, or to others, or seen leaving on none. */
  intoDead: Count;
  elsewhere: { upstream: ConnectionId; requests: Count }[];
  unseen: Count;
  /** Errors that the gateway made itself, by status. */
  gatewayErrors: GatewayErrors[];
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
  text: string;
}

/** What turns episodes into states. Null: not known, in a report of an older version. */
export interface Thresholds {
  deadTries: Count;
  deadAfter: Seconds;
  /** @default null */
  idleAfter: Seconds | null;
  /** @default null */
  healedWait: Seconds | null;
  /** @default null */
  actsWithin: Seconds | null;
  /** @default null */
  lossSpan: Seconds | null;
  /** @default null */
  lossTries: Count | null;
  /** @default null */
  responseGrace: Seconds | null;
  /** @default null */
  watchGrace: Seconds | null;
}

/** A weakness of the capture, and which conclusions it weakens. */
export interface TrustNote {
  code: string;
  connection: ConnectionId | null;
  weakens: string[];
  packets: PacketNumber[];
  files?: FileIndex[];
  /** @default 0 */
  count: Count;
  /** @default {} */
  args: Args;
  /** @default "" */
  message: string;
}

export type Severity = 'critical' | 'warning' | 'info';

export interface Finding {
  code: string;
  severity: Severity;
  /** One sentence. */
  title: string;
  connection: ConnectionId | null;
  stream: Count | null;
  at: Timestamp | null;
  packets: PacketNumber[];
  files?: FileIndex[];
  /** A Wireshark display filter that shows it. */
  filter: string;
  args: { [name: string]: string | number | boolean | null };
}

export interface WhatIf {
  remedy:
    'tcp-keepalive' | 'tcp-user-timeout' | 'h2-keepalive' | 'stream-idle-timeout' | 'route-timeout' | 'client-ping';
  where: string;
  parameters: { [name: string]: number };
  windows: WhatIfWindow[];
  collateral: Collateral[];
}

export interface WhatIfWindow {
  window: string;
  firesAt: Timestamp | null;
  duration: Seconds;
  reason: string;
}

/** A healthy stream that the remedy would have cut. */
export interface Collateral {
  connection: ConnectionId;
  stream: Count;
  kind: string;
  at: Timestamp;
}

export interface NextStep {
  text: string;
  /** Ready to paste; null where there is none. */
  command: string | null;
}
