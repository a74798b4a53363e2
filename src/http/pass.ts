import {
  otherSide,
  PROXY_HEADER,
  PROXY_HEADER_MAX_BYTES,
  ProxiedClient,
  readProxyHeader,
  type Side,
} from '../tcp/index.ts';
import type { Moment } from '../capture/index.ts';
import type { HttpCounters } from './counters.ts';
import { H1Connection, PART } from './h1/message-flow.ts';
import { MessageReader } from './h1/reader.ts';
import { CollectorPool } from './h2/collector.ts';
import { FrameReader } from './h2/connection.ts';
import { ConnectionState, PHASE, otherFlow, type Flow } from './h2/flow.ts';
import { Search, UnsyncedPool } from './h2/resync.ts';
import { DynamicTable, TableBudget } from './hpack/table.ts';
import { isBlanked, PREFACE_BYTES, SPEAKS, recogniseSegment, recogniseStart, type Speaks } from './protocol.ts';
import type { FrameObserver, HttpSink, Protocol } from './sink.ts';

const RECENT_STATES: number = 2 ** 9;
const RECENT_MASK: number = RECENT_STATES - 1;

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
  private readonly tables = new TableBudget();
  private readonly unsynced = new UnsyncedPool();
  private readonly client = new ProxiedClient();
  private readonly states = new Map<number, ConnectionState>();
  private readonly joinedMidway = new Set<number>();
  /** The states asked for lately, by the low bits of their numbers: a look into the map costs 40 ns. */
  private readonly recent: (ConnectionState | null)[] = Array.from({ length: RECENT_STATES }, () => null);
  private readonly counts: HttpCounters = {
    lost: 0,
    regained: 0,
    gapsInsideFrames: 0,
    illegalFrames: 0,
    longFrames: 0,
    collectLimit: 0,
    hpackErrors: 0,
    hpackBadIndices: 0,
    hpackTableLimit: 0,
    longValues: 0,
    pendingLimit: 0,
    unsyncedLimit: 0,
    searchesGivenUp: 0,
  };

  /** @param observer for dumps; null where nobody wants every frame */
  constructor(moment: Moment, sink: HttpSink, observer: FrameObserver | null = null) {
    this.moment = moment;
    this.sink = sink;
    const collectors = new CollectorPool();
    this.reader = new FrameReader(sink, this.counts, collectors, observer);
    this.messages = new MessageReader(sink, this.counts, collectors, observer);
  }

  /** What could not be followed so far. */
  get counters(): Readonly<HttpCounters> {
    const { decoder } = this.reader.blocks;
    this.counts.hpackBadIndices = decoder.badIndices;
    this.counts.longValues = decoder.longValues + this.messages.longValues;
    this.counts.hpackTableLimit = this.tables.refused;
    return this.counts;
  }

  /**
   * A connection begins.
   * @param fromStart  its handshake was seen, so that the first bytes of its flows are the first that were sent
   */
  opened(connection: number, fromStart: boolean): void {
    if (!fromStart) this.joinedMidway.add(connection);
  }

  /** The next bytes of a flow. The view is not kept. */
  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    this.take(this.flowOf(connection, side), view, at, end);
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
    const flow = this.flowOf(connection, side);
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
    const h1 = this.states.get(connection)?.h1 ?? null;
    if (h1 !== null) this.messages.finish(h1, side);
  }

  /** A connection is over and no bytes of it will come: frees its state. */
  closed(connection: number): void {
    this.joinedMidway.delete(connection);
    const state = this.states.get(connection);
    if (state === undefined) return;
    this.release(state.flow0);
    this.release(state.flow1);
    if (state.h1 !== null) this.messages.release(state.h1);
    this.states.delete(connection);
    if (this.recent[connection & RECENT_MASK] === state) this.recent[connection & RECENT_MASK] = null;
  }

  private flowOf(connection: number, side: Side): Flow {
    let state = this.recent[connection & RECENT_MASK] ?? null;
    if (state === null || state.number !== connection) state = this.recall(connection);
    return side === 0 ? state.flow0 : state.flow1;
  }

  private recall(connection: number): ConnectionState {
    const state = this.states.get(connection) ?? this.create(connection);
    this.recent[connection & RECENT_MASK] = state;
    return state;
  }

  private create(connection: number): ConnectionState {
    const fromStart = !this.joinedMidway.has(connection);
    const state = new ConnectionState(
      connection,
      fromStart,
      new DynamicTable(fromStart, this.tables),
      new DynamicTable(fromStart, this.tables),
    );
    this.states.set(connection, state);
    return state;
  }

  private start(flow: Flow, view: DataView, at: number, end: number): number {
    if (flow.firstBytesCount > 0) return this.startFromKept(flow, view, at, end);
    const speaks = recogniseStart(view, at, end, flow.connection.fromStart);
    if (speaks === SPEAKS.more) return this.keepFirstBytes(flow, view, at, end);
    this.settleStart(flow, speaks, view, at, end);
    return speaks === SPEAKS.preface ? at + PREFACE_BYTES : at;
  }

  /** What speaks is known by the flow's first bytes, which are [at, end). */
  private settleStart(flow: Flow, speaks: Speaks, view: DataView, at: number, end: number): void {
    if (speaks === SPEAKS.other && isBlanked(view, at, end)) this.sink.blanked?.(flow.connection.number, flow.side);
    this.settle(flow, speaks);
  }

  private keepFirstBytes(flow: Flow, view: DataView, at: number, end: number): number {
    const kept = (flow.firstBytes ??= new DataView(new ArrayBuffer(PREFACE_BYTES)));
    const taken = append(kept, flow.firstBytesCount, view, at, end);
    flow.firstBytesCount += taken;
    return at + taken;
  }

  /** The same, where the first bytes came in several segments. */
  private startFromKept(flow: Flow, view: DataView, at: number, end: number): number {
    const next = this.keepFirstBytes(flow, view, at, end);
    const kept = flow.firstBytes;
    if (kept === null) return next;
    const bytes = flow.firstBytesCount;
    const speaks = recogniseStart(kept, 0, bytes, true);
    if (speaks === SPEAKS.more) return next;
    flow.firstBytesCount = 0;
    flow.firstBytes = null;
    this.settleStart(flow, speaks, kept, 0, bytes);
    if (speaks !== SPEAKS.preface && flow.phase !== PHASE.search) this.take(flow, kept, 0, bytes);
    return next;
  }

  /** Steps over a PROXY header; what follows it is recognised as if it were the start. */
  private proxyHeader(flow: Flow, view: DataView, at: number, end: number): number {
    const kept = flow.firstBytes;
    const before = flow.firstBytesCount;
    const taken = kept === null ? 0 : append(kept, before, view, at, end);
    const bytes =
      kept === null
        ? readProxyHeader(view, at, end, this.client)
        : readProxyHeader(kept, 0, before + taken, this.client);
    if (bytes === PROXY_HEADER.cut) {
      const first = (flow.firstBytes ??= new DataView(new ArrayBuffer(PROXY_HEADER_MAX_BYTES)));
      flow.firstBytesCount = kept === null ? append(first, 0, view, at, end) : before + taken;
      return end;
    }
    if (bytes === PROXY_HEADER.none) {
      this.beginSearch(flow);
      return at;
    }
    flow.firstBytes = null;
    flow.firstBytesCount = 0;
    flow.phase = PHASE.start;
    if (this.client.ipVersion !== 0) this.sink.proxied?.(flow.connection.number, flow.side, this.client);
    return at + bytes - before;
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
    this.sink.lost(flow.connection.number, flow.side);
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
    this.sink.protocol(flow.connection.number, protocol);
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
        this.sink.lost(flow.connection.number, each.side);
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

/** Copies bytes behind those that are there. @returns how many had room */
function append(into: DataView, count: number, view: DataView, at: number, end: number): number {
  const taken = Math.min(end - at, into.byteLength - count);
  for (let i = 0; i < taken; i++) into.setUint8(count + i, view.getUint8(at + i));
  return taken;
}
