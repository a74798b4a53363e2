import { latin1 } from './hpack.ts';

/** Frame types (RFC 9113 §6). */
export const TYPE = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Frame flags (RFC 9113 §6). */
export const FLAGS = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

/** Settings (RFC 9113 §6.5.2). */
export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** The client's connection preface (RFC 9113 §3.4), without its SETTINGS. */
export const PREFACE: Uint8Array = latin1('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Big-endian 32-bit numbers. */
export function words(...values: readonly number[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => out.setUint32(i * 4, value));
  return new Uint8Array(out.buffer);
}

/** Any frame (RFC 9113 §4.1), legal or not. `length` overrides the length field. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(0),
  length: number = payload.length,
): Uint8Array {
  const out = new Uint8Array(9 + payload.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, length * 256 + type);
  view.setUint8(4, flags);
  view.setUint32(5, streamId);
  out.set(payload, 9);
  return out;
}

function padded(payload: Uint8Array, padBytes: number | undefined): Uint8Array {
  if (padBytes === undefined) return payload;
  return concat(Uint8Array.of(padBytes), payload, new Uint8Array(padBytes));
}

export interface DataOptions {
  readonly endStream?: boolean;
  /** Padding bytes after the data; the pad length byte comes on top (RFC 9113 §6.1). */
  readonly padBytes?: number;
}

export function data(streamId: number, payload: Uint8Array | string, options: DataOptions = {}): Uint8Array {
  const flags = (options.endStream ? FLAGS.END_STREAM : 0) | (options.padBytes === undefined ? 0 : FLAGS.PADDED);
  const bytes = typeof payload === 'string' ? latin1(payload) : payload;
  return frame(TYPE.DATA, flags, streamId, padded(bytes, options.padBytes));
}

export interface HeadersOptions extends DataOptions {
  /** Adds the (deprecated) priority fields (RFC 9113 §6.2). */
  readonly priority?: boolean;
  /** Cuts the block into HEADERS and CONTINUATIONs of at most so many bytes. */
  readonly fragmentBytes?: number;
}

/** HEADERS, and CONTINUATIONs where asked for. */
export function headers(streamId: number, block: Uint8Array, options: HeadersOptions = {}): Uint8Array {
  const fragmentBytes = options.fragmentBytes ?? block.length;
  const first = block.subarray(0, fragmentBytes);
  const whole = first.length === block.length;
  const flags =
    (options.endStream ? FLAGS.END_STREAM : 0) |
    (whole ? FLAGS.END_HEADERS : 0) |
    (options.padBytes === undefined ? 0 : FLAGS.PADDED) |
    (options.priority ? FLAGS.PRIORITY : 0);
  const fields = options.priority ? concat(words(0), Uint8Array.of(15), first) : first;
  const parts = [frame(TYPE.HEADERS, flags, streamId, padded(fields, options.padBytes))];
  for (let at = first.length; at < block.length; at += fragmentBytes) {
    const last = at + fragmentBytes >= block.length;
    parts.push(
      frame(TYPE.CONTINUATION, last ? FLAGS.END_HEADERS : 0, streamId, block.subarray(at, at + fragmentBytes)),
    );
  }
  return concat(...parts);
}

/** SETTINGS with (identifier, value) pairs. */
export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Uint8Array {
  const body = pairs.map(([id, value]) => concat(Uint8Array.of(id >> 8, id & 0xff), words(value)));
  return frame(TYPE.SETTINGS, 0, 0, concat(...body));
}

export function settingsAck(): Uint8Array {
  return frame(TYPE.SETTINGS, FLAGS.ACK, 0);
}

export function ping(opaque0: number, opaque1: number, ack = false): Uint8Array {
  return frame(TYPE.PING, ack ? FLAGS.ACK : 0, 0, words(opaque0 >>> 0, opaque1 >>> 0));
}

export function rstStream(streamId: number, errorCode: number): Uint8Array {
  return frame(TYPE.RST_STREAM, 0, streamId, words(errorCode));
}

export function goaway(lastStreamId: number, errorCode: number, debug = ''): Uint8Array {
  return frame(TYPE.GOAWAY, 0, 0, concat(words(lastStreamId, errorCode), latin1(debug)));
}

export function windowUpdate(streamId: number, incrementBytes: number): Uint8Array {
  return frame(TYPE.WINDOW_UPDATE, 0, streamId, words(incrementBytes));
}

export function priority(streamId: number): Uint8Array {
  return frame(TYPE.PRIORITY, 0, streamId, concat(words(0), Uint8Array.of(15)));
}

/** PUSH_PROMISE (RFC 9113 §6.6) with its whole field block. */
export function pushPromise(streamId: number, promisedStreamId: number, block: Uint8Array): Uint8Array {
  return frame(TYPE.PUSH_PROMISE, FLAGS.END_HEADERS, streamId, concat(words(promisedStreamId), block));
}
