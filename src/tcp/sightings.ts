import type { Moment } from '../capture/index.ts';
import { DIRECTION, FLAG, type Segment } from '../decode/index.ts';
import { CONNECTION, connectionRow, NONE, sideOf } from './flow-columns.ts';
import { CONNECTIONS_MAX, FlowTable } from './flow-table.ts';
import { segmentBytes, seqAdd, seqDiff } from './sequence.ts';
import { type FileSpan, GOT_BITS, hopsOf, localSideOf, SENT_BITS, type Sighting } from './sighting.ts';
import type { Side } from './sink.ts';

/**
 * What each file shows of each connection: enough to tell, once all is read, which files were taken at another point of the same way, at
 * which end each of them stands, and how far their clocks are apart. A connection is a 4-tuple here, through all files and incarnations.
 */

/** Pairs of connection and file: 16,384 x 0.2 kB = 3 MiB, and 6 MiB for the table. Of further ones each packet is judged by itself (duplicates.ts). */
export const SIGHTINGS_MAX = 16_384;
const SIGHTINGS_FIRST = 64;

/**
 * Packets of a connection that are compared: those whose marks have the smallest hashes, which are the same ones wherever it is seen. Their
 * lengths are no marks: a host that cuts or joins segments for its network card sees the same starts.
 */
const SAMPLES = 8;

/** int32 columns. */
const COLUMN = {
  connection: 0,
  file: 1,
  /** Row of the same connection in another file, plus 1; 0: none. */
  next: 2,
  /** Who opened, plus 1; 0: no SYN was seen. */
  opener: 3,
  /** Bits: sent by the capturing host itself, by side; sent to it, by side. */
  local: 4,
  /** Highest TTL, by side. */
  ttl: 5,
  /** End of the segment whose acknowledgement is timed, by side; bits: there is one. */
  pendingEnd: 7,
  pending: 9,
  samples: 10,
  sample: 11,
} as const;
const INTS: number = COLUMN.sample + SAMPLES;

/** Double columns. */
const DOUBLE = { bytes: 0, pendingNs: 2, answerNs: 4, sampleNs: 6 } as const;
const DOUBLES: number = DOUBLE.sampleNs + SAMPLES;

export class Sightings {
  readonly #moment: Moment;
  readonly #table = new FlowTable();
  /** By connection: its row added last, plus 1. */
  readonly #added = new Int32Array(CONNECTIONS_MAX);
  /** By connection: the row found last, plus 1, or the complement of the file that had none. Files are read one after another, or a few side by side. */
  readonly #found = new Int32Array(CONNECTIONS_MAX);
  #ints: Int32Array = new Int32Array(SIGHTINGS_FIRST * INTS);
  #doubles: Float64Array = new Float64Array(SIGHTINGS_FIRST * DOUBLES);
  /** From and to, by file. */
  readonly #spans: Float64Array;
  count = 0;
  /** Packets of connections for which there was no room. */
  refused = 0;

  /** @param files  how many files the capture has */
  constructor(moment: Moment, files: number) {
    this.#moment = moment;
    this.#spans = new Float64Array(files * 2);
    for (let file = 0; file < files; file++)
      this.#spans.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], file * 2);
  }

  /** Takes a packet of the moment's file. */
  note(segment: Segment): void {
    const { file } = this.#moment;
    const now = this.#moment.ns[0] ?? 0;
    const span = file * 2;
    if (now < (this.#spans[span] ?? 0)) this.#spans[span] = now;
    if (now > (this.#spans[span + 1] ?? 0)) this.#spans[span + 1] = now;
    let flow = this.#table.find(segment);
    if (flow === NONE) flow = this.#table.add(segment, NONE);
    let row = flow === NONE ? NONE : this.#rowOf(flow >> 1, file);
    if (flow !== NONE && row === NONE) row = this.#add(flow >> 1, file);
    if (row === NONE) this.refused++;
    else this.#take(row, sideOf(flow), segment);
  }

  /** The row of the segment's connection in a file; -1 where there is none. */
  find(segment: Segment, file: number): number {
    const flow = this.#table.find(segment);
    return flow === NONE ? NONE : this.#rowOf(flow >> 1, file);
  }

  span(file: number): FileSpan {
    return { fromNs: this.#spans[file * 2] ?? 0, toNs: this.#spans[file * 2 + 1] ?? 0 };
  }

  all(): Sighting[] {
    return Array.from({ length: this.count }, (_, row) => this.#describe(row));
  }

  #rowOf(connection: number, file: number): number {
    const ints = this.#ints;
    const found = this.#found[connection] ?? 0;
    if (found > 0 && ints[(found - 1) * INTS + COLUMN.file] === file) return found - 1;
    if (found === ~file) return NONE;
    let row = (this.#added[connection] ?? 0) - 1;
    while (row >= 0 && ints[row * INTS + COLUMN.file] !== file) row = (ints[row * INTS + COLUMN.next] ?? 0) - 1;
    this.#found[connection] = row < 0 ? ~file : row + 1;
    return row < 0 ? NONE : row;
  }

  #add(connection: number, file: number): number {
    if (this.count === SIGHTINGS_MAX) return NONE;
    const row = this.count++;
    const at = row * INTS;
    if (at + INTS > this.#ints.length) this.#grow();
    this.#ints[at + COLUMN.connection] = connection;
    this.#ints[at + COLUMN.file] = file;
    this.#ints[at + COLUMN.next] = this.#added[connection] ?? 0;
    this.#added[connection] = this.#found[connection] = row + 1;
    this.#doubles.fill(Number.POSITIVE_INFINITY, row * DOUBLES + DOUBLE.answerNs, row * DOUBLES + DOUBLE.sampleNs);
    return row;
  }

  #grow(): void {
    const ints = new Int32Array(this.#ints.length * 2);
    ints.set(this.#ints);
    this.#ints = ints;
    const doubles = new Float64Array(this.#doubles.length * 2);
    doubles.set(this.#doubles);
    this.#doubles = doubles;
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
    const connection = ints[COLUMN.connection] ?? 0;
    const ends = this.#table.connections.subarray(connectionRow(connection), connectionRow(connection + 1));
    const words = ends.subarray(CONNECTION.address, CONNECTION.port);
    const ports = ends.subarray(CONNECTION.port, CONNECTION.port + 2);
    const opener = ints[COLUMN.opener] ?? 0;
    const lowerPort = (ports[0] ?? 0) < (ports[1] ?? 0) ? 0 : 1;
    const hashes = ints.subarray(COLUMN.sample, COLUMN.sample + (ints[COLUMN.samples] ?? 0));
    return {
      row,
      file: ints[COLUMN.file] ?? 0,
      connection,
      addresses: [words.subarray(0, 4).join(' '), words.subarray(4).join(' ')],
      server: opener === 0 ? lowerPort : opener === 1 ? 1 : 0,
      bytes: sentZero + sentOne,
      localSide: localSideOf(ints[COLUMN.local] ?? 0),
      hops: [hopsOf(ints[COLUMN.ttl] ?? 0), hopsOf(ints[COLUMN.ttl + 1] ?? 0)],
      answerNs: [answerZero, answerOne],
      samples: new Map([...hashes].map((hash, i) => [hash, times[i] ?? 0])),
    };
  }
}

/** What no router changes, and what a packet has for itself; in the lowest bit who sent it. */
function marksOf(side: Side, s: Segment): number {
  const numbers = Math.imul(s.seq, 0x2545f491) + Math.imul(s.ack, 0x85ebca6b);
  const sum = (numbers + Math.imul(s.hasTimestamps === 0 ? 0 : s.tsVal, 0x9e3779b1)) | 0;
  const h = Math.imul(sum ^ (sum >>> 16), 0x7feb352d);
  return ((h ^ (h >>> 15)) & ~1) | side;
}
