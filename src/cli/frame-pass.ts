import { LINK_NO_PACKET, Moment, type RecordBatch } from '../capture/index.ts';
import { Decoder, FLAG, type Segment, STOP } from '../decode/index.ts';
import { type FrameObserver, HttpPass, type HttpSink, type KeptFields } from '../http/index.ts';
import { type DumpedContent, type DumpedMoment, headersOf, renderFrame, renderHead } from '../report/index.ts';
import { DID, otherSide, type Side, type TcpKeeper, TcpPass, type TcpSink } from '../tcp/index.ts';
import { type KeyLog, TlsPass } from '../tls/index.ts';
import { QuietConnections } from './quiet-connections.ts';
import { tunnelOutlet } from './tunnel-outlet.ts';

const NONE = -1;
const NOTHING: DumpedContent = { headers: null, errorCode: null, lastStreamId: null };

/** The wire pass as far as HTTP, for the dump of frames: a line a frame and HTTP/1.1 head, in constant memory. */
export class FramePass implements TcpSink, TcpKeeper, HttpSink, FrameObserver {
  readonly #moment = new Moment();
  readonly #decoder: Decoder;
  readonly #tcp: TcpPass;
  readonly #tls: TlsPass;
  readonly #http: HttpPass;
  readonly #take: (line: string) => void;
  readonly #quiet = new QuietConnections();
  #paths: readonly string[] = [];
  #packets = 0;
  /** The packet in hand: its time is asked for only where a frame ends in it. Null when the capture has ended. */
  #batch: RecordBatch | null = null;
  #row = 0;
  #lastNs: bigint | null = null;
  /** The side that asked, of connections whose SYN was not seen. */
  readonly #askedBy = new Map<number, Side>();
  /** What runs in tunnels: the connection, and its CONNECT stream, by the number under which it is told. */
  readonly #tunnels = new Map<number, { readonly connection: number; readonly streamId: number }>();
  /** What a frame said that is about to be told, and on which connection. */
  #content: DumpedContent = NOTHING;
  #contentOf: number | null = null;
  /** As in WirePass: a connection whose FIN, or whose last packet, is being read. */
  #finishing = NONE;
  #finishingSide: Side = 0;
  #closing = NONE;

  constructor(keyLog: KeyLog, take: (line: string) => void) {
    this.#take = take;
    this.#decoder = new Decoder(this.#moment, (segment, view) => this.#segment(segment, view));
    this.#tcp = new TcpPass(this.#moment, this, { keeper: this });
    const outlet = tunnelOutlet(
      () => this.#http,
      () => this.#tls,
    );
    this.#http = new HttpPass(this.#moment, this, this, outlet);
    this.#tls = new TlsPass(keyLog, {
      bytes: (connection, side, view, at, end) => this.#http.bytes(connection, side, view, at, end),
      gap: (connection, side, lostBytes) => this.#http.gap(connection, side, lostBytes),
      decrypted: () => undefined,
    });
  }

  /** @param paths  of the capture's files, by the index that batches have */
  begin(paths: readonly string[]): void {
    this.#paths = paths;
  }

  consume(batch: RecordBatch): void {
    const moment = this.#moment;
    moment.file = batch.file;
    this.#batch = batch;
    for (let row = batch.firstRow; row < batch.count; row++) {
      const linkType = batch.linkType[row] ?? LINK_NO_PACKET;
      if (linkType === LINK_NO_PACKET) continue;
      moment.packet = batch.firstPacket + row;
      moment.ns[0] = batch.timeNs[row] ?? 0;
      moment.vantage = batch.vantage[row] ?? 0;
      this.#packets++;
      this.#row = row;
      this.#decode(batch, row, linkType);
    }
    // What is told at the end of the capture is told at its last packet, when the batch is gone.
    this.#lastNs = this.#epochNs();
    this.#batch = null;
  }

  /** Ends the pass: what was held back for bytes that never came is told. */
  finish(): void {
    this.#decoder.finish();
    this.#tcp.finish();
  }

  opened(connection: number, segment: Segment): void {
    const fromStart = (segment.flags & FLAG.syn) !== 0;
    this.#askedBy.delete(connection);
    this.#http.opened(connection, fromStart);
    this.#tls.opened(connection);
  }

  segment(connection: number, side: Side, _labels: number, did: number): void {
    this.#quiet.heard(connection, this.#packets);
    if ((did & DID.firstFin) !== 0) {
      this.#finishing = connection;
      this.#finishingSide = side;
    }
    if ((did & DID.over) !== 0) this.#closing = connection;
  }

  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    this.#tls.bytes(connection, side, view, at, end);
  }

  gap(connection: number, side: Side, lostBytes: number): void {
    this.#tls.gap(connection, side, lostBytes);
  }

  spare(): number {
    return this.#quiet.spare(this.#tcp.connections.rows);
  }

  released(connection: number): void {
    this.#close(connection);
  }

  headers(connection: number, side: Side, _streamId: number, fields: KeptFields): void {
    const carrying = this.#tunnels.get(connection)?.connection ?? connection;
    if (this.#tcp.connections.synSide(carrying) === undefined) {
      if (fields.method !== undefined) this.#askedBy.set(carrying, side);
      else if (fields.status !== undefined) this.#askedBy.set(carrying, otherSide(side));
    }
    this.#say(connection, { ...NOTHING, headers: headersOf(fields) });
  }

  rstStream(connection: number, _side: Side, _streamId: number, errorCode: number): void {
    this.#say(connection, { ...NOTHING, errorCode });
  }

  goaway(connection: number, _side: Side, lastStreamId: number, errorCode: number): void {
    this.#say(connection, { ...NOTHING, errorCode, lastStreamId });
  }

  protocol(): void {}

  tunnel(inner: number, connection: number, streamId: number): void {
    this.#tunnels.set(inner, { connection, streamId });
  }

  tunnelClosed(inner: number): void {
    this.#tunnels.delete(inner);
  }

  wantsPayload(): boolean {
    return false;
  }

  data(): void {}

  settings(): void {}

  ping(): void {}

  windowUpdate(): void {}

  lost(): void {}

  regained(): void {}

  frame(connection: number, side: Side, type: number, flags: number, streamId: number, length: number): void {
    this.#take(
      renderFrame(this.#momentOf(connection, side), { type, flags, streamId, length }, this.#said(connection)),
    );
  }

  head(connection: number, side: Side, isRequest: boolean, exchange: number, length: number): void {
    this.#take(renderHead(this.#momentOf(connection, side), { isRequest, exchange, length }, this.#said(connection)));
  }

  #decode(batch: RecordBatch, row: number, linkType: number): void {
    const decoder = this.#decoder;
    const at = batch.at[row] ?? 0;
    const end = at + (batch.capturedBytes[row] ?? 0);
    const stop = decoder.decode(batch.view, at, end, batch.originalBytes[row] ?? 0, linkType);
    if (stop === STOP.none) this.#segment(decoder.segment, batch.view);
    else if (stop === STOP.reassembled) this.#segment(decoder.segment, decoder.reassembled);
  }

  #segment(segment: Segment, view: DataView): void {
    this.#tcp.segment(segment, view);
    if (this.#finishing !== NONE) this.#http.finished(this.#finishing, this.#finishingSide);
    if (this.#closing !== NONE) this.#close(this.#closing);
    this.#finishing = this.#closing = NONE;
  }

  #close(connection: number): void {
    this.#tls.closed(connection);
    this.#http.closed(connection);
    this.#askedBy.delete(connection);
  }

  #say(connection: number, content: DumpedContent): void {
    this.#content = content;
    this.#contentOf = connection;
  }

  #said(connection: number): DumpedContent {
    const content = this.#contentOf === connection ? this.#content : NOTHING;
    this.#contentOf = null;
    return content;
  }

  #epochNs(): bigint | null {
    return this.#batch === null ? this.#lastNs : this.#batch.epochNs(this.#row);
  }

  #momentOf(connection: number, side: Side): DumpedMoment {
    const { connections } = this.#tcp;
    const tunnel = this.#tunnels.get(connection);
    const carrying = tunnel?.connection ?? connection;
    const client = connections.synSide(carrying) ?? this.#askedBy.get(carrying);
    return {
      packet: this.#moment.packet,
      file: this.#paths[this.#moment.file] ?? '',
      epochNs: this.#epochNs(),
      nth: connections.nth(carrying),
      tunnel: tunnel?.streamId ?? null,
      from: client === undefined ? null : client === side ? 'client' : 'server',
    };
  }
}
