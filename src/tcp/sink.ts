import type { Segment } from '../decode/index.ts';

/** Side 0 sent the connection's first packet in the capture. Who is the server is decided by the incident model. */
export type Side = 0 | 1;

/** The other side. */
export function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0;
}

/** What the sequence analysis says of one segment, as bits. The names are Wireshark's (`tcp.analysis.*`). */
export const LABEL = {
  retransmission: 0x0001,
  fastRetransmission: 0x0002,
  spuriousRetransmission: 0x0004,
  outOfOrder: 0x0008,
  lostSegment: 0x0010,
  ackLostSegment: 0x0020,
  duplicateAck: 0x0040,
  zeroWindow: 0x0080,
  zeroWindowProbe: 0x0100,
  zeroWindowProbeAck: 0x0200,
  windowFull: 0x0400,
  windowUpdate: 0x0800,
  keepAlive: 0x1000,
  keepAliveAck: 0x2000,
  reusedPorts: 0x4000,
} as const;

/** Any label that says: this sequence space was sent before. */
export const RESENT: number = LABEL.retransmission | LABEL.fastRetransmission | LABEL.spuriousRetransmission;

/**
 * What one segment did, as bits: the facts that debts are made of. Not states and not roles.
 *
 * An elicit obliges the peer to answer (design §2): `elicit` is set for SYN, FIN, data, keep-alive probes and window probes.
 */
export const DID = {
  elicit: 0x0001,
  /** Sequence space that was never sent before in this flow. */
  newData: 0x0002,
  /** The acknowledgement number moved forward: bytes of the peer are newly acknowledged. */
  ackAdvanced: 0x0004,
  /** After this segment nothing of the peer's known sequence space is unacknowledged. */
  ackedAll: 0x0008,
  /** After this segment this side has sequence space in flight (sent, not acknowledged). */
  inFlight: 0x0010,
  /** A RST that the peer would accept (RFC 9293 §3.10.7.4; in or at the edge of the window, or the answer to a SYN). */
  rstInWindow: 0x0020,
  /** First captured FIN of this side (not a retransmitted one). */
  firstFin: 0x0040,
  /** The packet has payload that is neither a probe's garbage byte nor sent before. */
  payload: 0x0080,
  /** With `rstInWindow`: the RST stands where the peer expects the next byte, as far as the capture can tell (RFC 5961 §3.2). */
  rstExpected: 0x0100,
  /**
   * The connection is over with this segment: both sides' FINs were seen, or a RST stands where the peer expects the next byte. After one
   * elsewhere in the window, which the peer challenges, it goes on. Segments may still follow; its bytes end with this one's.
   */
  over: 0x0200,
} as const;

/**
 * Whether a segment sends sequence space again. Bytes that are acknowledged and were never shown before are not sent again, whatever
 * Wireshark calls them: a capture of two interfaces may put an acknowledgement before its bytes.
 */
export function isResent(labels: number, did: number): boolean {
  if ((labels & RESENT) === 0) return false;
  return (labels & LABEL.spuriousRetransmission) === 0 || (did & DID.payload) === 0;
}

/** Why a stretch of a flow's bytes is missing. */
export const GAP = { lost: 0, snaplen: 1, limit: 2 } as const;
export type GapReason = (typeof GAP)[keyof typeof GAP];

/**
 * What the tcp stage tells its right, in capture order. Per packet: `opened` (first packet of an incarnation only), `segment`,
 * then `bytes` and `gap` for what became deliverable through it.
 *
 * A connection is a small integer. It is used again only after `released`.
 */
export interface TcpSink {
  /** First packet of a new connection or incarnation; `segment` follows for the same packet. */
  opened(connection: number, segment: Segment): void;
  /** Every TCP segment, labelled. `labels` are LABEL bits, `did` are DID bits. */
  segment(connection: number, side: Side, labels: number, did: number, segment: Segment): void;
  /** A packet that the capture holds already, from another interface or twice from one: nothing else is told of it, and it counts nowhere. */
  copy?(connection: number, side: Side, segment: Segment): void;
  /** The next bytes of a flow, in order, each once. The view is valid until the call returns. */
  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void;
  /** `lostBytes` of the flow are missing here and will not come. */
  gap(connection: number, side: Side, lostBytes: number, reason: GapReason): void;
}

/** Decides what to give up where no more connections can be followed. */
export interface TcpKeeper {
  /** A connection to be given up; NONE_TO_SPARE where none may. What it still holds is told before `released`. */
  spare(): number;
  /** It is given up: nothing more will be told of it, and its number is free for another. */
  released(connection: number): void;
}

export const NONE_TO_SPARE: number = -1;
