import type { HttpSink, KeptFields, Protocol } from '../../src/http/index.ts';
import type { ProxiedClient, Side } from '../../src/tcp/index.ts';

/** One call of the http stage, as plain data. */
export type Told = readonly [call: keyof HttpSink, connection: number, ...rest: readonly unknown[]];

/** A sink that writes down what it is told. */
export class HttpRecord implements HttpSink {
  readonly calls: Told[] = [];

  protocol(connection: number, protocol: Protocol): void {
    this.calls.push(['protocol', connection, protocol]);
  }

  headers(connection: number, side: Side, streamId: number, fields: KeptFields, endStream: boolean): void {
    const told = Object.fromEntries(
      Object.entries(fields).filter(([key, value]) => value !== undefined && !(key === 'unknownNames' && value === 0)),
    );
    this.calls.push(['headers', connection, side, streamId, told, endStream]);
  }

  wantsPayload(): boolean {
    return true;
  }

  data(
    connection: number,
    side: Side,
    streamId: number,
    dataBytes: number,
    fingerprint: number,
    endStream: boolean,
  ): void {
    this.calls.push(['data', connection, side, streamId, dataBytes, fingerprint, endStream]);
  }

  reason(connection: number, streamId: number, reason: string): void {
    this.calls.push(['reason', connection, streamId, reason]);
  }

  rstStream(connection: number, side: Side, streamId: number, errorCode: number): void {
    this.calls.push(['rstStream', connection, side, streamId, errorCode]);
  }

  settings(connection: number, side: Side, ack: boolean, initialWindowBytes: number): void {
    const window = initialWindowBytes < 0 ? [] : [initialWindowBytes];
    this.calls.push(['settings', connection, side, ack, ...window]);
  }

  ping(connection: number, side: Side, ack: boolean, opaque0: number, opaque1: number): void {
    this.calls.push(['ping', connection, side, ack, opaque0, opaque1]);
  }

  goaway(connection: number, side: Side, lastStreamId: number, errorCode: number, debug: string): void {
    this.calls.push(['goaway', connection, side, lastStreamId, errorCode, debug]);
  }

  windowUpdate(connection: number, side: Side, streamId: number, incrementBytes: number): void {
    this.calls.push(['windowUpdate', connection, side, streamId, incrementBytes]);
  }

  proxied(connection: number, side: Side, { ipVersion, words, port }: Readonly<ProxiedClient>): void {
    this.calls.push(['proxied', connection, side, ipVersion, [...words], port]);
  }

  blanked(connection: number, side: Side): void {
    this.calls.push(['blanked', connection, side]);
  }

  tunnel(inner: number, connection: number, streamId: number, protocol: Protocol): void {
    this.calls.push(['tunnel', inner, connection, streamId, protocol]);
  }

  tunnelClosed(inner: number): void {
    this.calls.push(['tunnelClosed', inner]);
  }

  lost(connection: number, side: Side): void {
    this.calls.push(['lost', connection, side]);
  }

  regained(connection: number, side: Side): void {
    this.calls.push(['regained', connection, side]);
  }
}
