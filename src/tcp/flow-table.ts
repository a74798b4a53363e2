import type { Segment } from '../decode/index.ts';
import {
  CONNECTION,
  CONNECTION_DOUBLE,
  CONNECTION_DOUBLES,
  CONNECTION_INTS,
  DOUBLE,
  FLOW,
  FLOW_DOUBLES,
  FLOW_INTS,
  NONE,
  SHIFT_UNKNOWN,
} from './flow-columns.ts';
import type { Side } from './sink.ts';

const CONNECTION_BYTES =
  4 * (CONNECTION_INTS + 2 * FLOW_INTS) + 8 * (CONNECTION_DOUBLES + 2 * FLOW_DOUBLES) + 4 * 4; /* four slots at worst */
/** What one connection takes in all stages and in the report beside its row here, as measured where each had a few debts and streams (bench/README.md). */
const CONNECTION_ELSEWHERE_BYTES = 22 * 1024;
const CONNECTIONS_MAX_BYTES = 256 * 2 ** 20;
/**
 * Connections followed at one time: about 11,600. Where all rows are taken the keeper names a connection to give up, so that a long
 * capture is limited by what is open in it and not by all that ever was.
 */
export const CONNECTIONS_MAX: number = Math.floor(
  CONNECTIONS_MAX_BYTES / (CONNECTION_BYTES + CONNECTION_ELSEWHERE_BYTES),
);
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

/**
 * Connections as typed-array rows: a connection row, then for each of its two flows one row of int32 and one of doubles.
 * Nothing here knows TCP; it finds rows by 4-tuple, grows by doubling, and uses the rows of removed connections again.
 */
export class FlowTable {
  /** Rows in use or used before; a connection's number is its row. */
  count = 0;
  /** Connections added so far. */
  added = 0;
  connections: Int32Array = new Int32Array(CONNECTIONS_MIN * CONNECTION_INTS);
  flows: Int32Array = new Int32Array(CONNECTIONS_MIN * 2 * FLOW_INTS);
  doubles: Float64Array = new Float64Array(CONNECTIONS_MIN * 2 * FLOW_DOUBLES);
  connectionDoubles: Float64Array = new Float64Array(CONNECTIONS_MIN * CONNECTION_DOUBLES);
  readonly #max: number;
  #rows = CONNECTIONS_MIN;
  /** Connection number + 1 of the newest incarnation of a 4-tuple; 0: free. */
  #slots: Int32Array = new Int32Array(CONNECTIONS_MIN * 2);
  #used = 0;
  readonly #free: number[] = [];

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
      const side = sideIn(this.connections, (entry - 1) * CONNECTION_INTS, segment);
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
    if (this.isFull) return NONE;
    const connection = this.#free.at(-1) ?? this.count;
    if (!this.#place(segment, connection, previous)) return NONE;
    if (connection === this.count) {
      if (connection === this.#rows) this.#growRows();
      this.count++;
    } else {
      this.#free.pop();
    }
    this.#write(segment, connection, previous);
    return connection * 2;
  }

  /** No row is left. */
  get isFull(): boolean {
    return this.count - this.#free.length >= this.#max;
  }

  /** Forgets a connection; its number is free for another. */
  remove(connection: number): void {
    this.#unlink(connection);
    this.connections.fill(0, connection * CONNECTION_INTS, (connection + 1) * CONNECTION_INTS);
    this.flows.fill(0, connection * 2 * FLOW_INTS, (connection + 1) * 2 * FLOW_INTS);
    this.doubles.fill(0, connection * 2 * FLOW_DOUBLES, (connection + 1) * 2 * FLOW_DOUBLES);
    this.connectionDoubles.fill(Number.NaN, connection * CONNECTION_DOUBLES, (connection + 1) * CONNECTION_DOUBLES);
    this.#free.push(connection);
  }

  /** Takes a connection out of the chain of its 4-tuple's incarnations, and the last one of them out of the slots. */
  #unlink(connection: number): void {
    const slot = this.#slotOf(connection);
    if (slot < 0) return;
    const before = this.#before(connection);
    const next = this.connectionDoubles[connection * CONNECTION_DOUBLES + CONNECTION_DOUBLE.next] ?? Number.NaN;
    if (before !== NONE) this.connectionDoubles[before * CONNECTION_DOUBLES + CONNECTION_DOUBLE.next] = next;
    if (!Number.isNaN(next)) this.connections[next * CONNECTION_INTS + CONNECTION.previous] = before;
    else if (before === NONE) this.#vacate(slot);
    else this.#slots[slot] = before + 1;
  }

  #before(connection: number): number {
    return this.connections[connection * CONNECTION_INTS + CONNECTION.previous] ?? NONE;
  }

  /** The slot of a connection's 4-tuple. */
  #slotOf(connection: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hashRow(connection) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0) return NONE;
      if (entry - 1 === connection || this.#isSameTuple(entry - 1, connection)) return slot;
      slot = (slot + 1) & mask;
    }
    return NONE;
  }

  #isSameTuple(a: number, b: number): boolean {
    return this.#isSameWay(a, 0, b) || this.#isSameWay(a, 1, b);
  }

  #isSameWay(a: number, sideOfA: Side, b: number): boolean {
    const rows = this.connections;
    for (let side = 0; side < 2; side++) {
      const rowOfA = a * CONNECTION_INTS + CONNECTION.address + (side ^ sideOfA) * 4;
      const rowOfB = b * CONNECTION_INTS + CONNECTION.address + side * 4;
      for (let word = 0; word < 4; word++) if (rows[rowOfA + word] !== rows[rowOfB + word]) return false;
      const portOfA = rows[a * CONNECTION_INTS + CONNECTION.port + (side ^ sideOfA)];
      if (portOfA !== rows[b * CONNECTION_INTS + CONNECTION.port + side]) return false;
    }
    return true;
  }

  /** Frees a slot and moves up those behind it that would no longer be found (Knuth, TAOCP 6.4, algorithm R). */
  #vacate(slot: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = slot;
    for (let next = (hole + 1) & mask; (slots[next] ?? 0) !== 0; next = (next + 1) & mask) {
      const home = this.#hashRow((slots[next] ?? 0) - 1) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      slots[hole] = slots[next] ?? 0;
      hole = next;
    }
    slots[hole] = 0;
    this.#used--;
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
    this.connectionDoubles[connection * CONNECTION_DOUBLES + CONNECTION_DOUBLE.nth] = this.added++;
    if (before !== NONE) this.connectionDoubles[before * CONNECTION_DOUBLES + CONNECTION_DOUBLE.next] = connection;
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

/** Side that the segment's source is on in the connection row at `at`, or NONE where the 4-tuple is another. */
function sideIn(rows: Int32Array, at: number, s: Segment): number {
  if (isSender(rows, at, 0, s)) return 0;
  return isSender(rows, at, 1, s) ? 1 : NONE;
}

function isSender(rows: Int32Array, at: number, side: Side, s: Segment): boolean {
  const port = at + CONNECTION.port;
  if (rows[port + side] !== s.srcPort || rows[port + 1 - side] !== s.dstPort) return false;
  const from = at + CONNECTION.address + side * 4;
  const to = at + CONNECTION.address + (1 - side) * 4;
  if (rows[from + 3] !== s.src3 || rows[to + 3] !== s.dst3) return false;
  // Two IPv4 addresses differ in nothing but the last word.
  if (s.ipVersion === 4 && rows[at + CONNECTION.ipVersion] === 4) return true;
  return (
    rows[from] === s.src0 &&
    rows[from + 1] === s.src1 &&
    rows[from + 2] === s.src2 &&
    rows[to] === s.dst0 &&
    rows[to + 1] === s.dst1 &&
    rows[to + 2] === s.dst2
  );
}
