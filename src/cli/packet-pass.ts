import { LINK_NO_PACKET, LINK_UNDECLARED, Moment, type RecordBatch } from '../capture/index.ts';
import { Decoder, STOP, type StopCode } from '../decode/index.ts';
import { type DumpedConnection, type DumpedPacket, renderPacket } from '../report/index.ts';
import { type Side, type TcpKeeper, TcpPass, type TcpSink } from '../tcp/index.ts';
import { QuietConnections } from './quiet-connections.ts';

/** The wire pass as far as TCP, for the dump of packets: a line a packet, in constant memory. */
export class PacketPass implements TcpSink, TcpKeeper {
  readonly #moment = new Moment();
  readonly #decoder: Decoder;
  readonly #tcp: TcpPass;
  readonly #take: (line: string) => void;
  #paths: readonly string[] = [];
  /** What the tcp stage said of the packet at hand. */
  #connection: DumpedConnection | null = null;
  readonly #quiet = new QuietConnections();
  #packets = 0;

  constructor(take: (line: string) => void) {
    this.#take = take;
    // A packet that is told late has its line already; its connection is begun all the same, so that numbers are those of a report.
    this.#decoder = new Decoder(this.#moment, (segment, view) => this.#tcp.segment(segment, view));
    this.#tcp = new TcpPass(this.#moment, this, { keeper: this });
  }

  /** @param paths  of the capture's files, by the index that batches have */
  begin(paths: readonly string[]): void {
    this.#paths = paths;
  }

  consume(batch: RecordBatch): void {
    this.#moment.file = batch.file;
    for (let row = batch.firstRow; row < batch.count; row++) this.#take(renderPacket(this.#read(batch, row)));
  }

  #read(batch: RecordBatch, row: number): DumpedPacket {
    const moment = this.#moment;
    moment.packet = batch.firstPacket + row;
    moment.ns[0] = batch.timeNs[row] ?? 0;
    moment.vantage = batch.vantage[row] ?? 0;
    const linkType = batch.linkType[row] ?? LINK_UNDECLARED;
    const stop = this.#decode(batch, row, linkType);
    return {
      packet: moment.packet,
      file: this.#paths[batch.file] ?? '',
      epochNs: batch.epochNs(row),
      capturedBytes: batch.capturedBytes[row] ?? 0,
      originalBytes: batch.originalBytes[row] ?? 0,
      linkType: linkType === LINK_UNDECLARED || linkType === LINK_NO_PACKET ? null : linkType,
      stop,
      segment: this.#decoder.segment,
      connection: this.#connection,
      comment: commentOf(batch, row),
    };
  }

  #decode(batch: RecordBatch, row: number, linkType: number): StopCode {
    const decoder = this.#decoder;
    const at = batch.at[row] ?? 0;
    // What is no packet has bytes of its own form: the unknown link type keeps them from being read.
    const end = at + (linkType === LINK_NO_PACKET ? 0 : (batch.capturedBytes[row] ?? 0));
    const stop = decoder.decode(batch.view, at, end, batch.originalBytes[row] ?? 0, linkType);
    this.#connection = null;
    this.#packets++;
    if (stop === STOP.none) this.#tcp.segment(decoder.segment, batch.view);
    else if (stop === STOP.reassembled) this.#tcp.segment(decoder.segment, decoder.reassembled);
    return stop;
  }

  finish(): void {}

  opened(): void {}

  segment(connection: number, side: Side, labels: number): void {
    this.#tell(connection, side, labels, false);
  }

  copy(connection: number, side: Side): void {
    this.#tell(connection, side, 0, true);
  }

  bytes(): void {}

  gap(): void {}

  #tell(connection: number, side: Side, labels: number, isCopy: boolean): void {
    this.#quiet.heard(connection, this.#packets);
    const { connections } = this.#tcp;
    const client = connections.synSide(connection);
    const from = client === undefined ? null : client === side ? 'client' : 'server';
    this.#connection = { nth: connections.nth(connection), from, labels, isCopy };
  }

  spare(): number {
    return this.#quiet.spare(this.#tcp.connections.rows);
  }

  released(): void {}
}

function commentOf(batch: RecordBatch, row: number): string | null {
  const texts = batch.comments.filter((comment) => comment.row === row).map(({ text }) => text);
  return texts.length === 0 ? null : texts.join('\n');
}
