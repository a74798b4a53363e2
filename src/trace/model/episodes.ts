import type { Side } from '../../tcp/index.ts';
import type { TlsAlert } from '../../tls/index.ts';
import type { Ref } from './values.ts';

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
