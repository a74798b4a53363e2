import { otherSide, type Side } from '../tcp/index.ts';
import type { Moment } from '../capture/index.ts';
import { ConnectionStates } from './connection-states.ts';
import { type HttpCounters, noCounts } from './counters.ts';
import { H1Connection, PART } from './h1/message-flow.ts';
import { MessageReader } from './h1/reader.ts';
import { CollectorPool } from './h2/collector.ts';
import { FrameReader } from './h2/connection.ts';
import { type ConnectionState, PHASE, otherFlow, type Flow } from './h2/flow.ts';
import { Search, UnsyncedPool } from './h2/resync.ts';
import { SPEAKS, recogniseSegment, type Speaks } from './protocol.ts';
import type { FrameObserver, HttpSink, Protocol } from './sink.ts';
import { StartReader } from './start.ts';
import { TunnelBook, type TunnelOutlet } from './tunnels.ts';

/**
 * The http stage: takes the bytes of flows in order, tells the sink what was said.
 *
 * State is made with a connection's first byte, and freed by `closed`; a connection without bytes costs nothing unless it began before
 * the capture. A flow that is joined in its middle is `lost` at its first byte.
 */
export class HttpPass {
  /** The packet in hand; frames are told at the one that completed them. */
  readonly moment: Moment;
  private readonly sink: HttpSink;
  private readonly reader: FrameReader;
  private readonly messages: MessageReader;
  private readonly starts: StartReader;
  private readonly tunnels: TunnelBook;
  private readonly states = new ConnectionStates();
  private readonly unsynced = new UnsyncedPool();
  private readonly counts: HttpCounters = noCounts();

  /**
   * @param observer for dumps; null where nobody wants every frame
   * @param outlet   where the bytes go that run in tunnels, and come back from; null: they are read as they are
   */
  constructor(
    moment: Moment,
    sink: HttpSink,
    observer: FrameObserver | null = null,
    outlet: TunnelOutlet | null = null,
  ) {
    this.moment = moment;
    this.sink = sink;
    const collectors = new CollectorPool();
    this.tunnels = new TunnelBook(sink, this.counts, outlet ?? this);
    this.reader = new FrameReader(sink, this.counts, collectors, this.tunnels, observer);
    this.starts = new StartReader(sink);
    this.messages = new MessageReader(sink, this.counts, collectors, observer);
  }

  /** What could not be followed so far. */
  get counters(): Readonly<HttpCounters> {
    const { decoder } = this.reader.blocks;
    this.counts.hpackBadIndices = decoder.badIndices;
    this.counts.longValues = decoder.longValues + this.messages.longValues;
    this.counts.hpackTableLimit = this.states.tables.refused;
    this.counts.hpackLongTables = this.states.tables.long;
    return this.counts;
  }

  /**
   * A connection begins.
   * @param fromStart  its handshake was seen, so that the first bytes of its flows are the first that were sent
   */
  opened(connection: number, fromStart: boolean): void {
    if (!fromStart) this.states.joinMidway(connection);
  }

  /** The next bytes of a flow. The view is not kept. */
  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    this.take(this.states.flowOf(connection, side), view, at, end);
  }

  private take(flow: Flow, view: DataView, at: number, end: number): void {
    let next = at;
    // A flow that is lost inside a segment is looked into once more there, not again and again.
    for (let looked = false; next < end;) {
      switch (flow.phase) {
        case PHASE.ignore:
          return;
        case PHASE.start:
          next = this.start(flow, view, next, end);
          break;
        case PHASE.search:
          if (looked) return;
          looked = true;
          next = this.look(flow, view, next, end, next === at);
          break;
        case PHASE.messages:
          next = this.readMessages(flow, view, next, end);
          break;
        case PHASE.proxyHeader:
          next = this.proxyHeader(flow, view, next, end);
          break;
        default:
          next = this.reader.read(flow, view, next, end);
      }
    }
  }

  /** Bytes of a flow are missing and will not come. */
  gap(connection: number, side: Side, lostBytes: number): void {
    if (lostBytes <= 0) return;
    const flow = this.states.flowOf(connection, side);
    switch (flow.phase) {
      case PHASE.ignore:
        break;
      case PHASE.start:
      case PHASE.proxyHeader:
        this.beginSearch(flow);
        break;
      case PHASE.search:
        flow.search?.gap(lostBytes);
        break;
      case PHASE.messages:
        if (flow.connection.h1 !== null) this.messages.gap(flow.connection.h1, side, lostBytes);
        break;
      default:
        this.reader.gap(flow, lostBytes);
    }
  }

  /** The side sent its FIN, and what was deliverable of its bytes was told: that ends what only a FIN can end. */
  finished(connection: number, side: Side): void {
    const h1 = this.states.find(connection)?.h1 ?? null;
    if (h1 !== null) this.messages.finish(h1, side);
  }

  /** A connection is over and no bytes of it will come: frees its state. */
  closed(connection: number): void {
    const state = this.states.remove(connection);
    if (state === undefined) return;
    this.tunnels.closeAll(state);
    this.release(state.flow0);
    this.release(state.flow1);
    if (state.h1 !== null) this.messages.release(state.h1);
  }

  private start(flow: Flow, view: DataView, at: number, end: number): number {
    const next = this.starts.read(flow, view, at, end);
    const { speaks, kept, keptBytes } = this.starts;
    if (speaks === SPEAKS.more) return next;
    this.settle(flow, speaks);
    // In a search nothing lies before what comes next.
    if (kept !== null && flow.phase !== PHASE.search) this.take(flow, kept, 0, keptBytes);
    return next;
  }

  private proxyHeader(flow: Flow, view: DataView, at: number, end: number): number {
    const next = this.starts.readProxyHeader(flow, view, at, end);
    if (flow.phase === PHASE.search) this.beginSearch(flow);
    return next;
  }

  private settle(flow: Flow, speaks: Speaks): void {
    switch (speaks) {
      case SPEAKS.preface:
        flow.table.complete = true;
        flow.connection.clientSide = flow.side;
        flow.phase = PHASE.header;
        this.tell(flow, 'h2');
        break;
      case SPEAKS.serverPreface:
        flow.connection.clientSide = otherSide(flow.side);
        flow.phase = PHASE.header;
        this.tell(flow, 'h2');
        break;
      case SPEAKS.tls:
        this.ignore(flow, 'tls');
        break;
      case SPEAKS.http1:
        this.beginMessages(flow);
        break;
      case SPEAKS.proxyHeader:
        flow.phase = PHASE.proxyHeader;
        break;
      default:
        this.beginSearch(flow);
    }
  }

  private beginSearch(flow: Flow): void {
    flow.phase = PHASE.search;
    flow.table.complete = false;
    flow.sawSettings = true;
    flow.firstBytes = null;
    flow.firstBytesCount = 0;
    // Of a tunnel nothing is told before it is known what speaks in it.
    const { number, protocol } = flow.connection;
    if (number >= 0 || protocol !== 'unknown') this.sink.lost(number, flow.side);
  }

  private look(flow: Flow, view: DataView, at: number, end: number, atEdge: boolean): number {
    const isHttp2 = flow.connection.protocol === 'h2';
    if (atEdge && !isHttp2) {
      const speaks = recogniseSegment(view, at, end);
      if (speaks !== SPEAKS.other) {
        this.settle(flow, speaks);
        return flow.phase === PHASE.messages ? at : end;
      }
    }
    const search = (flow.search ??= new Search(this.unsynced));
    const found = search.look(view, at, end, atEdge, isHttp2);
    if (found >= 0) {
      this.join(flow, search);
      return found;
    }
    if (!isHttp2 && search.isHopeless) {
      this.counts.searchesGivenUp++;
      this.release(flow);
      flow.phase = PHASE.ignore;
    }
    return end;
  }

  /** Frames are followed from here on, the kept ones first. */
  private join(flow: Flow, search: Search): void {
    flow.phase = PHASE.header;
    this.tell(flow, 'h2');
    this.counts.regained++;
    this.sink.regained(flow.connection.number, flow.side);
    if (search.kept !== null) this.reader.read(flow, search.kept, 0, search.keptBytes);
    this.endSearch(flow);
  }

  private endSearch(flow: Flow): void {
    if (flow.search === null) return;
    this.counts.unsyncedLimit += flow.search.overflows;
    flow.search.drop();
    flow.search = null;
  }

  private tell(flow: Flow, protocol: Protocol): void {
    if (flow.connection.protocol !== 'unknown') return;
    flow.connection.protocol = protocol;
    const { number } = flow.connection;
    if (number >= 0) {
      this.sink.protocol(number, protocol);
      return;
    }
    this.tunnels.tell(number, protocol);
    if (protocol === 'h2') this.tellSearches(flow);
  }

  /** Of a tunnel that it is searched could not be told before. */
  private tellSearches(flow: Flow): void {
    for (const each of [flow, otherFlow(flow)])
      if (each.phase === PHASE.search || each.search !== null) this.sink.lost(each.connection.number, each.side);
  }

  /** HTTP/1.1 is spoken, in each flow from its next message on, unless that flow stands at its start. */
  private beginMessages(flow: Flow): void {
    if (flow.connection.protocol === 'h2') {
      this.beginSearch(flow);
      return;
    }
    this.tell(flow, 'http1');
    const h1 = (flow.connection.h1 ??= new H1Connection(flow.connection.number));
    const other = otherFlow(flow);
    for (const each of [flow, other]) {
      if (!flow.connection.fromStart || each.phase !== PHASE.start) {
        h1.flows[each.side].part = PART.lost;
        // A search was told as lost when it began, but for a tunnel's, of which nothing could be told yet.
        if (each.phase !== PHASE.search || each.connection.number < 0) this.sink.lost(h1.number, each.side);
      }
      this.release(each);
      each.phase = PHASE.messages;
    }
  }

  private readMessages(flow: Flow, view: DataView, at: number, end: number): number {
    const { h1 } = flow.connection;
    if (h1 === null) return end;
    const next = this.messages.read(h1, flow.side, view, at, end);
    if (h1.isHandedOn) this.handOn(flow.connection);
    return next;
  }

  /**
   * What comes next is recognised anew: of an upgrade to HTTP/2 the server's SETTINGS and the client's preface (RFC 7540 §3.2; stream 1
   * is the request that asked for it), of a tunnel anything.
   */
  private handOn(connection: ConnectionState): void {
    if (connection.h1 !== null) this.messages.release(connection.h1);
    connection.h1 = null;
    connection.protocol = 'unknown';
    connection.fromStart = true;
    connection.unseenBelow = 0;
    for (const flow of [connection.flow0, connection.flow1]) {
      flow.phase = PHASE.start;
      flow.table.complete = true;
    }
  }

  /** What speaks here is told, and is not followed. */
  private ignore(flow: Flow, protocol: Protocol): void {
    this.tell(flow, protocol);
    if (flow.connection.protocol === 'h2') {
      this.beginSearch(flow);
      return;
    }
    const other = otherFlow(flow);
    this.release(flow);
    this.release(other);
    flow.phase = other.phase = PHASE.ignore;
  }

  private release(flow: Flow): void {
    this.endSearch(flow);
    this.reader.release(flow);
    flow.table.free();
  }
}
