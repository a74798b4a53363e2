import type { Moment } from '../capture/index.ts';
import type { KeptFields } from '../http/index.ts';
import type { Side } from '../tcp/index.ts';
import type { AskBooks } from './ask-books.ts';
import type { Books } from './books.ts';
import type { CarrierBook } from './carriers.ts';
import type { JoinBook } from './joins.ts';
import type { FlowNotes } from './flow-notes.ts';
import type { LiveStream } from './live-stream.ts';
import { MARK, type MarkBook } from './marks.ts';
import type { StreamBook } from './streams.ts';

/** RFC 9110 §15.2: interim responses; the final one follows. */
const FINAL_STATUS_MIN = 200;
/** RFC 9110 §15.2.2: the one of them after which no other follows, as the connection is now a tunnel. */
const SWITCHING_PROTOCOLS = 101;

/** What is said on a stream, wherever it runs: its request, its answer, its data, its end. */
export class StreamRecorder {
  readonly #moment: Moment;
  readonly #streams: StreamBook;
  readonly #carriers: CarrierBook;
  readonly #joins: JoinBook;
  readonly #asks: AskBooks;
  readonly #marks: MarkBook;
  readonly #notes: FlowNotes;

  constructor(moment: Moment, books: Books) {
    this.#moment = moment;
    this.#streams = books.streams;
    this.#carriers = books.carriers;
    this.#joins = books.joins;
    this.#asks = books.asks;
    this.#marks = books.marks;
    this.#notes = books.notes;
  }

  headers(stream: LiveStream, side: Side, fields: KeptFields, endStream: boolean): void {
    if (fields.method !== undefined && !stream.hasRequest) this.#request(stream, side, fields);
    else if (fields.status !== undefined) this.#response(stream, side, fields.status);
    if (fields.grpcStatus !== undefined) stream.grpcStatus = fields.grpcStatus;
    this.#end(stream, side, endStream);
  }

  /** @param stream  undefined: it begins with the frame that is asked for */
  wantsPayload(stream: LiveStream | undefined, side: Side): boolean {
    return stream === undefined || this.#joins.wantsPayload(stream, side);
  }

  data(stream: LiveStream, side: Side, dataBytes: number, fingerprint: number, endStream: boolean): void {
    if (dataBytes > 0) {
      if (fingerprint !== 0) this.#joins.payload(stream, side, dataBytes, fingerprint);
      stream.data(side, dataBytes, this.#moment);
    }
    this.#end(stream, side, endStream);
  }

  reset(stream: LiveStream, side: Side, errorCode: number): void {
    stream.reset(side, errorCode, this.#moment);
    this.#endInner(stream, side, true);
    this.#close(stream);
  }

  #request(stream: LiveStream, side: Side, fields: KeptFields): void {
    this.#marks.add(stream.connection, MARK.request, side, this.#moment);
    stream.ask(side, fields);
    this.#streams.asked(stream);
    this.#joins.request(stream, this.#notes.isBehindGap(stream.connection, side, this.#moment));
    this.#asks.request(stream.connection, side, stream);
  }

  #response(stream: LiveStream, side: Side, status: number | null): void {
    if (status !== null && status < FINAL_STATUS_MIN && status !== SWITCHING_PROTOCOLS) return;
    this.#marks.add(stream.connection, MARK.response, side, this.#moment);
    stream.respond(side, status, this.#moment);
  }

  #end(stream: LiveStream, side: Side, endStream: boolean): void {
    if (!endStream) return;
    const isFirst = !stream.hasEnded(side);
    stream.end(side, this.#moment);
    const isOver = stream.isClosed;
    if (isFirst && stream.newestInner !== null) this.#endInner(stream, side, isOver);
    if (isOver) this.#close(stream);
  }

  /** What waits in its tunnel cannot be answered any more. */
  #endInner(carrier: LiveStream, side: Side, isOver: boolean): void {
    this.#carriers.ended(carrier, side, isOver, this.#moment, (inner) => this.#close(inner));
  }

  #close(stream: LiveStream): void {
    if (stream.inner !== 0) this.#carriers.closed(stream.inner);
    this.#joins.closed(stream);
    this.#streams.close(stream);
  }
}
