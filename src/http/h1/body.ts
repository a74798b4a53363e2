import type { HttpCounters } from '../counters.ts';
import type { CollectorPool } from '../h2/collector.ts';
import { fingerprintOf } from '../h2/fingerprint.ts';
import { ReasonReader, SAYS } from '../reason-reader.ts';
import { FINGERPRINT_BYTES, type HttpSink } from '../sink.ts';
import { hexDigit } from './chunk-size.ts';
import { BODY, type Body } from './head.ts';
import { CR, LF } from './line-feed.ts';
import { type H1Connection, type MessageFlow, PART, type Part } from './message-flow.ts';

/** 2^40 bytes in one chunk are more than anybody sends; a longer size is no size. */
const CHUNK_SIZE_MAX_DIGITS = 10;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;

/** No body is like this: the flow cannot be followed. */
export const ILLEGAL = -1;

const PART_OF: Readonly<Record<Body, Part>> = {
  [BODY.none]: PART.head,
  [BODY.length]: PART.body,
  [BODY.chunked]: PART.chunkSize,
  [BODY.untilClose]: PART.rest,
  [BODY.unknown]: PART.lost,
};

/**
 * Reads bodies (RFC 9112 §6, §7) without keeping a byte of them, and tells their parts as HTTP/2 tells DATA. A chunk is to HTTP/1.1
 * what a DATA frame is to HTTP/2: gateways turn one into the other.
 */
export class BodyReader {
  private readonly sink: HttpSink;
  private readonly reasons: ReasonReader;

  constructor(sink: HttpSink, counters: HttpCounters, collectors: CollectorPool) {
    this.sink = sink;
    this.reasons = new ReasonReader(sink, counters, collectors);
  }

  /** The head of a message was read; its body comes next. */
  begin(flow: MessageFlow, body: Body, contentLength: number): void {
    flow.part = PART_OF[body];
    flow.isOpen = body !== BODY.none;
    flow.isFirst = true;
    flow.isReasonDue = false;
    this.drop(flow);
    flow.fingerprint = 0;
    flow.chunkBytes = 0;
    flow.remaining = body === BODY.length ? contentLength : 0;
    beginSize(flow);
  }

  /** The flow stands before a chunk's size, in a body whose beginning was not seen, or whose middle was lost. */
  resumeChunks(flow: MessageFlow): void {
    flow.part = PART.chunkSize;
    flow.isOpen = true;
    flow.fingerprint = 0;
    flow.chunkBytes = 0;
    beginSize(flow);
  }

  /** @returns the offset after what was read, at most `end`; ILLEGAL where it is no body */
  read(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): number {
    switch (flow.part) {
      case PART.chunkSize:
        return this.chunkSize(flow, view, at, end);
      case PART.chunkEnd:
        return chunkEnd(flow, view, at);
      case PART.trailers:
        return this.trailers(connection, flow, view, at, end);
      default:
        return this.data(connection, flow, view, at, end);
    }
  }

  /**
   * Bytes are missing.
   * @returns whether they all lie inside one body or chunk, so that its end is still known
   */
  gap(connection: H1Connection, flow: MessageFlow, lostBytes: number): boolean {
    this.drop(flow);
    if (flow.part === PART.rest) return true;
    const inside = (flow.part === PART.body || flow.part === PART.chunkData) && lostBytes <= flow.remaining;
    if (!inside) return false;
    flow.isFirst = false;
    flow.remaining -= lostBytes;
    if (flow.part === PART.chunkData) flow.chunkBytes += lostBytes;
    if (flow.remaining === 0) this.endData(connection, flow, 0);
    return true;
  }

  /** What it may say is not followed any more. */
  drop(flow: MessageFlow): void {
    if (flow.says !== SAYS.nothing) this.reasons.drop(flow);
  }

  /** The message is over, also where its end was not seen. */
  end(connection: H1Connection, flow: MessageFlow): void {
    if (flow.says !== SAYS.nothing) this.reasons.finish(flow, connection.number, flow.exchange);
    if (flow.isOpen) this.tell(connection, flow, 0, true);
  }

  /** Bytes of a body, a chunk or a tunnel. A body is told as it comes, so that one which stops in its middle shows when. */
  private data(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): number {
    const taken = flow.part === PART.rest ? end - at : Math.min(flow.remaining, end - at);
    const next = at + taken;
    if (flow.isFirst) this.first(connection, flow, view, at, next);
    if (flow.says !== SAYS.nothing) {
      const isRest = flow.part !== PART.rest && taken === flow.remaining;
      this.reasons.take(flow, connection.number, flow.exchange, view, at, next, isRest);
    }
    if (flow.part === PART.chunkData && taken === flow.remaining)
      this.reasons.last(connection.number, flow.exchange, view, at, next);
    if (flow.part === PART.rest) {
      // After the FIN's packet came bytes that had been lost before it: the end was told.
      if (flow.isOpen) this.tell(connection, flow, taken, false);
      return next;
    }
    flow.remaining -= taken;
    if (flow.part === PART.chunkData) flow.chunkBytes += taken;
    if (flow.remaining === 0) this.endData(connection, flow, flow.part === PART.body ? taken : 0);
    else if (flow.part === PART.body) this.tell(connection, flow, taken, false);
    return next;
  }

  private first(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): void {
    flow.isFirst = false;
    const isCut = flow.part === PART.rest || end - at < flow.remaining;
    this.reasons.expect(flow, flow.isReasonDue, view, at, end, isCut);
    flow.isReasonDue = false;
    if (!this.sink.wantsPayload(connection.number, flow.side, flow.exchange)) return;
    const bytes = flow.part === PART.rest ? end - at : flow.remaining;
    flow.fingerprint = fingerprintOf(view, at, end, Math.min(bytes, FINGERPRINT_BYTES));
  }

  /** @param bytes  of a body that were not told yet */
  private endData(connection: H1Connection, flow: MessageFlow, bytes: number): void {
    if (flow.part === PART.chunkData) {
      flow.part = PART.chunkEnd;
      this.tell(connection, flow, flow.chunkBytes, false);
      return;
    }
    flow.part = PART.head;
    this.tell(connection, flow, bytes, true);
  }

  private tell(connection: H1Connection, flow: MessageFlow, bytes: number, endStream: boolean): void {
    const { fingerprint } = flow;
    flow.fingerprint = 0;
    flow.chunkBytes = 0;
    if (endStream) flow.isOpen = false;
    this.sink.data(connection.number, flow.side, flow.exchange, bytes, fingerprint, endStream);
  }

  /** RFC 9112 §7.1: hexadecimal digits, then perhaps extensions, which are stepped over. */
  private chunkSize(flow: MessageFlow, view: DataView, at: number, end: number): number {
    for (let next = at; next < end; next++) {
      const byte = view.getUint8(next);
      if (byte === LF) return beginChunk(flow) ? next + 1 : ILLEGAL;
      if (flow.sizeEnded) continue;
      const digit = hexDigit(byte);
      if (digit >= 0) {
        flow.size = flow.size * 16 + digit;
        if (++flow.sizeDigits > CHUNK_SIZE_MAX_DIGITS) return ILLEGAL;
      } else if (flow.sizeDigits === 0 || !endsSize(byte)) return ILLEGAL;
      else flow.sizeEnded = true;
    }
    return end;
  }

  private trailers(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): number {
    for (let next = at; next < end; next++) {
      const byte = view.getUint8(next);
      if (byte === CR) continue;
      if (byte !== LF) flow.lineBytes++;
      else if (flow.lineBytes > 0) flow.lineBytes = 0;
      else {
        flow.part = PART.head;
        this.tell(connection, flow, 0, true);
        return next + 1;
      }
    }
    return end;
  }
}

function beginSize(flow: MessageFlow): void {
  flow.size = 0;
  flow.sizeDigits = 0;
  flow.sizeEnded = false;
}

function beginChunk(flow: MessageFlow): boolean {
  flow.remaining = flow.size;
  flow.isFirst = true;
  flow.lineBytes = 0;
  flow.part = flow.size === 0 ? PART.trailers : PART.chunkData;
  return flow.sizeDigits > 0;
}

/** The CRLF after a chunk's data, byte by byte. Anything else there means that the size was not one. */
function chunkEnd(flow: MessageFlow, view: DataView, at: number): number {
  const byte = view.getUint8(at);
  if (byte === LF) {
    flow.part = PART.chunkSize;
    beginSize(flow);
    return at + 1;
  }
  return byte === CR ? at + 1 : ILLEGAL;
}

function endsSize(byte: number): boolean {
  return byte === CR || byte === SEMICOLON || byte === SPACE || byte === TAB;
}
