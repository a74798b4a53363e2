import type {
  ConnectionId,
  Count,
  Endpoint,
  FileIndex,
  PacketNumber,
  Party,
  PerParty,
  Role,
  Seconds,
  Timestamp,
} from './values.ts';

export interface Gateway {
  addresses: string[];
  /** How it was recognised. */
  how: 'both-sides' | 'capturing-host' | 'joins' | 'told';
}

export type Protocol = 'h2' | 'h2-tls' | 'http1' | 'http1-tls' | 'tls' | 'tcp';

export interface Connection {
  id: ConnectionId;
  role: Role;
  client: Endpoint;
  server: Endpoint;
  /**
   * For whom it was opened, as whoever opened it says in a PROXY header (version 1 or 2): a load balancer, or the gateway itself; null where there was none, or it named nobody.
   * @default null
   */
  proxiedFor: Endpoint | null;
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
   * Alerts of TLS, a close_notify among them; at most 8.
   * @default []
   */
  tlsAlerts: TlsAlert[];
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
  /** Whether secrets opened it: no record was tried, all opened, none did, some did; or its version or cipher is not decrypted here. */
  keys: 'none' | 'used' | 'wrong' | 'partial' | 'unsupported';
}

/** How a side said that it ends, or why it cannot go on (RFC 8446 §6). */
export interface TlsAlert {
  by: Party;
  at: Timestamp;
  packet: PacketNumber;
  file?: FileIndex;
  /** Null where it is sealed and was not opened. */
  level: 'warning' | 'fatal' | 'other' | null;
  /** The RFC's name, as `close_notify`; of an unknown one its number; null where it is sealed and was not opened. */
  description: string | null;
}

/** HTTP/2 in TLS without its secrets, from sizes and times of records alone (docs/inference.md). */
export interface Inferred {
  pings: PerParty<Pings>;
  /** RST_STREAM or WINDOW_UPDATE: they are of one size. */
  resetsOrWindowUpdates: PerParty<Count>;
  /** Records with which the client asked or sent something; null where it cannot be told which side is the client. */
  requests: Count | null;
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

/** How long data waited for their acknowledgement where the capture was taken: shortest and longest of the first so many; of what was sent again only where timestamps tell which sending was acknowledged. */
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
  /**
   * The CONNECT stream in whose tunnel it runs; what runs there numbers its streams by itself, so that ids come again. Only where it runs in one.
   */
  tunnel?: Count;
  /** Null: not known. */
  method: string | null;
  path: string | null;
  /** What the request means to kube-apiserver: get list watch create … other unknown. */
  kind: string;
  /** Null: none seen, or not knowable. */
  status: Count | null;
  /**
   * Why it failed, as the body of the error response says: the reason of a Kubernetes Status (an apiserver wrote it; by its code where it gives
   * none, `Unknown` where that says nothing either), or a word for what gateways write. With a status that is no error: the reason that the ERROR
   * event of a watch gave, `Expired` where what it asked for is too old (code 410). Null: no error, or nothing that is known says why.
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
