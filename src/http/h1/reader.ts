import { otherSide, type Side } from '../../tcp/index.ts';
import type { HttpCounters } from '../counters.ts';
import type { Collector, CollectorPool } from '../h2/collector.ts';
import { isErrorStatus, REDIRECTION_MIN } from '../status.ts';
import { createKeptFields } from '../headers.ts';
import { beginsMessage, beginsResponse } from '../protocol.ts';
import type { FrameObserver, HttpSink, KeptFields } from '../sink.ts';
import { BodyReader, ILLEGAL } from './body.ts';
import { beginsChunks } from './chunk-size.ts';
import { BODY, bodyOf, HeadReader } from './head.ts';
import { endOfHead, isLineEnd, LF } from './line-feed.ts';
import { type Asked, type H1Connection, type MessageFlow, PART } from './message-flow.ts';

/** Longest head that is read; servers refuse more than 8 to 64 kB. */
const HEAD_MAX_BYTES = 64 * 1024;
/** Requests without a response yet that are remembered of one connection: pipelining is rare, and this much of it is hostile. */
export const PENDING_MAX = 64;
const SWITCHING_PROTOCOLS = 101;
const FINAL_STATUS_MIN = 200;
/** RFC 7540 §3.2: the request that asked for HTTP/2 is its stream 1. */
const UPGRADED_STREAM = 1;

/**
 * Follows HTTP/1.1 messages (RFC 9112) and tells them as HTTP/2 streams are told: an exchange is a stream, its request and response are
 * headers, the parts of its bodies data. So nothing to the right has to know which of the two a gateway speaks. One reader serves all
 * connections of a pass.
 */
export class MessageReader {
  private readonly sink: HttpSink;
  private readonly counters: HttpCounters;
  private readonly collectors: CollectorPool;
  private readonly observer: FrameObserver | null;
  private readonly heads = new HeadReader();
  private readonly bodies: BodyReader;
  private readonly fields: KeptFields = createKeptFields();

  constructor(sink: HttpSink, counters: HttpCounters, collectors: CollectorPool, observer: FrameObserver | null) {
    this.sink = sink;
    this.counters = counters;
    this.collectors = collectors;
    this.observer = observer;
    this.bodies = new BodyReader(sink, counters, collectors);
  }

  /** Kept fields told as null because they were too long. */
  get longValues(): number {
    return this.heads.longValues;
  }

  /** @returns `end`, or where the bytes of another protocol begin: `connection.isHandedOn` is then set */
  read(connection: H1Connection, side: Side, view: DataView, at: number, end: number): number {
    const flow = connection.flows[side];
    let next = at;
    while (next < end) {
      switch (flow.part) {
        case PART.lost:
          if (next !== at || !this.find(connection, flow, view, at, end)) return end;
          break;
        case PART.head:
          next = this.head(connection, flow, view, next, end);
          if (connection.isHandedOn) return next;
          break;
        default: {
          const read = this.bodies.read(connection, flow, view, next, end);
          if (read === ILLEGAL) this.refuse(connection, flow);
          next = read === ILLEGAL ? end : read;
        }
      }
    }
    return next;
  }

  /** Bytes are missing. Where they all lie inside one body or chunk, its end is still known. */
  gap(connection: H1Connection, side: Side, lostBytes: number): void {
    const flow = connection.flows[side];
    if (flow.part === PART.lost) return;
    if (this.bodies.gap(connection, flow, lostBytes)) {
      this.counters.gapsInsideFrames++;
      return;
    }
    if (flow.collector !== null) this.cutHead(connection, flow, flow.collector);
    // A tunnel, if that was it, needs no end of the head.
    if (flow.part !== PART.rest) this.lose(connection, flow);
  }

  /** The side sent its FIN: that ends a tunnel, and a body without a length (RFC 9112 §6.3, rule 8). Bytes from before it may still come. */
  finish(connection: H1Connection, side: Side): void {
    const flow = connection.flows[side];
    if (flow.part === PART.rest) this.bodies.end(connection, flow);
  }

  /** Gives back what the connection holds of shared buffers. */
  release(connection: H1Connection): void {
    for (const flow of connection.flows) this.drop(flow);
  }

  private drop(flow: MessageFlow): void {
    this.dropHead(flow);
    this.bodies.drop(flow);
  }

  private lose(connection: H1Connection, flow: MessageFlow): void {
    this.drop(flow);
    flow.part = PART.lost;
    this.counters.lost++;
    this.sink.lost(connection.number, flow.side);
  }

  private refuse(connection: H1Connection, flow: MessageFlow): void {
    this.counters.illegalFrames++;
    this.lose(connection, flow);
  }

  /** A message is looked for only where a segment begins, and of the kind that its side sends: in a body anything may look like one. */
  private find(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): boolean {
    const isClient = connection.clientSide === flow.side;
    if (beginsMessage(view, at, end)) {
      if (connection.clientSide !== -1 && beginsResponse(view, at, end) === isClient) return false;
      flow.part = PART.head;
    } else if ((isClient && !flow.isOpen) || !beginsChunks(view, at, end)) return false;
    this.counters.regained++;
    this.sink.regained(connection.number, flow.side);
    if (flow.part === PART.lost) this.resumeChunks(connection, flow);
    return true;
  }

  /** A response whose head was not seen belongs to the request that waits, or to one that was not seen either. */
  private resumeChunks(connection: H1Connection, flow: MessageFlow): void {
    if (!flow.isOpen) {
      const asked = connection.pending.shift();
      flow.exchange = asked?.exchange ?? ++connection.exchanges;
      if (asked === undefined) this.sink.data(connection.number, otherSide(flow.side), flow.exchange, 0, 0, true);
    }
    this.bodies.resumeChunks(flow);
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

  /** A head that a gap cuts, as a snapshot length does: its whole lines are told, its body is not followed. */
  private cutHead(connection: H1Connection, flow: MessageFlow, { view, bytes }: Collector): void {
    let end = bytes;
    while (end > 0 && view.getUint8(end - 1) !== LF) end--;
    if (end > 0 && this.readHead(connection, flow, view, 0, end, true)) this.message(connection, flow);
  }

  private endHead(connection: H1Connection, flow: MessageFlow, view: DataView, at: number, end: number): void {
    if (!this.readHead(connection, flow, view, at, end, false)) {
      this.refuse(connection, flow);
      return;
    }
    const exchange = this.message(connection, flow);
    this.observer?.head(connection.number, flow.side, this.heads.head.isRequest, exchange, end - at);
  }

  /** @returns whether it is a head, and of the kind that its side sends */
  private readHead(
    connection: H1Connection,
    flow: MessageFlow,
    view: DataView,
    at: number,
    end: number,
    isCut: boolean,
  ): boolean {
    const { head } = this.heads;
    if (!this.heads.read(view, at, end, this.fields)) return false;
    head.isCut = isCut;
    const client = head.isRequest ? flow.side : otherSide(flow.side);
    if (connection.clientSide !== -1 && connection.clientSide !== client) return false;
    connection.clientSide = client;
    return true;
  }

  private message(connection: H1Connection, flow: MessageFlow): number {
    return this.heads.head.isRequest ? this.request(connection, flow) : this.response(connection, flow);
  }

  /** @returns the exchange that it begins */
  private request(connection: H1Connection, flow: MessageFlow): number {
    const { head } = this.heads;
    // Where the end of the request before was not seen: it is over, or this one could not be here.
    this.bodies.end(connection, flow);
    this.settlePending(connection, connection.flows[otherSide(flow.side)]);
    flow.exchange = ++connection.exchanges;
    const { isHead, isConnect } = head;
    connection.pending.push({ exchange: flow.exchange, isHead, isConnect });
    const body = bodyOf(head, null);
    this.tellHead(connection, flow, body === BODY.none);
    this.bodies.begin(flow, body, head.contentLength);
    if (body === BODY.unknown && !head.isCut) this.refuse(connection, flow);
    return flow.exchange;
  }

  /** A client asks again when it has its answer: where the answers could not be followed, or never come, they are over. */
  private settlePending(connection: H1Connection, server: MessageFlow): void {
    const { number, pending } = connection;
    const isLost = server.part === PART.lost;
    if (isLost) this.bodies.end(connection, server);
    while (isLost ? pending.length > 0 : pending.length >= PENDING_MAX) {
      if (!isLost) this.counters.pendingLimit++;
      this.sink.data(number, server.side, pending.shift()?.exchange ?? 0, 0, 0, true);
    }
  }

  /** @returns the exchange that it belongs to; 0 where an interim response belongs to none that was seen */
  private response(connection: H1Connection, flow: MessageFlow): number {
    const { head } = this.heads;
    const asked = connection.pending[0] ?? null;
    if (head.status < FINAL_STATUS_MIN && head.status !== SWITCHING_PROTOCOLS) {
      if (asked !== null) this.sink.headers(connection.number, flow.side, asked.exchange, this.fields, false);
      return asked?.exchange ?? 0;
    }
    this.bodies.end(connection, flow);
    connection.pending.shift();
    flow.exchange = asked?.exchange ?? ++connection.exchanges;
    if (head.status === SWITCHING_PROTOCOLS) this.upgrade(connection, flow);
    else if (asked?.isConnect === true && head.status < REDIRECTION_MIN) this.openTunnel(connection, flow);
    else this.finalResponse(connection, flow, asked);
    return flow.exchange;
  }

  private finalResponse(
    connection: H1Connection,
    flow: MessageFlow,
    asked: Pick<Asked, 'isHead' | 'isConnect'> | null,
  ): void {
    const { head } = this.heads;
    const body = bodyOf(head, asked);
    this.tellHead(connection, flow, body === BODY.none);
    this.bodies.begin(flow, body, head.contentLength);
    flow.isReasonDue = isErrorStatus(head.status);
    // Its request was not captured: the exchange is over with its response.
    if (asked === null) this.sink.data(connection.number, otherSide(flow.side), flow.exchange, 0, 0, true);
  }

  private tellHead(connection: H1Connection, flow: MessageFlow, endStream: boolean): void {
    this.sink.headers(connection.number, flow.side, flow.exchange, this.fields, endStream);
  }

  /** RFC 9110 §9.3.6: what follows is between the client and somebody else, and begins anew; where it begins must be known. */
  private openTunnel(connection: H1Connection, flow: MessageFlow): void {
    this.tellHead(connection, flow, true);
    connection.isHandedOn = !this.heads.head.isCut;
  }

  /** RFC 9110 §7.8: what follows in both directions is no HTTP/1.1 any more. Of WebSocket and SPDY it is counted only. */
  private upgrade(connection: H1Connection, flow: MessageFlow): void {
    const { head } = this.heads;
    const isHttp2 = head.upgrade === 'h2c' && !head.isCut;
    // As HTTP/2 it goes on as stream 1; where it was a later exchange, that one ends here.
    this.tellHead(connection, flow, isHttp2 && flow.exchange !== UPGRADED_STREAM);
    if (isHttp2) {
      connection.isHandedOn = true;
      return;
    }
    for (const each of connection.flows) {
      this.dropHead(each);
      each.exchange = flow.exchange;
      this.bodies.begin(each, BODY.untilClose, 0);
    }
  }
}

/** LF CR LF, the end of "\r\n\r\n" after its first byte. */
const HEAD_END_BYTES = 3;
