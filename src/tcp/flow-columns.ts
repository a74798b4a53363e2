import type { Side } from './sink.ts';

/** How the rows of `FlowTable` are laid out: a connection row, then for each of its two flows one row of int32 and one of doubles. */

/** Columns of a connection row. */
export const CONNECTION = {
  /** Four address words of side 0, then four of side 1. */
  address: 0,
  /** Port of side 0, then of side 1. */
  port: 8,
  ipVersion: 10,
  /** 0 for the first incarnation of a 4-tuple. */
  incarnation: 11,
  /** Connection number of the incarnation before, or NONE. */
  previous: 12,
  /** PHASE of connection.ts. */
  phase: 13,
  /** Who opened: a side, or NONE while no SYN tells. */
  synSide: 14,
  /** OPENING of connection.ts. */
  opening: 15,
} as const;
export const CONNECTION_INTS: number = 16;

/**
 * int32 columns of a flow row. A flow is `2 * connection + side`; its peer is `flow ^ 1`. What nearly every segment needs comes first, in the
 * size of a cache line: with thousands of connections a line more of each flow is a miss more of each segment.
 */
export const FLOW = {
  /** FLOW_FLAG bits. */
  flags: 0,
  /** Sequence number after the highest sent. With SENT. */
  sentSeq: 1,
  /** Highest acknowledgement that the peer sent for this flow. With ACKED. */
  ackedSeq: 2,
  /** Sequence number of the next byte to deliver. With DELIVERED. */
  deliveredSeq: 3,
  /** Last raw window; NONE before the first segment. */
  window: 4,
  /* What Wireshark keeps per flow, under its names; 0 stands for unknown there, so here too. */
  nextSeq: 5,
  maxSeqToBeAcked: 6,
  lastAck: 7,
  dupAckNum: 8,
  lastLabels: 9,
  packets: 10,
  /** How many segments are held. */
  heldCount: 11,
  /** Number of the flow's last packet among those remembered by duplicates.ts; 0: none. */
  lastNoted: 12,
  /** The byte of a window probe that may yet prove to be stream data, plus 1; 0: none. */
  probeByte: 13,
  /** Window shift; SHIFT_UNKNOWN, SHIFT_UNUSED or 0..14. */
  shift: 14,
  /** Initial sequence number; without a SYN the first number seen, less one. */
  isn: 15,
  /* Counters. */
  retransmissions: 16,
  keepAliveProbes: 17,
  keepAlivesAnswered: 18,
  /** Stretches that a later segment carried with other bytes. */
  differingOverlaps: 19,
  /* Held segments: first and last node in the pool (0: none). */
  heldHead: 20,
  heldTail: 21,
  /** Identical bare ACKs in a row, while no other segment of this flow told where it stands. */
  bareAcks: 22,
  /** Acknowledgement and sequence number of those bare ACKs. */
  bareAckNumber: 23,
  bareAckSeq: 24,
  /** End of the last segment that lay outside any possible window. */
  strayEnd: 25,
  /** Sequence number after the FIN, meaningful with FLOW_FLAG.fin. */
  finEnd: 26,
  windowProbes: 27,
} as const;
/** Two cache lines. */
export const FLOW_INTS: number = 32;

/** Double columns of a flow row: stream offsets and byte counts never wrap, times are `Moment` nanoseconds. */
export const DOUBLE = {
  sent: 0,
  acked: 1,
  delivered: 2,
  payloadBytes: 3,
  nextSeqNs: 4,
  lastAckNs: 5,
  /** When the hole in front of the held segments was first seen, and first acknowledged by the peer (NaN: not yet). */
  holeNs: 6,
  holeAckedNs: 7,
  /** Time of the last bare ACK, and the gap before it. */
  bareAckNs: 8,
  bareAckGapNs: 9,
  /** 1 where the last two such gaps were alike. */
  steadyGaps: 10,
} as const;
export const FLOW_DOUBLES: number = 11;

/**
 * Double columns of a connection: last SYN and the handshake's round trip, NaN while unknown; its place in the order of first packets; the number
 * of the next incarnation of its 4-tuple, NaN for the newest.
 */
export const CONNECTION_DOUBLE = { synNs: 0, initialRttNs: 1, nth: 2, next: 3 } as const;
export const CONNECTION_DOUBLES: number = 4;

export const FLOW_FLAG = {
  /** A segment of this flow was seen (not only acknowledged). */
  seen: 0x01,
  /** The sequence position is known, from its own segment or the peer's acknowledgement. */
  known: 0x02,
  syn: 0x04,
  fin: 0x08,
  /** The peer has acknowledged something of this flow. */
  acked: 0x10,
  /** The start of the byte stream is fixed. */
  started: 0x20,
  /** Its own SYN, payload or FIN told the position; a bare ACK may be a keep-alive probe, one byte short. */
  positioned: 0x40,
  /** After a SYN, until the first ACK: Wireshark does not scale the window yet. */
  firstAck: 0x80,
  /** A keep-alive probe waits for its answer. */
  probePending: 0x100,
  /** The peer sent something since this flow's last segment. */
  provoked: 0x200,
  /** Its last window was 0. */
  zeroWindow: 0x400,
  /** Wireshark knows a base for this flow (its `TCP_S_BASE_SEQ_SET`). */
  base: 0x800,
  reset: 0x1000,
  /** A SYN was sent, by either side, and the initial round trip is not measured yet. */
  rttPending: 0x2000,
  /** Held bytes wait behind some that the peer lacks as well. */
  unreceived: 0x4000,
} as const;

export const NONE: number = -1;
export const SHIFT_UNKNOWN: number = -1;
export const SHIFT_UNUSED: number = -2;

/** Index of a connection's row in `connections`. */
export function connectionRow(connection: number): number {
  return connection * CONNECTION_INTS;
}

/** Index of a connection's row in `connectionDoubles`. */
export function connectionDoublesRow(connection: number): number {
  return connection * CONNECTION_DOUBLES;
}

/** Index of a flow's row in `flows`. */
export function flowRow(flow: number): number {
  return flow * FLOW_INTS;
}

/** Index of a flow's row in `doubles`. */
export function doublesRow(flow: number): number {
  return flow * FLOW_DOUBLES;
}

/** Side that sends a flow. */
export function sideOf(flow: number): Side {
  return (flow & 1) === 0 ? 0 : 1;
}
