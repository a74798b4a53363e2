import type { Segment } from '../decode/index.ts';
import type { Side } from './sink.ts';

/**
 * Connections as typed-array rows: a connection row, then for each of its two flows one row of int32 and one of doubles.
 * Nothing here knows TCP; it finds rows by 4-tuple and grows by doubling.
 */

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
const CONNECTION_INTS = 16;

/** int32 columns of a flow row. A flow is `2 * connection + side`; its peer is `flow ^ 1`. */
export const FLOW = {
  /** FLOW_FLAG bits. */
  flags: 0,
  /** Initial sequence number; without a SYN the first number seen, less one. */
  isn: 1,
  /** Sequence number after the highest sent. With SENT. */
  sentSeq: 2,
  /** Highest acknowledgement that the peer sent for this flow. With ACKED. */
  ackedSeq: 3,
  /** Sequence number of the next byte to deliver. With DELIVERED. */
  deliveredSeq: 4,
  /** Last raw window; NONE before the first segment. */
  window: 5,
  /** Window shift; SHIFT_UNKNOWN, SHIFT_UNUSED or 0..14. */
  shift: 6,
  /* What Wireshark keeps per flow, under its names; 0 stands for unknown there, so here too. */
  nextSeq: 7,
  maxSeqToBeAcked: 8,
  lastAck: 9,
  dupAckNum: 10,
  lastLabels: 11,
  /* Counters. */
  packets: 12,
  retransmissions: 13,
  keepAliveProbes: 14,
  keepAlivesAnswered: 15,
  windowProbes: 16,
  duplicateAcks: 17,
  outOfOrders: 18,
  zeroWindows: 19,
  /* Held segments: first and last node in the pool (0: none), and how many. */
  heldHead: 20,
  heldTail: 21,
  heldCount: 22,
  /** The byte of a window probe that may yet prove to be stream data, plus 1; 0: none. */
  probeByte: 23,
  /** Identical bare ACKs in a row, while no other segment of this flow told where it stands. */
  bareAcks: 24,
  /** End of the last segment that lay outside any possible window. */
  strayEnd: 25,
  /** Sequence number after the FIN, meaningful with FLOW_FLAG.fin. */
  finEnd: 26,
  lostSegments: 27,
  /** Acknowledgement and sequence number of those bare ACKs. */
  bareAckNumber: 28,
  bareAckSeq: 29,
} as const;
const FLOW_INTS = 32;

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
const FLOW_DOUBLES = 11;

/** Double columns of a connection: last SYN and the handshake's round trip; NaN while unknown. */
export const CONNECTION_DOUBLE = { synNs: 0, initialRttNs: 1 } as const;
const CONNECTION_DOUBLES = 2;

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
} as const;

export const NONE: number = -1;
export const SHIFT_UNKNOWN: number = -1;
export const SHIFT_UNUSED: number = -2;

const CONNECTION_BYTES =
  4 * (CONNECTION_INTS + 2 * FLOW_INTS) + 8 * (CONNECTION_DOUBLES + 2 * FLOW_DOUBLES) + 4 * 4; /* four slots at worst */
const TABLE_MAX_BYTES = 160 * 2 ** 20;
/** 2^18, for the table doubles. Only a flood reaches it; packets of connections beyond are counted and ignored. */
export const CONNECTIONS_MAX: number = 2 ** Math.floor(Math.log2(TABLE_MAX_BYTES / CONNECTION_BYTES));
/** Keys made to collide cost at most this many comparisons. */
const PROBES_MAX = 1024;
const CONNECTIONS_MIN = 64;

/** The words are multiplied side by side and mixed once: a chain of multiplications cost twice as much. */
function hashEndpoint(w0: number, w1: number, w2: number, w3: number, port: number): number {
  const words = Math.imul(w0, 0x2545f491) + Math.imul(w1, 0x85ebca6b) + Math.imul(w2, 0xc2b2ae35);
  const h = (words + Math.imul(w3, 0x9e3779b1) + Math.imul(port, 0x27d4eb2f)) | 0;
  return Math.imul(h ^ (h >>> 15), 0x85ebca6b);
}

/** Both directions of a connection hash alike: the sum of two endpoint hashes, mixed once more. */
function mix(sum: number): number {
  const h = Math.imul(sum ^ (sum >>> 16), 0x7feb352d);
  return h ^ (h >>> 15);
}

function hashSegment(s: Segment): number {
  return mix(
    (hashEndpoint(s.src0, s.src1, s.src2, s.src3, s.srcPort) +
      hashEndpoint(s.dst0, s.dst1, s.dst2, s.dst3, s.dstPort)) |
      0,
  );
}

export class FlowTable {
  /** Connections so far; the next one's number. */
  count = 0;
  connections: Int32Array = new Int32Array(CONNECTIONS_MIN * CONNECTION_INTS);
  flows: Int32Array = new Int32Array(CONNECTIONS_MIN * 2 * FLOW_INTS);
  doubles: Float64Array = new Float64Array(CONNECTIONS_MIN * 2 * FLOW_DOUBLES);
  connectionDoubles: Float64Array = new Float64Array(CONNECTIONS_MIN * CONNECTION_DOUBLES);
  readonly #max: number;
  #rows = CONNECTIONS_MIN;
  /** Connection number + 1 of the newest incarnation of a 4-tuple; 0: free. */
  #slots: Int32Array = new Int32Array(CONNECTIONS_MIN * 2);
  #used = 0;

  /** @param connectionsMax  the most rows, at most CONNECTIONS_MAX */
  constructor(connectionsMax: number = CONNECTIONS_MAX) {
    this.#max = Math.min(connectionsMax, CONNECTIONS_MAX);
  }

  /** Flow that sent the segment, in the newest incarnation of its 4-tuple; NONE where there is none. */
  find(segment: Segment): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashSegment(segment) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = slots[slot] ?? 0;
      if (entry === 0) return NONE;
      const side = this.#sideOf(entry - 1, segment);
      if (side >= 0) return (entry - 1) * 2 + side;
      slot = (slot + 1) & mask;
    }
    return NONE;
  }

  /**
   * A new connection row for the segment's 4-tuple; its sender is side 0.
   * @param previous  flow that `find` gave for the same segment, or NONE
   * @returns the sender's flow, or NONE where the table is full
   */
  add(segment: Segment, previous: number): number {
    if (this.count >= this.#max) return NONE;
    const connection = this.count;
    if (!this.#place(segment, connection, previous)) return NONE;
    if (connection === this.#rows) this.#growRows();
    this.count++;
    this.#write(segment, connection, previous);
    return connection * 2;
  }

  #write(s: Segment, connection: number, previous: number): void {
    const rows = this.connections;
    const at = connection * CONNECTION_INTS;
    rows[at] = s.src0;
    rows[at + 1] = s.src1;
    rows[at + 2] = s.src2;
    rows[at + 3] = s.src3;
    rows[at + 4] = s.dst0;
    rows[at + 5] = s.dst1;
    rows[at + 6] = s.dst2;
    rows[at + 7] = s.dst3;
    rows[at + CONNECTION.port] = s.srcPort;
    rows[at + CONNECTION.port + 1] = s.dstPort;
    rows[at + CONNECTION.ipVersion] = s.ipVersion;
    const before = previous < 0 ? NONE : previous >> 1;
    rows[at + CONNECTION.previous] = before;
    rows[at + CONNECTION.incarnation] =
      before < 0 ? 0 : (rows[before * CONNECTION_INTS + CONNECTION.incarnation] ?? 0) + 1;
    rows[at + CONNECTION.synSide] = NONE;
    this.connectionDoubles.fill(Number.NaN, connection * CONNECTION_DOUBLES, (connection + 1) * CONNECTION_DOUBLES);
    this.#writeFlow(connection * 2);
    this.#writeFlow(connection * 2 + 1);
  }

  #writeFlow(flow: number): void {
    const at = flow * FLOW_INTS;
    this.flows[at + FLOW.window] = NONE;
    this.flows[at + FLOW.shift] = SHIFT_UNKNOWN;
    const doubles = flow * FLOW_DOUBLES;
    this.doubles[doubles + DOUBLE.holeAckedNs] = Number.NaN;
    this.doubles[doubles + DOUBLE.bareAckNs] = Number.NaN;
    this.doubles[doubles + DOUBLE.bareAckGapNs] = Number.NaN;
  }

  /** Side that the segment's source is on connection row `connection`, or NONE where the 4-tuple is another. */
  #sideOf(connection: number, s: Segment): number {
    const rows = this.connections;
    const at = connection * CONNECTION_INTS;
    const port0 = rows[at + CONNECTION.port];
    const port1 = rows[at + CONNECTION.port + 1];
    if (port0 === s.srcPort && port1 === s.dstPort && this.#isFrom(at, s)) return 0;
    if (port1 === s.srcPort && port0 === s.dstPort && this.#isTo(at, s)) return 1;
    return NONE;
  }

  #isFrom(at: number, s: Segment): boolean {
    const rows = this.connections;
    return (
      rows[at + 3] === s.src3 &&
      rows[at + 7] === s.dst3 &&
      rows[at + 2] === s.src2 &&
      rows[at + 6] === s.dst2 &&
      rows[at + 1] === s.src1 &&
      rows[at + 5] === s.dst1 &&
      rows[at] === s.src0 &&
      rows[at + 4] === s.dst0
    );
  }

  #isTo(at: number, s: Segment): boolean {
    const rows = this.connections;
    return (
      rows[at + 3] === s.dst3 &&
      rows[at + 7] === s.src3 &&
      rows[at + 2] === s.dst2 &&
      rows[at + 6] === s.src2 &&
      rows[at + 1] === s.dst1 &&
      rows[at + 5] === s.src1 &&
      rows[at] === s.dst0 &&
      rows[at + 4] === s.src0
    );
  }

  /** Enters `connection` into the slots, over its previous incarnation where there is one. */
  #place(segment: Segment, connection: number, previous: number): boolean {
    if (previous < 0 && (this.#used + 1) * 2 > this.#slots.length) this.#growSlots();
    const wanted = previous < 0 ? 0 : (previous >> 1) + 1;
    const slot = this.#seek(hashSegment(segment), wanted);
    if (slot < 0) return false;
    if (wanted === 0) this.#used++;
    this.#slots[slot] = connection + 1;
    return true;
  }

  #seek(hash: number, wanted: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (this.#slots[slot] === wanted) return slot;
      slot = (slot + 1) & mask;
    }
    return NONE;
  }

  /** Slots are never more than half full, so runs stay short. */
  #growSlots(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    for (const entry of old) {
      if (entry === 0) continue;
      const slot = this.#seek(this.#hashRow(entry - 1), 0);
      if (slot >= 0) this.#slots[slot] = entry;
    }
  }

  #hashRow(connection: number): number {
    return mix((this.#hashSide(connection, 0) + this.#hashSide(connection, 1)) | 0);
  }

  #hashSide(connection: number, side: Side): number {
    const rows = this.connections;
    const at = connection * CONNECTION_INTS + side * 4;
    const port = rows[connection * CONNECTION_INTS + CONNECTION.port + side] ?? 0;
    return hashEndpoint(rows[at] ?? 0, rows[at + 1] ?? 0, rows[at + 2] ?? 0, rows[at + 3] ?? 0, port);
  }

  #growRows(): void {
    this.#rows *= 2;
    const connections = new Int32Array(this.#rows * CONNECTION_INTS);
    connections.set(this.connections);
    this.connections = connections;
    const flows = new Int32Array(this.#rows * 2 * FLOW_INTS);
    flows.set(this.flows);
    this.flows = flows;
    const doubles = new Float64Array(this.#rows * 2 * FLOW_DOUBLES);
    doubles.set(this.doubles);
    this.doubles = doubles;
    const connectionDoubles = new Float64Array(this.#rows * CONNECTION_DOUBLES);
    connectionDoubles.set(this.connectionDoubles);
    this.connectionDoubles = connectionDoubles;
  }
}

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
