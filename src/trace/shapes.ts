import type { Moment } from '../capture/index.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import { overheadOf, type TlsFacts } from '../tls/index.ts';
import { SHAPE_ECHO_NS, SHAPE_REACTION_NS } from './limits.ts';
import type { Inferred } from './model.ts';
import { grown, packed, roomFor, unpackedRef } from './ref-table.ts';

/** What a record is taken for, by its size. */
export const SHAPE = {
  none: 0,
  /** RST_STREAM or WINDOW_UPDATE (RFC 9113 §6.4, §6.9): which of them cannot be told. */
  control: 1,
  /** A PING's ACK: the last record of that size from the other side was the PING (RFC 9113 §6.7). */
  echo: 2,
  /** HEADERS or DATA of the client, so that something was asked. */
  request: 3,
  /** The same where no handshake tells who is the client, but its port does; or over HTTP/1.1, where it is the client's turn. */
  supposed: 4,
} as const;
export type Shape = (typeof SHAPE)[keyof typeof SHAPE];

const APPLICATION_DATA = 23;
/** Frames by their length, with their header: an acknowledgement of SETTINGS, RST_STREAM and WINDOW_UPDATE, PING. */
const ACK_BYTES = 9;
const CONTROL_BYTES = 13;
const PING_BYTES = 17;
/** No HEADERS or DATA but empty ones are shorter, and what is longer may be a greeting: SETTINGS with a WINDOW_UPDATE. */
const REQUEST_BYTES_MIN = 14;
/** Records of a client before its first request: Finished (TLS 1.3), and its preface. */
const GREETINGS = 2;
const TLS_1_3 = 0x0304;
/** TLS 1.3 with any suite but CCM_8: a shorter record than any of TLS 1.2 with an HTTP/2 frame proves it, where the handshake was not captured. */
const OVERHEAD_TLS13 = 17;
const OVERHEAD_GCM = 24;

/** A connection's cells. `overhead`: 0 while it is not known, NEVER where nothing is inferred; `client`: 1 + its side, 0 while it is not known. */
const LINE = { overhead: 0, client: 1 } as const;
const LINE_CELLS = 2;
const NEVER = -1;
/** HTTP/1.1 inside, as far as the hellos tell: whoever speaks after the other has spoken asks. */
const TURNS = -2;
/** A flow's cells; `waiting`: its last record of a PING's size that nothing answered yet; where there is none, its packet is 0. */
const FLOW = {
  records: 0,
  waitingNs: 1,
  waitingPacket: 2,
  answered: 3,
  unanswered: 4,
  controls: 5,
  requests: 6,
  requestNs: 7,
  requestPacket: 8,
  lastNs: 9,
} as const;
const FLOW_CELLS = 10;

/**
 * What the sizes of TLS records tell of HTTP/2 inside them where there are no keys (docs/inference.md has each rule with its error). Nothing
 * is kept of a record but counts and the last request.
 */
export class ShapeBook {
  readonly #moment: Moment;
  #lines = new Int32Array(64 * LINE_CELLS);
  #flows = new Float64Array(128 * FLOW_CELLS);

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  opened(connection: number): void {
    // Rows are made with the first record: most captures have none.
    this.#flows.fill(0, 2 * connection * FLOW_CELLS, (2 * connection + 2) * FLOW_CELLS);
    this.#lines.fill(0, connection * LINE_CELLS, (connection + 1) * LINE_CELLS);
  }

  /**
   * @param bytes of its fragment
   * @param supposed who is taken for the client where no hello tells; null: nobody
   * @returns what it is taken for
   */
  record(
    connection: number,
    side: Side,
    type: number,
    bytes: number,
    facts: TlsFacts | null,
    supposed: Side | null = null,
  ): Shape {
    if (type !== APPLICATION_DATA) return SHAPE.none;
    this.#grow(connection);
    const line = connection * LINE_CELLS;
    const flow = (2 * connection + side) * FLOW_CELLS;
    const nth = this.#count(flow, FLOW.records);
    if (this.#lines[line + LINE.overhead] === 0) this.#learn(line, bytes, facts);
    const overhead = this.#lines[line + LINE.overhead] ?? NEVER;
    const beforeNs = this.#flows[flow + FLOW.lastNs] ?? 0;
    this.#flows[flow + FLOW.lastNs] = this.#moment.ns[0] ?? 0;
    if (overhead === TURNS) return this.#isTurn(connection, side, nth, beforeNs, facts) ? SHAPE.supposed : SHAPE.none;
    if (overhead === NEVER) return SHAPE.none;
    const asks = facts === null && side === supposed;
    if (overhead === 0) {
      if (bytes === PING_BYTES + OVERHEAD_GCM) return this.#ping(connection, side);
      return asks && bytes > PING_BYTES + OVERHEAD_GCM ? SHAPE.supposed : SHAPE.none;
    }
    const inner = bytes - overhead;
    if (inner === PING_BYTES) return this.#ping(connection, side);
    if (inner === CONTROL_BYTES) return this.#control(flow);
    if (inner === ACK_BYTES || (isControls(inner) && this.#isReaction(connection, side))) return SHAPE.none;
    if (asks) return inner >= REQUEST_BYTES_MIN ? SHAPE.supposed : SHAPE.none;
    return this.#message(connection, side, inner, nth);
  }

  #grow(connection: number): void {
    const flows = roomFor(this.#flows.length, (2 * connection + 2) * FLOW_CELLS);
    if (flows > this.#flows.length) this.#flows = grown(this.#flows, new Float64Array(flows));
    const lines = roomFor(this.#lines.length, (connection + 1) * LINE_CELLS);
    if (lines > this.#lines.length) this.#lines = grown(this.#lines, new Int32Array(lines));
  }

  #control(flow: number): Shape {
    this.#count(flow, FLOW.controls);
    return SHAPE.control;
  }

  #message(connection: number, side: Side, inner: number, nth: number): Shape {
    if (this.#clientOf(connection) !== side || inner < REQUEST_BYTES_MIN || nth <= GREETINGS) return SHAPE.none;
    const flow = (2 * connection + side) * FLOW_CELLS;
    this.#count(flow, FLOW.requests);
    this.#flows[flow + FLOW.requestNs] = this.#moment.ns[0] ?? 0;
    this.#flows[flow + FLOW.requestPacket] = packed(this.#moment);
    return SHAPE.request;
  }

  /** @param beforeNs when this side had spoken last */
  #isTurn(connection: number, side: Side, nth: number, beforeNs: number, facts: TlsFacts | null): boolean {
    if (this.#clientOf(connection) !== side) return false;
    // In TLS 1.3 its Finished is the first.
    const finished = facts?.version === TLS_1_3 ? 1 : 0;
    if (nth <= finished + 1) return nth === finished + 1;
    const other = (2 * connection + otherSide(side)) * FLOW_CELLS;
    return (this.#flows[other + FLOW.records] ?? 0) > 0 && (this.#flows[other + FLOW.lastNs] ?? 0) >= beforeNs;
  }

  /** The other side had said something just before. */
  #isReaction(connection: number, side: Side): boolean {
    const other = (2 * connection + otherSide(side)) * FLOW_CELLS;
    const ageNs = (this.#moment.ns[0] ?? 0) - (this.#flows[other + FLOW.lastNs] ?? 0);
    return (this.#flows[other + FLOW.records] ?? 0) > 0 && ageNs <= SHAPE_REACTION_NS;
  }

  #clientOf(connection: number): Side | null {
    const client = this.#lines[connection * LINE_CELLS + LINE.client];
    return client === 1 ? 0 : client === 2 ? 1 : null;
  }

  /** @returns null where nothing is inferred */
  of(connection: number): Inferred | null {
    const cell = (side: Side, column: number): number =>
      this.#flows[(2 * connection + side) * FLOW_CELLS + column] ?? 0;
    const controls: [number, number] = [cell(0, FLOW.controls), cell(1, FLOW.controls)];
    const pings: Inferred['pings'] = [this.#pingsOf(connection, 0), this.#pingsOf(connection, 1)];
    const client = this.#clientOf(connection);
    const requests = client === null ? null : cell(client, FLOW.requests);
    if (pings[0].sent + pings[1].sent + controls[0] + controls[1] + (requests ?? 0) === 0) return null;
    const lastRequest =
      client === null ? null : unpackedRef(cell(client, FLOW.requestNs), cell(client, FLOW.requestPacket));
    return { pings, controls, requests, lastRequest };
  }

  #pingsOf(connection: number, side: Side): { sent: number; answered: number } {
    const flow = (2 * connection + side) * FLOW_CELLS;
    const answered = this.#flows[flow + FLOW.answered] ?? 0;
    if (answered === 0) return { sent: 0, answered: 0 };
    const isWaiting = (this.#flows[flow + FLOW.waitingPacket] ?? 0) > 0;
    return { sent: answered + (this.#flows[flow + FLOW.unanswered] ?? 0) + (isWaiting ? 1 : 0), answered };
  }

  /** What the handshake said; else what the sizes themselves do. */
  #learn(line: number, bytes: number, facts: TlsFacts | null): void {
    if (facts === null) {
      if (bytes < ACK_BYTES + OVERHEAD_GCM) this.#lines[line + LINE.overhead] = OVERHEAD_TLS13;
      return;
    }
    const { chosen, offered, cipherSuite, clientSide, version } = facts;
    if (cipherSuite === null) return;
    const isHttp2 = chosen === null ? version === TLS_1_3 && offered.includes('h2') : chosen === 'h2';
    const otherwise = isHttp2 || clientSide === null ? NEVER : TURNS;
    this.#lines[line + LINE.overhead] = isHttp2 ? (overheadOf(cipherSuite) ?? NEVER) : otherwise;
    this.#lines[line + LINE.client] = clientSide === null ? 0 : clientSide + 1;
  }

  #ping(connection: number, side: Side): Shape {
    const own = (2 * connection + side) * FLOW_CELLS;
    const other = (2 * connection + otherSide(side)) * FLOW_CELLS;
    const nowNs = this.#moment.ns[0] ?? 0;
    const wasAsked = (this.#flows[other + FLOW.waitingPacket] ?? 0) > 0;
    if (wasAsked && nowNs - (this.#flows[other + FLOW.waitingNs] ?? 0) <= SHAPE_ECHO_NS) {
      this.#count(other, FLOW.answered);
      this.#flows[other + FLOW.waitingPacket] = 0;
      return SHAPE.echo;
    }
    if ((this.#flows[own + FLOW.waitingPacket] ?? 0) > 0) this.#count(own, FLOW.unanswered);
    this.#flows[own + FLOW.waitingNs] = nowNs;
    this.#flows[own + FLOW.waitingPacket] = packed(this.#moment);
    return SHAPE.none;
  }

  #count(flow: number, column: number): number {
    const count = (this.#flows[flow + column] ?? 0) + 1;
    this.#flows[flow + column] = count;
    return count;
  }
}

/** WINDOW_UPDATEs that one record may hold, of the connection and of streams; as many bytes more would be a short request. */
const CONTROLS_MAX = 4;

/**
 * As long as what a reader says to what it got, in one record: WINDOW_UPDATEs (RFC 9113 §6.9), with a PING (§6.7), an acknowledgement of SETTINGS
 * (§6.5.3), or both.
 */
function isControls(inner: number): boolean {
  for (let pings = 0; pings * PING_BYTES <= inner && pings <= 1; pings++)
    for (let acks = 0; acks <= 1; acks++)
      if (isTimes(inner - pings * PING_BYTES - acks * ACK_BYTES, CONTROL_BYTES)) return true;
  return false;
}

/** No more than CONTROLS_MAX of them, and nothing besides. */
function isTimes(bytes: number, each: number): boolean {
  return bytes >= 0 && bytes % each === 0 && bytes / each <= CONTROLS_MAX;
}
