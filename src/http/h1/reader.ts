import { otherSide, type Side } from '../../tcp/index.ts';
import type { HttpCounters } from '../counters.ts';
import { createKeptFields } from '../headers.ts';
import type { CollectorPool } from '../h2/collector.ts';
import { fingerprintOf } from '../h2/fingerprint.ts';
import { beginsMessage } from '../protocol.ts';
import { FINGERPRINT_BYTES, type FrameObserver, type HttpSink, type KeptFields } from '../sink.ts';
import { BODY, bodyOf, HeadReader } from './head.ts';
import { MessageFlow, PART } from './message-flow.ts';

/** Longest head that is read; servers refuse more than 8 to 64 kB. */
export const HEAD_MAX_BYTES: number = 64 * 1024;
/** Requests without a response yet that are remembered of one connection: pipelining is rare, and this much of it is hostile. */
const PENDING_MAX = 64;
/** 2^40 bytes in one chunk are more than anybody sends; a longer size is no size. */
const CHUNK_SIZE_MAX_DIGITS = 10;
const CR = 0x0d;
const LF = 0x0a;
const SWITCHING_PROTOCOLS = 101;
const FINAL_STATUS_MIN = 200;
const REDIRECTION_MIN = 300;

/** A request that waits for its response. */
interface Asked {
  readonly exchange: number;
  readonly isHead: boolean;
  readonly isConnect: boolean;
}

/** Both directions of an HTTP/1.1 connection. Exchanges are numbered from 1 and told as streams. */
export class H1Connection {
  readonly number: number;
  readonly flows: readonly [MessageFlow, MessageFlow] = [new MessageFlow(0), new MessageFlow(1)];
  readonly pending: Asked[] = [];
  exchanges = 0;
  /** The side that sent a request or got a response; -1 until known. */
  clientSide: Side | -1 = -1;
  /** HTTP/2 was agreed on (RFC 7540 §3.2), or a tunnel opened: what follows in each direction is for another reader. */
  isHandedOn = false;

  constructor(number: number) {
    this.number = number;
  }
}

/**
 * Follows HTTP/1.1 messages (RFC 9112) and tells them as HTTP/2 streams are told: an exchange is a stream, its request and response are
 * headers, the parts of its bodies data. So nothing to the right has to know which of the two a gateway speaks. One reader serves all
 * connections of a pass.
 */
export class MessageReader {
  private readonly sink: HttpSink;
  private readonly counters: HttpCounters;
  private readonly collectors: CollectorPool;
  private readonly heads = new HeadReader();
  private readonly fields: KeptFields = createKeptFields();

  private readonly observer: FrameObserver | null;

  constructor(
    sink: HttpSink,
    counters: HttpCounters,
    collectors: CollectorPool,
    observer: FrameObserver | null = null,
  ) {
    this.observer = observer;
    this.sink = sink;
    this.counters = counters;
    this.collectors = collectors;
  }

  /** @returns `end`, or where the bytes of another protocol begin: `connection.isHandedOn` is then set */
  read(connection: H1Connection, side: Side, view: DataView, at: number, end: number): number {
    const flow = connection.flows[side];
    let next = at;
    while (next < end) {
      switch (flow.part) {
        case PART.lost:
          if (next !== at || !this.find(flow, view, at, end)) return end;
          break;
        case PART.head:
          next = this.head(connection, flow, view, next, end);
          if (connection.isHandedOn) return next;
          break;
        case PART.body:
        case PART.chunkData:
        case PART.rest:
          next = this.body(connection, flow, view, next, end);
          break;
        case PART.chunkSize:
          next = this.chunkSize(connection, flow, view, next, end);
          break;
        case PART.chunkEnd:
          next = this.chunkEnd(flow, view, next);
          break;
        default:
          next = this.trailers(connection, flow, view, next, end);
      }
    }
    return next;
  }

  /** Bytes are missing. Where they all lie inside one body or chunk, its end is still known. */
  gap(connection: H1Connection, side: Side, lostBytes: number): void {
    const flow = connection.flows[side];
    if (flow.part === PART.rest) return;
    const inside = (flow.part === PART.body || flow.part === PART.chunkData) && lostBytes <= flow.remaining;
    if (!inside) {
      this.lose(connection, flow);
      return;
    }
    this.counters.gapsInsideFrames++;
    flow.remaining -= lostBytes;
    if (flow.remaining === 0) this.endBody(connection, flow, 0);
  }

  /** Gives back what the connection holds of shared buffers. */
  release(connection: H1Connection): void {
    for (const flow of connection.flows) this.dropHead(flow);
  }

  private lose(connection: H1Connection, flow: MessageFlow): void {
    this.dropHead(flow);
    flow.part = PART.lost;
    this.counters.lost++;
    this.sink.lost(connection.number, flow.side);
  }

  /** A message is looked for only where a segment begins: in a body anything may look like one. */
  private find(flow: MessageFlow, view: DataView, at: number, end: number): boolean {
    if (!beginsMessage(view, at, end)) return false;
    flow.part = PART.head;
    this.counters.regained++;
    return true;
  }

  private head(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): number {
    if (flow.collector === null) {
      let from = at;
      while (from < end && isLineEnd(view.getUint8(from))) from++;
      if (from === end) return end;
      const headEnd = endOfHead(view, from, end);
      if (headEnd > 0) this.endHead(connection, flow, view, from, headEnd);
      else this.collect(connection, flow, view, from, end);
      return headEnd > 0 ? headEnd : end;
    }
    const before = flow.collector.bytes;
    if (!this.collect(connection, flow, view, at, end)) return end;
    const { collector } = flow;
    const headEnd = endOfHead(collector.view, Math.max(0, before - HEAD_END_BYTES), collector.bytes);
    if (headEnd <= 0) return end;
    this.endHead(connection, flow, collector.view, 0, headEnd);
    this.dropHead(flow);
    return at + (headEnd - before);
  }

  private collect(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): boolean {
    flow.collector ??= this.collectors.take();
    const { collector } = flow;
    const fits = collector !== null && collector.bytes + end - at <= HEAD_MAX_BYTES;
    if (fits && this.collectors.append(collector, view, at, end)) return true;
    this.counters.collectLimit++;
    this.lose(connection, flow);
    return false;
  }

  private dropHead(flow: MessageFlow): void {
    if (flow.collector !== null) this.collectors.give(flow.collector);
    flow.collector = null;
  }

  private endHead(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): void {
    if (!this.heads.read(view, at, end, this.fields)) {
      this.counters.illegalFrames++;
      this.lose(connection, flow);
      return;
    }
    const { isRequest } = this.heads.head;
    const exchange = isRequest ? this.request(connection, flow) : this.response(connection, flow);
    this.observer?.head(connection.number, flow.side, isRequest, exchange, end - at);
  }

  /** @returns the exchange that it begins */
  private request(connection: H1Connection, flow: MessageFlow): number {
    const { head } = this.heads;
    connection.clientSide = flow.side;
    this.settlePending(connection, connection.flows[otherSide(flow.side)]);
    flow.exchange = ++connection.exchanges;
    const { isHead, isConnect } = head;
    if (connection.pending.length >= PENDING_MAX) connection.pending.shift();
    connection.pending.push({ exchange: flow.exchange, isHead, isConnect });
    this.begin(connection, flow, head.isFramingBroken ? BODY.none : bodyOf(head, null));
    if (head.isFramingBroken) this.lose(connection, flow);
    return connection.exchanges;
  }

  /** A client asks again when it has its answer: where the answers could not be followed, they are over. */
  private settlePending(connection: H1Connection, server: MessageFlow): void {
    if (server.part !== PART.lost) return;
    for (const { exchange } of connection.pending) this.sink.data(connection.number, server.side, exchange, 0, 0, true);
    connection.pending.length = 0;
  }

  /** @returns the exchange that it belongs to */
  private response(connection: H1Connection, flow: MessageFlow): number {
    const { head } = this.heads;
    connection.clientSide = otherSide(flow.side);
    const asked = connection.pending[0] ?? null;
    if (head.status < FINAL_STATUS_MIN && head.status !== SWITCHING_PROTOCOLS) {
      if (asked !== null) this.sink.headers(connection.number, flow.side, asked.exchange, this.fields, false);
      return asked?.exchange ?? 0;
    }
    connection.pending.shift();
    flow.exchange = asked?.exchange ?? ++connection.exchanges;
    if (asked?.isConnect === true && head.status < REDIRECTION_MIN) {
      // RFC 9110 §9.3.6: what follows is between the client and somebody else, and begins anew.
      this.sink.headers(connection.number, flow.side, flow.exchange, this.fields, true);
      connection.isHandedOn = true;
      return flow.exchange;
    }
    if (head.status === SWITCHING_PROTOCOLS) {
      this.upgrade(connection, flow);
      return flow.exchange;
    }
    this.begin(connection, flow, head.isFramingBroken ? BODY.untilClose : bodyOf(head, asked));
    // Its request was not captured: the exchange is over with its response.
    if (asked === null) this.sink.data(connection.number, otherSide(flow.side), flow.exchange, 0, 0, true);
    return flow.exchange;
  }

  private begin(connection: H1Connection, flow: MessageFlow, body: (typeof BODY)[keyof typeof BODY]): void {
    this.sink.headers(connection.number, flow.side, flow.exchange, this.fields, body === BODY.none);
    flow.isFirst = true;
    flow.fingerprint = 0;
    flow.remaining = body === BODY.length ? this.heads.head.contentLength : 0;
    flow.part =
      body === BODY.none
        ? PART.head
        : body === BODY.length
          ? PART.body
          : body === BODY.chunked
            ? PART.chunkSize
            : PART.rest;
    if (body === BODY.chunked) beginSize(flow);
  }

  /** RFC 9110 §7.8: what follows in both directions is no HTTP/1.1 any more. Of WebSocket and SPDY it is counted only. */
  private upgrade(connection: H1Connection, flow: MessageFlow): void {
    this.sink.headers(connection.number, flow.side, flow.exchange, this.fields, false);
    if (this.heads.head.upgrade === 'h2c') {
      connection.isHandedOn = true;
      return;
    }
    for (const each of connection.flows) {
      this.dropHead(each);
      each.part = PART.rest;
      each.isFirst = true;
      each.exchange = flow.exchange;
    }
  }

  /** Bytes of a body, a chunk or a tunnel: told as they come, so that a body which stops in its middle shows when. */
  private body(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): number {
    const taken = flow.part === PART.rest ? end - at : Math.min(flow.remaining, end - at);
    if (flow.isFirst) this.print(connection, flow, view, at, at + taken);
    const next = at + taken;
    if (flow.part === PART.rest) {
      this.tell(connection, flow, taken, false);
      return next;
    }
    flow.remaining -= taken;
    if (flow.remaining === 0) this.endBody(connection, flow, taken);
    else if (flow.part === PART.body) this.tell(connection, flow, taken, false);
    else flow.chunkBytes += taken;
    return next;
  }

  /** A chunk is to HTTP/1.1 what a DATA frame is to HTTP/2: gateways turn one into the other. */
  private print(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): void {
    flow.isFirst = false;
    if (!this.sink.wantsPayload(connection.number, flow.side, flow.exchange)) return;
    const bytes = flow.part === PART.chunkData ? flow.remaining : end - at;
    flow.fingerprint = fingerprintOf(view, at, end, Math.min(bytes, FINGERPRINT_BYTES));
  }

  private endBody(connection: H1Connection, flow: MessageFlow, bytes: number): void {
    if (flow.part === PART.chunkData) {
      this.tell(connection, flow, flow.chunkBytes + bytes, false);
      flow.part = PART.chunkEnd;
      return;
    }
    flow.part = PART.head;
    this.tell(connection, flow, bytes, true);
  }

  private tell(connection: H1Connection, flow: MessageFlow, bytes: number, endStream: boolean): void {
    this.sink.data(connection.number, flow.side, flow.exchange, bytes, flow.fingerprint, endStream);
    flow.fingerprint = 0;
    flow.chunkBytes = 0;
  }

  private chunkSize(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): number {
    for (let next = at; next < end; next++) {
      const byte = view.getUint8(next);
      const digit = flow.sizeEnded ? -1 : hexDigit(byte);
      if (byte === LF) {
        this.beginChunk(connection, flow);
        return next + 1;
      }
      if (digit >= 0) {
        flow.size = flow.size * 16 + digit;
        flow.sizeDigits++;
      } else {
        flow.sizeEnded = true;
      }
      if (flow.sizeDigits > CHUNK_SIZE_MAX_DIGITS || (flow.sizeEnded && flow.sizeDigits === 0)) {
        this.counters.illegalFrames++;
        this.lose(connection, flow);
        return end;
      }
    }
    return end;
  }

  private beginChunk(connection: H1Connection, flow: MessageFlow): void {
    if (flow.sizeDigits === 0) {
      this.counters.illegalFrames++;
      this.lose(connection, flow);
      return;
    }
    flow.remaining = flow.size;
    flow.isFirst = true;
    flow.lineBytes = 0;
    flow.part = flow.size === 0 ? PART.trailers : PART.chunkData;
  }

  private chunkEnd(flow: MessageFlow, view: DataView, at: number): number {
    if (view.getUint8(at) === LF) {
      flow.part = PART.chunkSize;
      beginSize(flow);
    }
    return at + 1;
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

/** LF CR LF, the end of "\r\n\r\n" after its first byte. */
const HEAD_END_BYTES = 3;

/** Offset after the empty line that ends a head (RFC 9112 §2.2: a lone LF may stand for CRLF); 0 where it is not there. */
function endOfHead(view: DataView, at: number, end: number): number {
  for (let next = at; next < end; next++) {
    if (view.getUint8(next) !== LF) continue;
    const after = next + 1 < end && view.getUint8(next + 1) === CR ? next + 2 : next + 1;
    if (after < end && view.getUint8(after) === LF) return after + 1;
  }
  return 0;
}

function beginSize(flow: MessageFlow): void {
  flow.size = 0;
  flow.sizeDigits = 0;
  flow.sizeEnded = false;
}

function isLineEnd(byte: number): boolean {
  return byte === CR || byte === LF;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
