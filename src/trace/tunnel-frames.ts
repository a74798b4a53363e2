import type { Moment } from '../capture/index.ts';
import type { ErrorReason, HttpSink, KeptFields } from '../http/index.ts';
import type { Side } from '../tcp/index.ts';
import type { Books } from './books.ts';
import type { CarrierBook } from './carriers.ts';
import type { LiveStream } from './live-stream.ts';
import { MARK, type MarkBook } from './marks.ts';
import type { StreamRecorder } from './stream-recorder.ts';
import type { StreamBook } from './streams.ts';
import type { UnreadBook } from './unread.ts';

/**
 * What the http stage tells of the bytes in a tunnel (RFC 9113 §8.5), under the number `inner`: streams, which are named by the connection
 * that carries them. What concerns the connection in the tunnel as such is not told of the one that carries it: whose windows, PINGs and
 * GOAWAYs these are nobody on that can know, and the DATA that bring them are told by themselves.
 */
export class TunnelFrames implements HttpSink {
  readonly #moment: Moment;
  readonly #said: StreamRecorder;
  readonly #streams: StreamBook;
  readonly #carriers: CarrierBook;
  readonly #unread: UnreadBook;
  readonly #marks: MarkBook;

  /** @param said  is told what stands on its streams */
  constructor(moment: Moment, books: Books, said: StreamRecorder) {
    this.#moment = moment;
    this.#said = said;
    this.#streams = books.streams;
    this.#carriers = books.carriers;
    this.#unread = books.unread;
    this.#marks = books.marks;
  }

  headers(inner: number, side: Side, streamId: number, fields: KeptFields, endStream: boolean): void {
    const isRequest = fields.method !== undefined;
    const stream = this.#streamOf(inner, streamId, isRequest ? side : null, isRequest);
    if (stream !== undefined) this.#said.headers(stream, side, fields, endStream);
  }

  wantsPayload(inner: number, side: Side, streamId: number): boolean {
    return this.#said.wantsPayload(this.#streams.find(inner, streamId), side);
  }

  data(inner: number, side: Side, streamId: number, dataBytes: number, fingerprint: number, endStream: boolean): void {
    const stream = this.#streamOf(inner, streamId, null, false);
    if (stream !== undefined) this.#said.data(stream, side, dataBytes, fingerprint, endStream);
  }

  reason(inner: number, streamId: number, reason: ErrorReason): void {
    const stream = this.#streams.find(inner, streamId);
    stream?.fail(reason);
  }

  rstStream(inner: number, side: Side, streamId: number, errorCode: number): void {
    const stream = this.#streams.find(inner, streamId);
    if (stream === undefined) return;
    this.#marks.add(stream.connection, MARK['rst-stream'], side, this.#moment);
    this.#said.reset(stream, side, errorCode);
  }

  protocol(): void {}

  settings(): void {}

  windowUpdate(): void {}

  ping(): void {}

  goaway(): void {}

  broken(inner: number, side: Side): void {
    const carrier = this.#carriers.of(inner);
    if (carrier !== undefined) this.#unread.missed(carrier.connection, side);
  }

  lost(inner: number, side: Side): void {
    this.#follows(inner, side, true);
  }

  regained(inner: number, side: Side): void {
    this.#follows(inner, side, false);
  }

  /** Of what a side says in a tunnel some cannot be read: that is some of what it says on the connection. */
  #follows(inner: number, side: Side, isLost: boolean): void {
    const carrier = this.#carriers.follows(inner, side, isLost);
    if (carrier !== undefined) this.#unread.missed(carrier.connection, side);
  }

  #streamOf(inner: number, streamId: number, askedBy: Side | null, sawRequest: boolean): LiveStream | undefined {
    const known = this.#streams.find(inner, streamId);
    if (known !== undefined) return known;
    const carrier = this.#carriers.of(inner);
    if (carrier === undefined) return undefined;
    return this.#streams.open(carrier.connection, carrier.nth, streamId, askedBy, sawRequest, carrier);
  }
}
