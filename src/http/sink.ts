import type { ErrorReason } from './error-reason.ts';
import type { ProxiedClient, Side } from '../tcp/index.ts';

/** What speaks on a connection, as far as its bytes told. */
export type Protocol = 'unknown' | 'h2' | 'http1' | 'tls';

/**
 * The kept fields of one field block (allow-list of design §4). Strings are as on the wire (latin1), masked where they could carry a secret.
 * `undefined`: the block has no such field. `null`: the field is there, its value cannot be known (the dynamic table's start was not captured).
 *
 * Reused: valid until the call returns.
 */
export interface KeptFields {
  method: string | null | undefined;
  path: string | null | undefined;
  authority: string | null | undefined;
  /** The :status value; 0 where unreadable. */
  status: number | null | undefined;
  userAgent: string | null | undefined;
  requestId: string | null | undefined;
  traceparent: string | null | undefined;
  grpcStatus: string | null | undefined;
  contentType: string | null | undefined;
  server: string | null | undefined;
  /** Fields whose name itself is unknown (a dynamic reference into the part of the table that was not captured). */
  unknownNames: number;
}

/**
 * What the http stage tells its right, in the order of the bytes. `side` sent it.
 * Frames are told when they are complete, at the packet that completed them.
 */
export interface HttpSink {
  /** The protocol of a connection became known; told again where HTTP/1.1 is upgraded to HTTP/2 (RFC 7540 §3.2). */
  protocol(connection: number, protocol: Protocol): void;
  /** HEADERS with all its CONTINUATIONs: a request where `fields.method` is not undefined, a response where `fields.status` is not, else trailers (or unknown). */
  headers(connection: number, side: Side, streamId: number, fields: KeptFields, endStream: boolean): void;
  /** Asked where a DATA frame begins: whether its fingerprint is worth making. */
  wantsPayload(connection: number, side: Side, streamId: number): boolean;
  /**
   * A DATA frame.
   * @param dataBytes    its data without padding
   * @param fingerprint  int32 hash over the first FINGERPRINT_BYTES data bytes (fewer where the frame is shorter); 0 where they were not captured together, or not wanted
   */
  data(
    connection: number,
    side: Side,
    streamId: number,
    dataBytes: number,
    fingerprint: number,
    endStream: boolean,
  ): void;
  /**
   * Before the first DATA of an error response is told, or that of an ERROR event of a watch: why it failed. Not told where neither a
   * Kubernetes Status nor the usual words of a gateway say it.
   */
  reason?(connection: number, streamId: number, reason: ErrorReason): void;
  rstStream(connection: number, side: Side, streamId: number, errorCode: number): void;
  /** @param initialWindowBytes  what each stream of the other side may send before a WINDOW_UPDATE; -1 where it is not said */
  settings(connection: number, side: Side, ack: boolean, initialWindowBytes: number): void;
  /** Opaque data as two int32 words. */
  ping(connection: number, side: Side, ack: boolean, opaque0: number, opaque1: number): void;
  goaway(connection: number, side: Side, lastStreamId: number, errorCode: number, debug: string): void;
  windowUpdate(connection: number, side: Side, streamId: number, incrementBytes: number): void;
  /** `side` began with a PROXY header: it speaks for this client. Not told where the header names nobody. */
  proxied?(connection: number, side: Side, client: Readonly<ProxiedClient>): void;
  /** `side` begins with nothing but zeros: its payload was taken away before the capture was handed on. */
  blanked?(connection: number, side: Side): void;
  /**
   * What speaks in the tunnel that a CONNECT stream is (RFC 9113 §8.5) became known. What is said in it is told as of a connection with a number of its
   * own, `inner`, which is negative and never used again; that of the stream itself goes on being told as well. Told again where the protocol changes.
   * To a sink without this method a tunnel is a stream as any other.
   */
  tunnel?(inner: number, connection: number, streamId: number, protocol: Protocol): void;
  /** No more is told of `inner`. */
  tunnelClosed?(inner: number): void;
  /** Bytes of this flow are missing inside a field block: it is told with what is known of it, which may be nothing. */
  broken?(connection: number, side: Side): void;
  /** This flow's frames could not be followed from here on; `regained` is told when a boundary was found again. */
  lost(connection: number, side: Side): void;
  regained(connection: number, side: Side): void;
}

/**
 * Told of every frame and message head as such, beside what it said: for dumps. Called when it is complete, after the sink was told.
 */
export interface FrameObserver {
  /**
   * An HTTP/2 frame. `type` and `flags` as on the wire, `streamId` without the reserved bit.
   * @param length  of its payload in bytes
   */
  frame(connection: number, side: Side, type: number, flags: number, streamId: number, length: number): void;
  /**
   * An HTTP/1.1 message head.
   * @param exchange  its number on the connection, from 1
   * @param length    of the head in bytes, its empty line included
   */
  head(connection: number, side: Side, isRequest: boolean, exchange: number, length: number): void;
}

/**
 * How much of a DATA frame goes into its fingerprint: far enough that a watch event's name, uid and resourceVersion are in it
 * (the first 32 bytes of all events of a kind are the same).
 */
export const FINGERPRINT_BYTES: number = 256;
