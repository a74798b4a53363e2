import { BATCH_ROWS, LINK_NO_PACKET, LINK_UNDECLARED, Moment, type RecordBatch, RowOrder } from '../capture/index.ts';
import {
  Decoder,
  FLAG,
  isSegment,
  type Segment,
  STOP,
  STOP_COUNT,
  STOP_NAMES,
  type StopCode,
} from '../decode/index.ts';
import { HTTP_BOUNDS, HttpPass } from '../http/index.ts';
import {
  DID,
  type GapReason,
  planPoints,
  type PointPlan,
  Points,
  type Side,
  Sightings,
  TCP_BOUNDS,
  type TcpKeeper,
  TcpPass,
  type TcpSink,
} from '../tcp/index.ts';
import { KeyLog, TLS_BOUNDS, TlsPass } from '../tls/index.ts';
import { type LimitHit, Recorder, type Trace } from '../trace/index.ts';
import { tunnelOutlet } from './tunnel-outlet.ts';

const NONE = -1;

/** Joins the stages of the wire pass: batches of records in, a trace out. One pass, in file order, but for interfaces that were written out of turn. */
export class WirePass implements TcpSink, TcpKeeper {
  readonly #moment = new Moment();
  readonly #rowOrder = new RowOrder();
  readonly #decoder: Decoder;
  readonly #stops = new Int32Array(STOP_COUNT);
  readonly #tcp: TcpPass;
  readonly #tls: TlsPass;
  readonly #http: HttpPass;
  readonly #recorder: Recorder;
  readonly #points: Points | undefined;
  readonly #keyLog: KeyLog;
  readonly #plan: PointPlan | undefined;
  #sightings: Sightings | undefined;
  /** A connection whose last packet is being read: its http state is freed before the next packet, after this one's bytes. */
  #closing = NONE;
  /** A connection of which the packet being read has a FIN, and who sent it: http is told after this packet's bytes. */
  #finishing = NONE;
  #finishingSide: Side = 0;

  /**
   * @param keyLog  the secrets of TLS connections; more may come in while reading, before the packets that need them
   * @param plan    what an earlier pass over the same files told of the points at which they were taken
   */
  constructor(keyLog: KeyLog = new KeyLog(), plan?: PointPlan) {
    this.#points = plan === undefined ? undefined : new Points(this.#moment, plan);
    this.#plan = plan;
    this.#keyLog = keyLog;
    this.#decoder = new Decoder(this.#moment, (segment, view) => this.#take(segment, view));
    this.#tcp = new TcpPass(this.#moment, this, { keeper: this });
    this.#recorder = new Recorder(this.#moment, this.#tcp.connections);
    const outlet = tunnelOutlet(
      () => this.#http,
      () => this.#tls,
    );
    this.#http = new HttpPass(this.#moment, this.#recorder.http, null, outlet);
    this.#tls = new TlsPass(keyLog, {
      bytes: (connection, side, view, at, end) => this.#http.bytes(connection, side, view, at, end),
      gap: (connection, side, lostBytes) => this.#http.gap(connection, side, lostBytes),
      decrypted: (connection) => this.#recorder.tls.decrypted(connection),
      record: (connection, side, type, bytes) => this.#recorder.tls.record(connection, side, type, bytes),
      alert: (connection, side, alert) => this.#recorder.tls.alert(connection, side, alert),
      facts: (connection, facts) => this.#recorder.tls.facts(connection, facts),
    });
  }

  /** Notes from now on what each of so many files shows of each connection, for `plan`. */
  compareFiles(files: number): void {
    this.#sightings = new Sightings(this.#moment, files);
  }

  /** Which packets another pass over the same files has to leave out; undefined: none. */
  plan(): PointPlan | undefined {
    return this.#sightings === undefined ? undefined : planPoints(this.#sightings);
  }

  /** Takes the records of one block. */
  consume(batch: RecordBatch): void {
    const moment = this.#moment;
    const decoder = this.#decoder;
    const { view, at, capturedBytes, originalBytes, timeNs, linkType, vantage } = batch;
    const points = this.#points;
    const isFar = points?.isFar(batch.file) === true;
    const aheadNs = points?.aheadNs(batch.file) ?? 0;
    moment.file = batch.file;
    let firstNs = Infinity;
    let lastNs = -Infinity;
    const order = this.#rowOrder.of(batch);
    for (let place = batch.firstRow; place < batch.count; place++) {
      const row = order === null ? place : (order[place - batch.firstRow] ?? place);
      if (linkType[row] === LINK_NO_PACKET) continue;
      moment.packet = batch.firstPacket + row;
      const nowNs = (timeNs[row] ?? 0) - aheadNs;
      if (nowNs < firstNs) firstNs = nowNs;
      if (nowNs > lastNs) lastNs = nowNs;
      moment.ns[0] = nowNs;
      moment.vantage = vantage[row] ?? 0;
      if (!isFar) this.#recorder.packet();
      const from = at[row] ?? 0;
      const end = from + (capturedBytes[row] ?? 0);
      const stop = decoder.decode(view, from, end, originalBytes[row] ?? 0, linkType[row] ?? 0);
      this.#stops[stop] = (this.#stops[stop] ?? 0) + 1;
      if (stop === STOP.none) this.#take(decoder.segment, view);
      else if (stop === STOP.reassembled) this.#take(decoder.segment, decoder.reassembled);
      else if (stop === STOP.icmpQuote) this.#quote(decoder.segment, decoder.quoted);
      else if (stop === STOP.linkTypeUnknown)
        this.#recorder.unknownLinkType(decoder.strangeLinkType(linkType[row] ?? LINK_UNDECLARED));
    }
    this.#recorder.read(batch.file, firstNs, lastNs);
  }

  /** An ICMP error about a segment that a host or router on the way could not deliver. */
  #quote({ icmpType, icmpCode }: Segment, quoted: Segment): void {
    if (this.#points?.isElsewhere(quoted) === true) return;
    const about = this.#tcp.quoted(quoted);
    if (about === undefined) {
      this.#countAs(quoted.ipVersion === 6 ? STOP.icmpv6 : STOP.icmp);
      return;
    }
    this.#recorder.tcp.icmp(about.connection, about.side, quoted.ipVersion === 6 ? 6 : 4, icmpType, icmpCode);
  }

  /** An error about a connection that is not followed is traffic like any other. */
  #countAs(stop: StopCode): void {
    this.#stops[STOP.icmpQuote] = (this.#stops[STOP.icmpQuote] ?? 0) - 1;
    this.#stops[stop] = (this.#stops[stop] ?? 0) + 1;
  }

  #take(segment: Segment, view: DataView): void {
    this.#sightings?.note(segment);
    if (this.#points !== undefined && !this.#isCounted(this.#points, segment)) return;
    this.#tcp.segment(segment, view);
    if (this.#finishing !== NONE) this.#finish();
    if (this.#closing !== NONE) this.#free();
  }

  /** How long another host's file lasts says nothing of what is counted at this one. */
  #isCounted(points: Points, segment: Segment): boolean {
    if (points.leavesOut(segment)) return false;
    if (points.isFar(this.#moment.file)) this.#recorder.packetBetween();
    return true;
  }

  /** Ends the pass. */
  finish(): Trace {
    this.#decoder.finish();
    this.#tcp.finish();
    this.#stops[STOP.ipFragment] = this.#decoder.lostFragments;
    this.#recorder.duplicates(this.#tcp.duplicates + (this.#points?.count ?? 0));
    for (let stop = 0; stop < STOP_COUNT; stop++) {
      const count = this.#stops[stop] ?? 0;
      if (!isSegment(stop as StopCode) && count > 0) this.#recorder.undecoded(STOP_NAMES[stop] ?? '', count);
    }
    return this.#recorder.finish(this.#limits());
  }

  opened(connection: number, segment: Segment): void {
    const fromStart = (segment.flags & FLAG.syn) !== 0;
    this.#recorder.opened(connection, fromStart);
    this.#http.opened(connection, fromStart);
    this.#tls.opened(connection);
  }

  segment(connection: number, side: Side, labels: number, did: number, segment: Segment): void {
    this.#recorder.tcp.segment(connection, side, labels, did, segment);
    if ((did & DID.firstFin) !== 0) {
      this.#finishing = connection;
      this.#finishingSide = side;
    }
    if ((did & DID.over) !== 0) this.#closing = connection;
  }

  copy(connection: number, _side: Side, segment: Segment): void {
    this.#recorder.tcp.copy(connection, segment);
  }

  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    this.#tls.bytes(connection, side, view, at, end);
    this.#recorder.tcp.bytes(connection, side);
  }

  gap(connection: number, side: Side, lostBytes: number, reason: GapReason): void {
    this.#recorder.tcp.gap(connection, side, lostBytes, reason);
    this.#tls.gap(connection, side, lostBytes);
  }

  spare(): number {
    return this.#recorder.spare();
  }

  released(connection: number): void {
    this.#tls.closed(connection);
    this.#http.closed(connection);
    this.#recorder.released(connection);
  }

  #finish(): void {
    this.#http.finished(this.#finishing, this.#finishingSide);
    this.#finishing = NONE;
  }

  #free(): void {
    this.#tls.closed(this.#closing);
    this.#http.closed(this.#closing);
    this.#closing = NONE;
  }

  get #refusedSightings(): number {
    return (this.#sightings ?? this.#plan?.sightings)?.refused ?? 0;
  }

  #limits(): LimitHit[] {
    const tcp = this.#tcp.limits;
    const http = this.#http.counters;
    const hits: LimitHit[] = [
      { limit: 'packets-of-open-connections', bound: TCP_BOUNDS.connections, count: tcp.ignoredPackets },
      { limit: 'held-bytes-per-flow', bound: TCP_BOUNDS.flowHeldBytes, count: tcp.flowHeld },
      { limit: 'held-bytes', bound: TCP_BOUNDS.heldBytes, count: tcp.poolHeld },
      { limit: 'field-block-bytes', bound: HTTP_BOUNDS.fieldBlockBytes, count: http.collectLimit },
      { limit: 'hpack-table-rows', bound: HTTP_BOUNDS.tableRows, count: http.hpackTableLimit },
      { limit: 'header-value-bytes', bound: HTTP_BOUNDS.valueBytes, count: http.longValues },
      { limit: 'unsynchronised-bytes-per-flow', bound: HTTP_BOUNDS.unsyncedFlowBytes, count: http.unsyncedLimit },
      { limit: 'errors-without-body-per-connection', bound: HTTP_BOUNDS.errorsWaiting, count: http.errorLimit },
      { limit: 'bodies-in-gzip-looked-into', bound: HTTP_BOUNDS.codedBodies, count: http.codedLimit },
      { limit: 'tls-bytes', bound: TLS_BOUNDS.bytes, count: this.#tls.refused },
      { limit: 'tls-sequence-numbers-tried', bound: TLS_BOUNDS.trials, count: this.#tls.refusedTrials },
      { limit: 'tls-sessions-to-resume', bound: TLS_BOUNDS.sessions, count: this.#keyLog.sessions.forgotten },
      { limit: 'unanswered-requests-per-connection', bound: HTTP_BOUNDS.pendingRequests, count: http.pendingLimit },
      { limit: 'key-log-connections', bound: TLS_BOUNDS.keyLogConnections, count: this.#keyLog.refused },
      { limit: 'packets-remembered-for-copies', bound: TCP_BOUNDS.remembered, count: tcp.uncompared },
      { limit: 'connections-compared-between-files', bound: TCP_BOUNDS.sightings, count: this.#refusedSightings },
      { limit: 'connect-tunnels-per-connection', bound: HTTP_BOUNDS.tunnels, count: http.tunnelLimit },
      { limit: 'connect-tunnels', bound: HTTP_BOUNDS.tunnelsTotal, count: http.tunnelTotalLimit },
      { limit: 'older-tunnels-looked-for-per-connection', bound: HTTP_BOUNDS.suspects, count: http.suspectLimit },
      { limit: 'hpack-table-bytes-per-flow', bound: HTTP_BOUNDS.tableBytes, count: http.hpackLongTables },
      { limit: 'packets-ordered-by-time', bound: BATCH_ROWS, count: this.#rowOrder.lateAcross },
      { limit: 'searched-bytes-per-flow', bound: HTTP_BOUNDS.searchBytes, count: http.searchesGivenUp },
    ];
    return hits.filter((hit) => hit.count > 0);
  }
}
