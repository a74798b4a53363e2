import type { Moment } from '../capture/index.ts';
import type { ErrorReason, HttpSink, KeptFields, Protocol } from '../http/index.ts';
import type { ProxiedClient, Side } from '../tcp/index.ts';
import type { Books } from './books.ts';
import { ConnectionFrames } from './connection-frames.ts';
import { StreamRecorder } from './stream-recorder.ts';
import { TunnelFrames } from './tunnel-frames.ts';

/** What the http stage tells, under a connection's number or, of what runs in a tunnel, under one below 0: to each its own sink. */
export class HttpRecorder implements HttpSink {
  readonly #onConnections: HttpSink;
  readonly #inTunnels: HttpSink;

  constructor(moment: Moment, books: Books) {
    const said = new StreamRecorder(moment, books);
    this.#onConnections = new ConnectionFrames(moment, books, said);
    this.#inTunnels = new TunnelFrames(moment, books, said);
  }

  protocol(connection: number, protocol: Protocol): void {
    this.#of(connection).protocol(connection, protocol);
  }

  headers(connection: number, side: Side, streamId: number, fields: KeptFields, endStream: boolean): void {
    this.#of(connection).headers(connection, side, streamId, fields, endStream);
  }

  wantsPayload(connection: number, side: Side, streamId: number): boolean {
    return this.#of(connection).wantsPayload(connection, side, streamId);
  }

  data(
    connection: number,
    side: Side,
    streamId: number,
    dataBytes: number,
    fingerprint: number,
    endStream: boolean,
  ): void {
    this.#of(connection).data(connection, side, streamId, dataBytes, fingerprint, endStream);
  }

  reason(connection: number, streamId: number, reason: ErrorReason): void {
    this.#of(connection).reason?.(connection, streamId, reason);
  }

  rstStream(connection: number, side: Side, streamId: number, errorCode: number): void {
    this.#of(connection).rstStream(connection, side, streamId, errorCode);
  }

  settings(connection: number, side: Side, ack: boolean, initialWindowBytes: number): void {
    this.#of(connection).settings(connection, side, ack, initialWindowBytes);
  }

  ping(connection: number, side: Side, ack: boolean, opaque0: number, opaque1: number): void {
    this.#of(connection).ping(connection, side, ack, opaque0, opaque1);
  }

  goaway(connection: number, side: Side, lastStreamId: number, errorCode: number, debug: string): void {
    this.#of(connection).goaway(connection, side, lastStreamId, errorCode, debug);
  }

  windowUpdate(connection: number, side: Side, streamId: number, incrementBytes: number): void {
    this.#of(connection).windowUpdate(connection, side, streamId, incrementBytes);
  }

  proxied(connection: number, side: Side, client: Readonly<ProxiedClient>): void {
    this.#of(connection).proxied?.(connection, side, client);
  }

  blanked(connection: number, side: Side): void {
    this.#of(connection).blanked?.(connection, side);
  }

  /** No tunnel runs in another. */
  tunnel(inner: number, connection: number, streamId: number, protocol: Protocol): void {
    this.#onConnections.tunnel?.(inner, connection, streamId, protocol);
  }

  tunnelClosed(inner: number): void {
    this.#onConnections.tunnelClosed?.(inner);
  }

  broken(connection: number, side: Side): void {
    this.#of(connection).broken?.(connection, side);
  }

  lost(connection: number, side: Side): void {
    this.#of(connection).lost(connection, side);
  }

  regained(connection: number, side: Side): void {
    this.#of(connection).regained(connection, side);
  }

  #of(connection: number): HttpSink {
    return connection < 0 ? this.#inTunnels : this.#onConnections;
  }
}
