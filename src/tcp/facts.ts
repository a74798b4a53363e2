import type { Opening } from './connection.ts';
import {
  CONNECTION,
  CONNECTION_DOUBLE,
  connectionDoublesRow,
  connectionRow,
  DOUBLE,
  doublesRow,
  FLOW,
  FLOW_FLAG,
  flowRow,
  NONE,
} from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import type { Side } from './sink.ts';

const LOOPBACK_NET = 127;

/** Read access to what the tcp stage knows of each connection, at any time of the pass. Numbers are as of the last segment. */
export class ConnectionFacts {
  readonly #table: FlowTable;

  constructor(table: FlowTable) {
    this.#table = table;
  }

  /** Connections so far, those given up included. */
  get count(): number {
    return this.#table.added;
  }

  /** Numbers in use or used before: all below this. */
  get rows(): number {
    return this.#table.count;
  }

  /** A connection's place in the order of first packets, from 0; its number may have been another's before. NaN for a number that is free. */
  nth(connection: number): number {
    return this.#table.connectionDoubles[connectionDoublesRow(connection) + CONNECTION_DOUBLE.nth] ?? 0;
  }

  /** Word 0..3 of a side's address, network order, as `Segment` has it. */
  addressWord(connection: number, side: Side, word: 0 | 1 | 2 | 3): number {
    return this.#connection(connection, CONNECTION.address + side * 4 + word);
  }

  /** Whether two sides have one address, whatever their ports. */
  isSameHost(a: number, sideOfA: Side, b: number, sideOfB: Side): boolean {
    const rows = this.#table.connections;
    const atA = connectionRow(a) + CONNECTION.address + sideOfA * 4;
    const atB = connectionRow(b) + CONNECTION.address + sideOfB * 4;
    return (
      rows[atA + 3] === rows[atB + 3] &&
      rows[atA + 2] === rows[atB + 2] &&
      rows[atA + 1] === rows[atB + 1] &&
      rows[atA] === rows[atB]
    );
  }

  /** In 127.0.0.0/8, or ::1: the capturing host's own, which no other can have (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
  isLoopback(connection: number, side: Side): boolean {
    const rows = this.#table.connections;
    const at = connectionRow(connection) + CONNECTION.address + side * 4;
    const last = rows[at + 3] ?? 0;
    if (this.ipVersion(connection) === 4) return last >>> 24 === LOOPBACK_NET;
    return last === 1 && rows[at] === 0 && rows[at + 1] === 0 && rows[at + 2] === 0;
  }

  port(connection: number, side: Side): number {
    return this.#connection(connection, CONNECTION.port + side);
  }

  /** 4 or 6. */
  ipVersion(connection: number): number {
    return this.#connection(connection, CONNECTION.ipVersion);
  }

  /** 0 for the first connection on its 4-tuple, then 1, 2, … */
  incarnation(connection: number): number {
    return this.#connection(connection, CONNECTION.incarnation);
  }

  /** The connection that had this 4-tuple before; undefined for the first. */
  previous(connection: number): number | undefined {
    const previous = this.#connection(connection, CONNECTION.previous);
    return previous === NONE ? undefined : previous;
  }

  /** Who sent the SYN (or got the SYN-ACK); undefined where neither was seen. */
  synSide(connection: number): Side | undefined {
    const side = this.#connection(connection, CONNECTION.synSide);
    return side === NONE ? undefined : side === 0 ? 0 : 1;
  }

  /** How it began: OPENING. */
  opening(connection: number): Opening {
    return this.#connection(connection, CONNECTION.opening) as Opening;
  }

  /** Time from the last SYN to the first ACK after it, in ns; NaN where the handshake was not seen. */
  initialRttNs(connection: number): number {
    return (
      this.#table.connectionDoubles[connectionDoublesRow(connection) + CONNECTION_DOUBLE.initialRttNs] ?? Number.NaN
    );
  }

  packets(connection: number, side: Side): number {
    return this.#flow(connection, side, FLOW.packets);
  }

  /** Payload bytes as sent, each stream byte counted once. */
  payloadBytes(connection: number, side: Side): number {
    return this.#double(connection, side, DOUBLE.payloadBytes);
  }

  /** Segments that send sequence space again (contract §3). */
  retransmissions(connection: number, side: Side): number {
    return this.#flow(connection, side, FLOW.retransmissions);
  }

  /** Keep-alive probes, those included that were recognised only afterwards; no window probes. */
  keepAliveProbes(connection: number, side: Side): number {
    return this.#flow(connection, side, FLOW.keepAliveProbes);
  }

  /** Answers of the peer to this side's probes; several unanswered probes can share one. */
  keepAlivesAnswered(connection: number, side: Side): number {
    return this.#flow(connection, side, FLOW.keepAlivesAnswered);
  }

  windowProbes(connection: number, side: Side): number {
    return this.#flow(connection, side, FLOW.windowProbes);
  }

  /** Stretches that came again with other bytes: while they waited behind a hole, or as a retransmission that begins otherwise. */
  differingOverlaps(connection: number, side: Side): number {
    return this.#flow(connection, side, FLOW.differingOverlaps);
  }

  /** Whether the side's last window was 0: its peer may send nothing but probes. */
  isZeroWindow(connection: number, side: Side): boolean {
    return (this.#flow(connection, side, FLOW.flags) & FLOW_FLAG.zeroWindow) !== 0;
  }

  /** Whether a packet of this side was captured. */
  isSeen(connection: number, side: Side): boolean {
    return this.#flow(connection, side, FLOW.packets) > 0;
  }

  /** Whether this side sent a RST that the peer would accept. */
  hasReset(connection: number, side: Side): boolean {
    return (this.#flow(connection, side, FLOW.flags) & FLOW_FLAG.reset) !== 0;
  }

  /** Stream offset after the highest sequence number sent: 0 is after the SYN, or the first number known. */
  sentOffset(connection: number, side: Side): number {
    return this.#double(connection, side, DOUBLE.sent);
  }

  /** Stream offset up to which the peer acknowledged this side's bytes. */
  ackedOffset(connection: number, side: Side): number {
    return this.#double(connection, side, DOUBLE.acked);
  }

  /** Sequence space sent and not acknowledged, SYN and FIN included. */
  bytesInFlight(connection: number, side: Side): number {
    return Math.max(0, this.sentOffset(connection, side) - this.ackedOffset(connection, side));
  }

  /** Initial sequence number as int32; without a captured SYN the first number seen, less one. */
  initialSeq(connection: number, side: Side): number {
    return this.#flow(connection, side, FLOW.isn);
  }

  #connection(connection: number, column: number): number {
    return this.#table.connections[connectionRow(connection) + column] ?? 0;
  }

  #flow(connection: number, side: Side, column: number): number {
    return this.#table.flows[flowRow(connection * 2 + side) + column] ?? 0;
  }

  #double(connection: number, side: Side, column: number): number {
    return this.#table.doubles[doublesRow(connection * 2 + side) + column] ?? 0;
  }
}
