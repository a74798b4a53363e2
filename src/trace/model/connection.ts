import type { Protocol } from '../../http/index.ts';
import type { Side } from '../../tcp/index.ts';
import type { TlsFacts } from '../../tls/index.ts';
import type { Asks } from './asks.ts';
import type { Debt } from './debt.ts';
import type { Close, Goaway, IcmpError, SaidAlert, Silence, SlowPing } from './episodes.ts';
import type { Flow } from './flow.ts';
import type { Inferred } from './inferred.ts';
import type { Mark } from './mark.ts';
import type { StreamTotals } from './stream.ts';
import type { Endpoint, Ref } from './values.ts';

/** One TCP connection: 4-tuple plus incarnation. */
export interface TraceConnection {
  /** Index into `Trace.connections`, in the order of first packets. */
  readonly id: number;
  /** Its place in the order of first packets among all connections of the capture, those given up included; from 0. */
  readonly nth: number;
  /** By side; side 0 sent the first packet seen. */
  readonly endpoints: readonly [Endpoint, Endpoint];
  /** Whom a PROXY header says that it is for: a balancer's connection for a client, or the gateway's own. Null where there was none, or it named nobody. */
  readonly proxiedFor: Endpoint | null;
  readonly first: Ref;
  readonly last: Ref;
  /**
   * Initial sequence numbers by side, as int32; without a SYN the first number seen, less one. Null where a side was never seen. Two
   * connections that share them may be one, seen before and after its addresses were translated.
   */
  readonly initialSeqs: readonly [number | null, number | null];
  /** Timestamps (RFC 7323 §3) of each side's first packet, which no translation changes either; null where it was not seen, or had none. */
  readonly initialStamps: readonly [number | null, number | null];
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
