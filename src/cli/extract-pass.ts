import { LINK_NO_PACKET, LINK_UNDECLARED, Moment, type RecordBatch } from '../capture/index.ts';
import { Decoder, STOP, type StopCode } from '../decode/index.ts';
import { type Chooser, type ExtractRoom, NO_RANK } from '../report/index.ts';

/** What the first reading found, for the second to see no more of it. */
export interface FirstReading {
  readonly baseNs: bigint;
  /** By file. */
  readonly packets: readonly number[];
}

/** The wire pass as far as addresses and ports, for packets to be picked and kept. */
export class ExtractPass {
  readonly #moment = new Moment();
  readonly #decoder: Decoder;
  readonly #chooser: Chooser;
  readonly #room: ExtractRoom;
  readonly #first: FirstReading;
  #packets = 0;

  constructor(chooser: Chooser, room: ExtractRoom, first: FirstReading) {
    this.#decoder = new Decoder(this.#moment, () => {});
    this.#chooser = chooser;
    this.#room = room;
    this.#first = first;
  }

  consume(batch: RecordBatch): void {
    const moment = this.#moment;
    moment.file = batch.file;
    const last = this.#first.packets[batch.file] ?? 0;
    for (let row = batch.firstRow; row < batch.count; row++) {
      const linkType = batch.linkType[row] ?? LINK_UNDECLARED;
      moment.packet = batch.firstPacket + row;
      if (moment.packet > last) return;
      this.#packets++;
      if (linkType === LINK_NO_PACKET || linkType === LINK_UNDECLARED) continue;
      moment.ns[0] = batch.timeNs[row] ?? 0;
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
    const { file, packet, ns } = this.#moment;
    const timeNs = ns[0] ?? 0;
    const rank = this.#chooser.rank(file, packet, timeNs, capturedBytes, stop, segment, quoted);
    if (rank === NO_RANK || !this.#room.takes(rank)) return;
    const { buffer, byteOffset } = batch.view;
    this.#room.add({
      file,
      packet,
      vantage: batch.vantage[row] ?? 0,
      linkType,
      // A packet without a time has that of the one before it.
      epochNs: batch.epochNs(row) ?? this.#first.baseNs + BigInt(Math.round(timeNs)),
      originalBytes,
      rank,
      headerBytes: headerBytes(stop, segment.payloadAt - at, capturedBytes),
      comment: batch.comments.find((comment) => comment.row === row)?.text ?? null,
      bytes: new Uint8Array(buffer, byteOffset + at, capturedBytes).slice(),
      isShortened: false,
    });
  }
}

/** Of a packet in fragments each is kept whole. */
function headerBytes(stop: StopCode, payloadAt: number, capturedBytes: number): number {
  return stop === STOP.none ? Math.min(payloadAt, capturedBytes) : capturedBytes;
}
