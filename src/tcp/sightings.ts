import type { Moment } from '../capture/index.ts';
import { DIRECTION, FLAG, type Segment } from '../decode/index.ts';
import { hashEndpoint } from './flow-table.ts';
import { segmentBytes, seqAdd, seqDiff } from './sequence.ts';
import { type FileSpan, GOT_BITS, hopsOf, localSideOf, SENT_BITS, type Sighting } from './sighting.ts';
import type { Side } from './sink.ts';

/**
 * What each file shows of each connection: enough to tell, once all is read, which files were taken at another point of the same way, at
 * which end each of them stands, and how far their clocks are apart. Ends are in the order of their addresses here, since files begin with
 * packets of either.
 */

/** Pairs of connection and file: 16,384 x 0.25 kB = 4 MiB. Of further ones each packet is judged by itself (duplicates.ts). */
const SIGHTINGS_MAX = 16_384;
const SIGHTINGS_FIRST = 64;
/** Keys made to collide cost at most this many comparisons. */
const PROBES_MAX = 64;

/**
 * Packets of a connection that are compared: those whose marks have the smallest hashes, which are the same ones wherever it is seen. Their
 * lengths are no marks: a host that cuts or joins segments for its network card sees the same starts.
 */
const SAMPLES = 8;

/** int32 columns. */
const COLUMN = {
  address: 0,
  port: 8,
  file: 10,
  /** Who opened, plus 1; 0: no SYN was seen. */
  opener: 11,
  /** Bits: sent by the capturing host itself, by side; sent to it, by side. */
  local: 12,
  /** Highest TTL, by side. */
  ttl: 13,
  /** End of the segment whose acknowledgement is timed, by side; bits: there is one. */
  pendingEnd: 15,
  pending: 17,
  samples: 18,
  sample: 19,
} as const;
const INTS = 28;

/** Double columns. */
const DOUBLE = { bytes: 0, pendingNs: 2, answerNs: 4, sampleNs: 6 } as const;
const DOUBLES = 14;

const NONE = -1;

export class Sightings {
  readonly #moment: Moment;
  #ints: Int32Array = new Int32Array(SIGHTINGS_FIRST * INTS);
  #doubles: Float64Array = new Float64Array(SIGHTINGS_FIRST * DOUBLES);
  #slots: Int32Array = new Int32Array(SIGHTINGS_FIRST * 4);
  #last = NONE;
  #side: Side = 0;
  /** From and to, by file. */
  readonly #spans: Float64Array;
  count = 0;

  /** @param files  how many files the capture has */
  constructor(moment: Moment, files: number) {
    this.#moment = moment;
    this.#spans = new Float64Array(files * 2);
    for (let file = 0; file < files; file++)
      this.#spans.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], file * 2);
  }

  /** Takes a packet of the moment's file. */
  note(segment: Segment): void {
    const now = this.#moment.ns[0] ?? 0;
    const span = this.#moment.file * 2;
    if (now < (this.#spans[span] ?? 0)) this.#spans[span] = now;
    if (now > (this.#spans[span + 1] ?? 0)) this.#spans[span + 1] = now;
    let row = this.find(segment, this.#moment.file);
    if (row === NONE) row = this.#add(segment);
    if (row !== NONE) this.#take(row, this.#side, segment);
  }

  /** The row of the segment's connection in a file; -1 where there is none. */
  find(segment: Segment, file: number): number {
    this.#side = isLowerSender(segment) ? 0 : 1;
    if (this.#last !== NONE && this.#isOf(this.#last, segment, file)) return this.#last;
    const mask = this.#slots.length - 1;
    let slot = hashOf(segment, file) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const row = (this.#slots[slot] ?? 0) - 1;
      if (row < 0) return NONE;
      if (this.#isOf(row, segment, file)) {
        this.#last = row;
        return row;
      }
      slot = (slot + 1) & mask;
    }
    return NONE;
  }

  span(file: number): FileSpan {
    return { fromNs: this.#spans[file * 2] ?? 0, toNs: this.#spans[file * 2 + 1] ?? 0 };
  }

  all(): Sighting[] {
    return Array.from({ length: this.count }, (_, row) => this.#describe(row));
  }

  #isOf(row: number, s: Segment, file: number): boolean {
    const ints = this.#ints;
    const at = row * INTS;
    const low = this.#side === 0;
    return (
      ints[at + COLUMN.file] === file &&
      ints[at + COLUMN.port] === (low ? s.srcPort : s.dstPort) &&
      ints[at + COLUMN.port + 1] === (low ? s.dstPort : s.srcPort) &&
      ints[at + 3] === (low ? s.src3 : s.dst3) &&
      ints[at + 7] === (low ? s.dst3 : s.src3) &&
      ints[at + 2] === (low ? s.src2 : s.dst2) &&
      ints[at + 6] === (low ? s.dst2 : s.src2) &&
      ints[at + 1] === (low ? s.src1 : s.dst1) &&
      ints[at + 5] === (low ? s.dst1 : s.src1) &&
      ints[at] === (low ? s.src0 : s.dst0) &&
      ints[at + 4] === (low ? s.dst0 : s.src0)
    );
  }

  #add(s: Segment): number {
    if (this.count === SIGHTINGS_MAX) return NONE;
    const row = this.count;
    if ((row + 1) * INTS > this.#ints.length) this.#grow();
    if (!this.#place(hashOf(s, this.#moment.file), row)) return NONE;
    this.count++;
    const at = row * INTS;
    const low = this.#side === 0;
    const ends = [s.src0, s.src1, s.src2, s.src3, s.dst0, s.dst1, s.dst2, s.dst3];
    this.#ints.set(low ? ends : [...ends.slice(4), ...ends.slice(0, 4)], at);
    this.#ints.set(low ? [s.srcPort, s.dstPort] : [s.dstPort, s.srcPort], at + COLUMN.port);
    this.#ints[at + COLUMN.file] = this.#moment.file;
    this.#doubles.fill(Number.POSITIVE_INFINITY, row * DOUBLES + DOUBLE.answerNs, row * DOUBLES + DOUBLE.sampleNs);
    return row;
  }

  #place(hash: number, row: number): boolean {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (this.#slots[slot] === 0) {
        this.#slots[slot] = row + 1;
        return true;
      }
      slot = (slot + 1) & mask;
    }
    return false;
  }

  #grow(): void {
    const rows = (this.#ints.length / INTS) * 2;
    const ints = new Int32Array(rows * INTS);
    ints.set(this.#ints);
    this.#ints = ints;
    const doubles = new Float64Array(rows * DOUBLES);
    doubles.set(this.#doubles);
    this.#doubles = doubles;
    this.#slots = new Int32Array(rows * 4);
    for (let row = 0; row < this.count; row++) this.#place(this.#hashOfRow(row), row);
  }

  #hashOfRow(row: number): number {
    const at = row * INTS;
    const word = (column: number): number => this.#ints[at + column] ?? 0;
    const low = hashEndpoint(word(0), word(1), word(2), word(3), word(COLUMN.port));
    return mix(low + hashEndpoint(word(4), word(5), word(6), word(7), word(COLUMN.port + 1)), word(COLUMN.file));
  }

  #take(row: number, side: Side, segment: Segment): void {
    const ints = this.#ints;
    const at = row * INTS;
    if (segment.direction === DIRECTION.fromUs)
      ints[at + COLUMN.local] = (ints[at + COLUMN.local] ?? 0) | (SENT_BITS << side);
    else if (segment.direction === DIRECTION.toUs)
      ints[at + COLUMN.local] = (ints[at + COLUMN.local] ?? 0) | (GOT_BITS << side);
    if ((segment.flags & FLAG.syn) !== 0)
      ints[at + COLUMN.opener] = 1 + ((segment.flags & FLAG.ack) === 0 ? side : 1 - side);
    // A reset may come from a middlebox.
    if ((segment.flags & FLAG.rst) === 0 && segment.ttl > (ints[at + COLUMN.ttl + side] ?? 0))
      ints[at + COLUMN.ttl + side] = segment.ttl;
    const bytes = row * DOUBLES + DOUBLE.bytes + side;
    this.#doubles[bytes] = (this.#doubles[bytes] ?? 0) + segment.payloadBytes;
    this.#time(row, side, segment);
    this.#sample(row, marksOf(side, segment));
  }

  /** Times how soon a side acknowledges what passes here. */
  #time(row: number, side: Side, segment: Segment): void {
    const ints = this.#ints;
    const doubles = this.#doubles;
    const at = row * INTS;
    const other = 1 - side;
    const now = this.#moment.ns[0] ?? 0;
    const pending = ints[at + COLUMN.pending] ?? 0;
    const isAck = (segment.flags & FLAG.ack) !== 0 && (pending & (1 << other)) !== 0;
    if (isAck && seqDiff(ints[at + COLUMN.pendingEnd + other] ?? 0, segment.ack) >= 0) {
      const tookNs = now - (doubles[row * DOUBLES + DOUBLE.pendingNs + other] ?? 0);
      const least = row * DOUBLES + DOUBLE.answerNs + side;
      if (tookNs >= 0 && tookNs < (doubles[least] ?? 0)) doubles[least] = tookNs;
      ints[at + COLUMN.pending] = pending & ~(1 << other);
    }
    const bytes = segmentBytes(segment);
    if (bytes === 0 || (pending & (1 << side)) !== 0) return;
    ints[at + COLUMN.pending] = (ints[at + COLUMN.pending] ?? 0) | (1 << side);
    ints[at + COLUMN.pendingEnd + side] = seqAdd(segment.seq, bytes);
    doubles[row * DOUBLES + DOUBLE.pendingNs + side] = now;
  }

  /** Keeps the SAMPLES smallest hashes in order, each with the time of the first packet that has it. */
  #sample(row: number, hash: number): void {
    const ints = this.#ints;
    const from = row * INTS + COLUMN.sample;
    const count = ints[row * INTS + COLUMN.samples] ?? 0;
    if (count === SAMPLES && hash >= (ints[from + SAMPLES - 1] ?? 0)) return;
    let place = 0;
    while (place < count && (ints[from + place] ?? 0) < hash) place++;
    if (place < count && ints[from + place] === hash) return;
    const times = row * DOUBLES + DOUBLE.sampleNs;
    const kept = Math.min(count, SAMPLES - 1);
    ints.copyWithin(from + place + 1, from + place, from + kept);
    this.#doubles.copyWithin(times + place + 1, times + place, times + kept);
    ints[from + place] = hash;
    this.#doubles[times + place] = this.#moment.ns[0] ?? 0;
    ints[row * INTS + COLUMN.samples] = kept + 1;
  }

  #describe(row: number): Sighting {
    const ints = this.#ints.subarray(row * INTS, (row + 1) * INTS);
    const [sentZero = 0, sentOne = 0, , , answerZero = 0, answerOne = 0, ...times] = this.#doubles.subarray(
      row * DOUBLES,
      (row + 1) * DOUBLES,
    );
    const addresses = [ints.subarray(0, 4).join(' '), ints.subarray(4, COLUMN.port).join(' ')] as const;
    const ports = ints.subarray(COLUMN.port, COLUMN.file);
    const opener = ints[COLUMN.opener] ?? 0;
    const lowerPort = (ports[0] ?? 0) < (ports[1] ?? 0) ? 0 : 1;
    const hashes = ints.subarray(COLUMN.sample, COLUMN.sample + (ints[COLUMN.samples] ?? 0));
    return {
      row,
      file: ints[COLUMN.file] ?? 0,
      connection: [...addresses, ...ports].join(' '),
      addresses,
      server: opener === 0 ? lowerPort : opener === 1 ? 1 : 0,
      bytes: sentZero + sentOne,
      localSide: localSideOf(ints[COLUMN.local] ?? 0),
      hops: [hopsOf(ints[COLUMN.ttl] ?? 0), hopsOf(ints[COLUMN.ttl + 1] ?? 0)],
      answerNs: [answerZero, answerOne],
      samples: new Map([...hashes].map((hash, i) => [hash, times[i] ?? 0])),
    };
  }
}

function isLowerSender(s: Segment): boolean {
  if (s.src3 !== s.dst3) return s.src3 < s.dst3;
  if (s.src2 !== s.dst2) return s.src2 < s.dst2;
  if (s.src1 !== s.dst1) return s.src1 < s.dst1;
  if (s.src0 !== s.dst0) return s.src0 < s.dst0;
  return s.srcPort <= s.dstPort;
}

/** Both directions hash alike: the sum of both ends' hashes. */
function mix(ends: number, more: number): number {
  const sum = (ends + Math.imul(more, 0x9e3779b1)) | 0;
  const h = Math.imul(sum ^ (sum >>> 16), 0x7feb352d);
  return h ^ (h >>> 15);
}

function hashOf(s: Segment, file: number): number {
  const from = hashEndpoint(s.src0, s.src1, s.src2, s.src3, s.srcPort);
  return mix(from + hashEndpoint(s.dst0, s.dst1, s.dst2, s.dst3, s.dstPort), file);
}

/** What no router changes, and what a packet has for itself; in the lowest bit who sent it. */
function marksOf(side: Side, s: Segment): number {
  const numbers = Math.imul(s.seq, 0x2545f491) + Math.imul(s.ack, 0x85ebca6b);
  return (mix(numbers, s.hasTimestamps === 0 ? 0 : s.tsVal) & ~1) | side;
}
