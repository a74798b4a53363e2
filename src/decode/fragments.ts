import type { Moment } from '../capture/index.ts';
import type { Segment } from './segment.ts';

/** RFC 791 §3.1: a packet is at most 65,535 bytes, so its payload is. */
const PAYLOAD_MAX_BYTES = 65_535;
/** Fragments begin at multiples of this (RFC 791 §3.2, RFC 8200 §4.5). */
const UNIT_BYTES = 8;
const UNITS_MAX = Math.ceil(PAYLOAD_MAX_BYTES / UNIT_BYTES);
/** Packets in pieces at one time: 64 x (64 kB + 8 kB) = 4.5 MB where all are in use. */
export const FRAGMENTED_PACKETS_MAX = 64;
/** As Linux waits (net.ipv4.ipfrag_time); RFC 8200 §4.5 says 60 s, RFC 1122 §3.3.2 60 to 120 s. */
const WAIT_MAX_NS = 30 * 1_000_000_000;

const UNKNOWN = -1;

/** One packet whose fragments are being collected. */
export class Pieces {
  readonly view: DataView;
  readonly #bytes: Uint8Array;
  /** 1 for each unit that is there. */
  readonly #units: Uint8Array = new Uint8Array(UNITS_MAX);
  isUsed = false;
  /** The first fragment: its packet and time, and how much of its payload was captured and was there. */
  readonly firstNs: Float64Array = new Float64Array(1);
  firstPacket = 0;
  firstFile = 0;
  firstEnd = 0;
  firstBytes: number = UNKNOWN;
  /** Time of the latest fragment. */
  readonly lastNs: Float64Array = new Float64Array(1);
  /** Payload bytes of the whole packet, once its last fragment has come; else UNKNOWN. */
  totalBytes: number = UNKNOWN;
  /** Offset up to which all bytes that are there were captured, too. */
  capturedEnd: number = PAYLOAD_MAX_BYTES;
  /** Fragments so far. */
  count = 0;
  ipVersion = 0;
  src0 = 0;
  src1 = 0;
  src2 = 0;
  src3 = 0;
  dst0 = 0;
  dst1 = 0;
  dst2 = 0;
  dst3 = 0;
  id = 0;
  protocol = 0;
  ttl = 0;
  direction: Segment['direction'] = 0;

  constructor() {
    this.#bytes = new Uint8Array(PAYLOAD_MAX_BYTES);
    this.view = new DataView(this.#bytes.buffer);
  }

  /** Begins with the packet that the fragment in `from` belongs to. */
  begin(from: Segment): void {
    this.isUsed = true;
    this.#units.fill(0);
    this.firstBytes = UNKNOWN;
    this.totalBytes = UNKNOWN;
    this.capturedEnd = PAYLOAD_MAX_BYTES;
    this.count = 0;
    this.ipVersion = from.ipVersion;
    this.src0 = from.src0;
    this.src1 = from.src1;
    this.src2 = from.src2;
    this.src3 = from.src3;
    this.dst0 = from.dst0;
    this.dst1 = from.dst1;
    this.dst2 = from.dst2;
    this.dst3 = from.dst3;
    this.id = from.fragmentId;
    this.protocol = from.fragmentProtocol;
    this.ttl = from.ttl;
    this.direction = from.direction;
  }

  /** RFC 791 §3.2: fragments of one packet have addresses, identification and protocol in common (RFC 8200 §4.5 leaves out the last). */
  isOf(segment: Segment): boolean {
    return (
      this.isUsed &&
      this.id === segment.fragmentId &&
      this.ipVersion === segment.ipVersion &&
      this.src3 === segment.src3 &&
      this.dst3 === segment.dst3 &&
      this.src2 === segment.src2 &&
      this.dst2 === segment.dst2 &&
      this.src1 === segment.src1 &&
      this.dst1 === segment.dst1 &&
      this.src0 === segment.src0 &&
      this.dst0 === segment.dst0 &&
      (this.ipVersion === 6 || this.protocol === segment.fragmentProtocol)
    );
  }

  /** Adds a fragment whose payload lies in `view`. Bytes that are there already stay as they are. */
  add(view: DataView, segment: Segment, moment: Moment): void {
    const { fragmentOffset: offset, innerAt, innerEnd, innerWireEnd } = segment;
    const wireBytes = wholeUnits(innerWireEnd - innerAt, segment.fragmentMore);
    const capturedBytes = Math.max(0, Math.min(innerEnd - innerAt, wireBytes));
    this.count++;
    this.lastNs[0] = moment.ns[0] ?? 0;
    if (offset === 0 && this.firstBytes === UNKNOWN) {
      this.firstNs[0] = moment.ns[0] ?? 0;
      this.firstPacket = moment.packet;
      this.firstFile = moment.file;
      this.firstBytes = wireBytes;
      this.firstEnd = capturedBytes;
      // RFC 8200 §4.5: the next header's number is taken from the first fragment.
      this.protocol = segment.fragmentProtocol;
    }
    if (segment.fragmentMore === 0) this.totalBytes = offset + wireBytes;
    if (capturedBytes < wireBytes) this.capturedEnd = Math.min(this.capturedEnd, offset + capturedBytes);
    this.#copy(new Uint8Array(view.buffer, view.byteOffset + innerAt, capturedBytes), offset, wireBytes);
  }

  #copy(from: Uint8Array, offset: number, wireBytes: number): void {
    const units = this.#units;
    const first = offset / UNIT_BYTES;
    const last = Math.ceil((offset + wireBytes) / UNIT_BYTES);
    for (let unit = first; unit < last; unit++) {
      if (units[unit] === 1) continue;
      units[unit] = 1;
      const at = (unit - first) * UNIT_BYTES;
      this.#bytes.set(from.subarray(at, at + UNIT_BYTES), offset + at);
    }
  }

  get isWhole(): boolean {
    if (this.totalBytes === UNKNOWN) return false;
    const missing = this.#units.indexOf(0);
    return missing < 0 || missing * UNIT_BYTES >= this.totalBytes;
  }

  get hasFirst(): boolean {
    return this.firstBytes !== UNKNOWN;
  }

  /** Writes addresses and the like into `into`, as the first of the fragments had them. */
  describe(into: Segment): void {
    into.ipVersion = this.ipVersion;
    into.src0 = this.src0;
    into.src1 = this.src1;
    into.src2 = this.src2;
    into.src3 = this.src3;
    into.dst0 = this.dst0;
    into.dst1 = this.dst1;
    into.dst2 = this.dst2;
    into.dst3 = this.dst3;
    into.ttl = this.ttl;
    into.ipId = this.ipVersion === 4 ? this.id : -1;
    into.direction = this.direction;
    into.tunnels = 0;
  }
}

/** The packets whose fragments are being collected: at most FRAGMENTED_PACKETS_MAX, made when needed and used again. */
export class FragmentStore {
  readonly #packets: Pieces[] = [];

  /** Whether a fragment can be part of a packet at all; one beyond the largest packet is an attack (the "ping of death"). */
  static isSound(segment: Segment): boolean {
    const bytes = segment.innerWireEnd - segment.innerAt;
    if (segment.fragmentMore !== 0 && bytes < UNIT_BYTES) return false;
    return bytes >= 0 && segment.fragmentOffset + bytes <= PAYLOAD_MAX_BYTES;
  }

  /** The packet that a fragment belongs to; undefined where it is its first. */
  find(segment: Segment): Pieces | undefined {
    return this.#packets.find((pieces) => pieces.isOf(segment));
  }

  /** A free place; undefined where all are taken. */
  vacant(): Pieces | undefined {
    const free = this.#packets.find(({ isUsed }) => !isUsed);
    if (free !== undefined || this.#packets.length === FRAGMENTED_PACKETS_MAX) return free;
    const made = new Pieces();
    this.#packets.push(made);
    return made;
  }

  /** The packet that has waited longest. */
  oldest(): Pieces | undefined {
    let oldest: Pieces | undefined;
    for (const pieces of this.#packets) {
      if (!pieces.isUsed) continue;
      if (oldest === undefined || (pieces.lastNs[0] ?? 0) < (oldest.lastNs[0] ?? 0)) oldest = pieces;
    }
    return oldest;
  }

  /** The packet that has waited longest, where that is too long at `ns`. */
  expired(ns: number): Pieces | undefined {
    const oldest = this.oldest();
    return oldest !== undefined && ns - (oldest.lastNs[0] ?? 0) > WAIT_MAX_NS ? oldest : undefined;
  }
}

/** RFC 791 §3.2, RFC 8200 §4.5: all fragments but the last are whole units. Linux cuts the rest off, where a sender keeps no rule. */
function wholeUnits(bytes: number, more: number): number {
  return more === 0 ? bytes : bytes - (bytes % UNIT_BYTES);
}
