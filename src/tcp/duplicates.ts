import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import { FLOW, flowRow } from './flow-columns.ts';
import type { FlowTable } from './flow-table.ts';
import { differs, markOf, UNMARKED } from './payload-start.ts';
import { segmentBytes, seqDiff } from './sequence.ts';

/**
 * Copies of one packet: `-i any` on a node sees it on a veth, a bridge and a NIC; a mirror port where it comes in and where it goes out.
 * They are told from what was sent again by the sender's own marks: a stack gives each packet it sends another IP identification, and
 * a timestamp that moves. A wrong "copy" would hide a retransmission, which is worse than a copy that is missed: in doubt it is none.
 */

/** Packets of all flows that are remembered, in the order in which they came: 1024 x 44 bytes. */
export const RING_PACKETS = 1024;
/** Packets of its own flow that a segment is compared with. */
const COMPARED_MAX = 16;
/** The same for one that was sent again: it comes behind all that was in flight. */
const RESENT_COMPARED_MAX = 128;

/** Copies come within a queue's delay. Linux' shortest retransmission timeout is twice this (TCP_RTO_MIN, 200 ms). */
const SAME_ID_MAX_NS = 100 * 1_000_000;
/**
 * Without an identification that tells: below the 1 ms by which timestamps move, and below the 2 jiffies that Linux waits at least before
 * it sends a tail again (TCP_TIMEOUT_MIN); only acknowledgements of the peer can make it send again sooner.
 */
const NO_ID_MAX_NS = 1_000_000;

/** int32 columns of a remembered packet. */
const COLUMN = {
  /** Its number among all; 0: none. A row that holds another one was used again. */
  number: 0,
  /** Number of the flow's packet before it. */
  before: 1,
  seq: 2,
  ack: 3,
  /** Payload bytes and window, in one. */
  sizes: 4,
  /** Identification (-1: none) in the upper bits, flags in the lower 8. */
  idFlags: 5,
  tsVal: 6,
  /** Where it was seen, as `#placeOf` says; the lowest bit: it is a copy. */
  place: 7,
} as const;
const ROW_INTS = 8;
const FLAG_BITS = 8;
const COPY_BIT = 1;

/** What a walk through the flow's remembered packets found. */
const FOUND = { equal: 1, idsMove: 2, idsStand: 4 } as const;

/** Remembers the last packets, and says which are copies of them. */
export class Duplicates {
  readonly #moment: Moment;
  readonly #table: FlowTable;
  readonly #rows: Int32Array = new Int32Array(RING_PACKETS * ROW_INTS);
  readonly #ns: Float64Array = new Float64Array(RING_PACKETS);
  /** How the payload begins: `markOf`. */
  readonly #marks: Int32Array = new Int32Array(RING_PACKETS);
  #number = 0;
  /* What the last walk found: equal packets, those that are no copies, and those seen at the same place; the latest's number and distance. */
  #equal = 0;
  #originals = 0;
  #atThisPlace = 0;
  #latest = 0;
  readonly #distanceNs: Float64Array = new Float64Array(1);
  /** Copies so far. */
  count = 0;
  /** Packets sent again that may be copies of some which had to be forgotten. */
  unsure = 0;
  #isCut = false;

  constructor(moment: Moment, table: FlowTable) {
    this.#moment = moment;
    this.#table = table;
  }

  /** Remembers a packet of a flow; to be called for each. */
  note(flow: number, segment: Segment, view: DataView, isCopy: boolean): void {
    const flows = this.#table.flows;
    const rows = this.#rows;
    const last = flowRow(flow) + FLOW.lastNoted;
    const number = (this.#number + 1) | 0;
    this.#number = number;
    const slot = number & (RING_PACKETS - 1);
    const at = slot * ROW_INTS;
    rows[at + COLUMN.number] = number;
    rows[at + COLUMN.before] = flows[last] ?? 0;
    rows[at + COLUMN.seq] = segment.seq;
    rows[at + COLUMN.ack] = segment.ack;
    rows[at + COLUMN.sizes] = sizesOf(segment);
    rows[at + COLUMN.idFlags] = idFlagsOf(segment);
    rows[at + COLUMN.tsVal] = segment.tsVal;
    rows[at + COLUMN.place] = this.#placeOf(segment) | (isCopy ? COPY_BIT : 0);
    this.#ns[slot] = this.#moment.ns[0] ?? 0;
    this.#marks[slot] = markOf(segment, view);
    flows[last] = number;
  }

  /** The packet noted last bears no bytes of its stream: none is held against it. */
  blank(): void {
    this.#marks[this.#number & (RING_PACKETS - 1)] = UNMARKED;
  }

  /** Whether the packet noted last begins with other bytes than the first of its flow's remembered ones that begins where it does. */
  isOther(flow: number, segment: Segment): boolean {
    const rows = this.#rows;
    const mark = this.#marks[this.#number & (RING_PACKETS - 1)] ?? UNMARKED;
    let first = mark;
    let number = this.#table.flows[flowRow(flow) + FLOW.lastNoted] ?? 0;
    for (let compared = 0; number !== 0 && compared < RESENT_COMPARED_MAX; compared++) {
      const slot = number & (RING_PACKETS - 1);
      const at = slot * ROW_INTS;
      if (rows[at + COLUMN.number] !== number) break;
      const other = this.#marks[slot] ?? UNMARKED;
      if (rows[at + COLUMN.seq] === segment.seq && other !== UNMARKED) first = other;
      number = rows[at + COLUMN.before] ?? 0;
    }
    return differs(mark, first);
  }

  /** Whether the segment is a copy of a packet that came before it; to be asked before it is noted. */
  isCopy(flow: number, segment: Segment): boolean {
    const found = this.#walk(flow, segment);
    if ((found & FOUND.equal) === 0) return this.#isUnknown(flow, segment);
    const isCopy = this.#hasSameId(found, segment) || this.#isWithoutId(flow, segment);
    if (isCopy) this.count++;
    return isCopy;
  }

  /** No copy, as far as is known: where packets of the last moments were forgotten, bytes that come again may be one. @returns false */
  #isUnknown(flow: number, segment: Segment): boolean {
    if (!this.#isCut || segmentBytes(segment) === 0) return false;
    const oldest = (this.#number + 1) & (RING_PACKETS - 1);
    const ageNs = (this.#moment.ns[0] ?? 0) - (this.#ns[oldest] ?? 0);
    const isSentAgain = seqDiff(segment.seq, this.#table.flows[flowRow(flow) + FLOW.sentSeq] ?? 0) > 0;
    if (ageNs < SAME_ID_MAX_NS && isSentAgain) this.unsure++;
    return false;
  }

  /** The identification tells where the flow has shown that it moves; on a SYN, which no host sends again so soon, it does by itself. */
  #hasSameId(found: number, segment: Segment): boolean {
    if ((this.#distanceNs[0] ?? 0) > SAME_ID_MAX_NS || segment.ipId <= 0) return false;
    const moves = (found & (FOUND.idsMove | FOUND.idsStand)) === FOUND.idsMove;
    // RFC 6298 §2.1: the first timeout is a second.
    return moves || (segment.flags & (FLAG.syn | FLAG.ack)) === FLAG.syn;
  }

  /**
   * Identifications do not tell. Seen at another place, it is a copy, as long as this place has not shown as many as were sent.
   * At the same place its timestamp has to be the same, and nothing of the peer may have come that made its sender repeat itself.
   */
  #isWithoutId(flow: number, segment: Segment): boolean {
    if ((this.#distanceNs[0] ?? 0) >= NO_ID_MAX_NS) return false;
    if (this.#atThisPlace < this.#originals) return true;
    if ((segment.flags & (FLAG.syn | FLAG.ack)) === FLAG.syn) return true;
    // Bare acknowledgements are repeated on purpose, as fast as the data come that provoke them.
    if (segment.hasTimestamps === 0 || segmentBytes(segment) === 0) return false;
    const peerLast = this.#table.flows[flowRow(flow ^ 1) + FLOW.lastNoted] ?? 0;
    if (peerLast === 0 || ((this.#latest - peerLast) | 0) < 0) return false;
    // A SYN that came again is answered at once, and in the same moment the timer may send the SYN-ACK again (both wait a second, RFC 6298 §2.1):
    // question and answer pass the same places, so what goes beyond the copies of the SYN was sent.
    return (segment.flags & FLAG.syn) === 0 || this.#equal < this.#originals * this.#timesSeen(peerLast);
  }

  /** How often the capture has the packet of a number that is the last of its flow; COMPARED_MAX where it had to be forgotten. */
  #timesSeen(last: number): number {
    const rows = this.#rows;
    let number = last;
    for (let times = 1; times < COMPARED_MAX; times++) {
      const at = (number & (RING_PACKETS - 1)) * ROW_INTS;
      if (rows[at + COLUMN.number] !== number) break;
      if (((rows[at + COLUMN.place] ?? 0) & COPY_BIT) === 0) return times;
      number = rows[at + COLUMN.before] ?? 0;
    }
    return COMPARED_MAX;
  }

  #walk(flow: number, segment: Segment): number {
    const rows = this.#rows;
    const place = this.#placeOf(segment);
    let found = 0;
    this.#equal = 0;
    this.#originals = 0;
    this.#atThisPlace = 0;
    this.#isCut = false;
    let number = this.#table.flows[flowRow(flow) + FLOW.lastNoted] ?? 0;
    for (let compared = 0; number !== 0 && compared < COMPARED_MAX; compared++) {
      const slot = number & (RING_PACKETS - 1);
      const at = slot * ROW_INTS;
      this.#isCut = rows[at + COLUMN.number] !== number;
      if (this.#isCut) break;
      if (isEqual(rows, at, segment)) {
        if ((found & FOUND.equal) === 0) this.#remember(number, slot);
        found |= FOUND.equal;
        this.#equal++;
        const seen = rows[at + COLUMN.place] ?? 0;
        if ((seen & COPY_BIT) === 0) this.#originals++;
        if ((seen & ~COPY_BIT) === place) this.#atThisPlace++;
      } else if (segment.ipId > 0) {
        const isSameId = (rows[at + COLUMN.idFlags] ?? 0) >> FLAG_BITS === segment.ipId;
        found |= isSameId ? FOUND.idsStand : FOUND.idsMove;
      }
      number = rows[at + COLUMN.before] ?? 0;
    }
    return found;
  }

  #remember(number: number, slot: number): void {
    this.#latest = number;
    this.#distanceNs[0] = Math.abs((this.#moment.ns[0] ?? 0) - (this.#ns[slot] ?? 0));
  }

  /** Interface, tunnel, file, direction and TTL, mixed: two places that come out alike only make a copy harder to tell. */
  #placeOf(segment: Segment): number {
    const interfaces = segment.interfaceIndex ^ (this.#moment.vantage << 6) ^ (this.#moment.file << 12);
    const tunnel = segment.tunnels === 0 ? 0 : segment.tunnels ^ (segment.tunnelId << 3);
    return (((interfaces ^ tunnel) << 11) ^ (segment.direction << 9) ^ (segment.ttl << 1)) & ~COPY_BIT;
  }
}

function isEqual(rows: Int32Array, at: number, segment: Segment): boolean {
  return (
    rows[at + COLUMN.seq] === segment.seq &&
    rows[at + COLUMN.ack] === segment.ack &&
    rows[at + COLUMN.sizes] === sizesOf(segment) &&
    rows[at + COLUMN.idFlags] === idFlagsOf(segment) &&
    rows[at + COLUMN.tsVal] === segment.tsVal
  );
}

/** A payload above 64 kB runs into the window's bits; in packets that agree in all else that is no matter. */
function sizesOf(segment: Segment): number {
  return segment.payloadBytes ^ (segment.window << 16);
}

function idFlagsOf(segment: Segment): number {
  return (segment.ipId << FLAG_BITS) | segment.flags;
}
