import { LINK_NO_PACKET, LINK_UNDECLARED, Moment, type RecordBatch } from '../capture/index.ts';
import { Decoder, isSegment, type Segment, STOP, type StopCode } from '../decode/index.ts';
import { DataTails, TAIL_UNKNOWN } from '../http/index.ts';
import { type Chooser, type ExtractRoom, NO_RANK } from '../report/index.ts';
import { type PointPlan, Points, type Side, TcpPass, type TcpSink } from '../tcp/index.ts';

/** What the first reading found, for the second to see no more of it. */
export interface FirstReading {
  readonly baseNs: bigint;
  /** By file. */
  readonly packets: readonly number[];
  /** What it left out of the files of several hosts. */
  readonly plan: PointPlan | undefined;
}

/** The wire pass as far as addresses and ports, for packets to be picked and kept; of those that a report is about as far as their frames. */
export class ExtractPass implements TcpSink {
  readonly #moment = new Moment();
  readonly #decoder: Decoder;
  readonly #chooser: Chooser;
  readonly #room: ExtractRoom;
  readonly #first: FirstReading;
  readonly #points: Points | undefined;
  readonly #tcp: TcpPass;
  readonly #tails = new DataTails();
  #packets = 0;
  /** Of the segment at hand: its bytes, and from where on there is only data; TAIL_UNKNOWN where that is not known. */
  #view: DataView | undefined;
  #payloadEnd = 0;
  #tail = TAIL_UNKNOWN;

  constructor(chooser: Chooser, room: ExtractRoom, first: FirstReading) {
    this.#decoder = new Decoder(this.#moment, () => {});
    this.#tcp = new TcpPass(this.#moment, this);
    this.#chooser = chooser;
    this.#room = room;
    this.#first = first;
    this.#points = first.plan === undefined ? undefined : new Points(this.#moment, first.plan);
  }

  consume(batch: RecordBatch): void {
    const moment = this.#moment;
    moment.file = batch.file;
    const last = this.#first.packets[batch.file] ?? 0;
    const aheadNs = this.#points?.aheadNs(batch.file) ?? 0;
    for (let row = batch.firstRow; row < batch.count; row++) {
      const linkType = batch.linkType[row] ?? LINK_UNDECLARED;
      moment.packet = batch.firstPacket + row;
      if (moment.packet > last) return;
      this.#packets++;
      if (linkType === LINK_NO_PACKET || linkType === LINK_UNDECLARED) continue;
      moment.ns[0] = (batch.timeNs[row] ?? 0) - aheadNs;
      moment.vantage = batch.vantage[row] ?? 0;
      this.#choose(batch, row, linkType);
    }
  }

  /** All that the first reading saw was read again. */
  get isOver(): boolean {
    return this.#packets >= this.#first.packets.reduce((sum, packets) => sum + packets, 0);
  }

  #choose(batch: RecordBatch, row: number, linkType: number): void {
    const { segment, quoted } = this.#decoder;
    const at = batch.at[row] ?? 0;
    const capturedBytes = batch.capturedBytes[row] ?? 0;
    const originalBytes = batch.originalBytes[row] ?? 0;
    const stop = this.#decoder.decode(batch.view, at, at + capturedBytes, originalBytes, linkType);
    if (isSegment(stop) && this.#points?.isElsewhere(segment) === true) return;
    const { file, packet, ns } = this.#moment;
    const timeNs = ns[0] ?? 0;
    const rank = this.#chooser.rank(file, packet, timeNs, capturedBytes, stop, segment, quoted);
    this.#follow(batch.view, stop, segment);
    if (rank === NO_RANK || !this.#room.takes(rank)) return;
    const { buffer, byteOffset } = batch.view;
    // Of a packet in fragments each is kept whole.
    const headerBytes = stop === STOP.none ? Math.min(segment.payloadAt - at, capturedBytes) : capturedBytes;
    this.#room.add({
      file,
      packet,
      vantage: batch.vantage[row] ?? 0,
      linkType,
      // A packet without a time has that of the one before it.
      epochNs: batch.epochNs(row) ?? this.#first.baseNs + BigInt(Math.round(timeNs)),
      originalBytes,
      capturedBytes,
      rank,
      headerBytes,
      frameBytes: this.#tail === TAIL_UNKNOWN ? headerBytes : this.#tail - at,
      comment: batch.comments.find((comment) => comment.row === row)?.text ?? null,
      bytes: new Uint8Array(buffer, byteOffset + at, capturedBytes).slice(),
      isShortened: false,
    });
  }

  #follow(view: DataView, stop: StopCode, segment: Segment): void {
    this.#tail = TAIL_UNKNOWN;
    if (!this.#chooser.isInvolved || !isSegment(stop)) return;
    this.#view = stop === STOP.none ? view : undefined;
    this.#payloadEnd = segment.payloadEnd;
    this.#tcp.segment(segment, stop === STOP.none ? view : this.#decoder.reassembled);
  }

  opened(connection: number): void {
    this.#tails.opened(connection);
  }

  /** What is sent again, or comes before its turn, has frames that are not looked at: it stays whole. */
  segment(connection: number, side: Side): void {
    if (this.#tails.isFollowed(connection, side) && this.#view !== undefined) this.#tail = this.#payloadEnd;
  }

  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    const tail = this.#tails.bytes(connection, side, view, at, end);
    if (view === this.#view && end === this.#payloadEnd) this.#tail = tail;
  }

  gap(connection: number, side: Side): void {
    this.#tails.gap(connection, side);
  }
}
