import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import type { HttpSink, KeptFields, Protocol } from '../http/index.ts';
import { type ConnectionFacts, DID, GAP, type GapReason, isResent, LABEL, otherSide, type Side } from '../tcp/index.ts';
import { endpointText, sameHost } from './addresses.ts';
import { DebtBook, LAST_SENT } from './debts.ts';
import { Gathered } from './gathered.ts';
import { FORWARDING, type Forwarding, JoinBook } from './joins.ts';
import { CLOCK_STEP_NS, DEBT_KEPT_NS, LimitCounter, SILENCE_NS } from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import { MARK } from './marks.ts';
import type { Flow, LimitHit, Ref, Trace, TraceConnection, TraceStream } from './model.ts';
import { PingBook } from './pings.ts';
import { grown, refOf, RefTable, roomFor } from './ref-table.ts';
import { StreamBook } from './streams.ts';

/** A connection is made by its first packet, so that this is never told. */
const NOWHERE: Ref = { file: 0, packet: 0, timeNs: 0 };
/** Beside LAST_SENT. */
const FIRST_SENT = 1;
/** RFC 9110 §15.2: interim responses; the final one follows. */
const FINAL_STATUS_MIN = 200;

/**
 * From the wire pass's calls to the trace. Per packet it writes a few typed-array cells; objects are made per episode, per stream
 * and per connection. It knows sides, not roles, and no threshold of the model.
 */
export class Recorder implements HttpSink {
  readonly #moment: Moment;
  readonly #limits = new LimitCounter();
  readonly #debts: DebtBook;
  readonly #streams: StreamBook;
  readonly #joins: JoinBook;
  readonly #pings: PingBook;
  readonly #gathered: Gathered[] = [];
  readonly #undecoded = new Map<string, number>();
  readonly #tcp: ConnectionFacts;
  /** By connection: when either side spoke last. */
  #lastSpokenNs = new Float64Array(1).fill(Number.NaN);
  /** By flow: its last packet, its first. */
  readonly #sent = new RefTable(2);
  #first: Ref | null = null;
  #lastNs = -Infinity;
  #lastPacket = 0;
  #previousNs = -Infinity;
  readonly #clockSteps: { count: number; first: Ref | null } = { count: 0, first: null };
  #lastFile = 0;

  /** @param tcp gives the endpoints of a connection, and its counters at the end */
  constructor(moment: Moment, tcp: ConnectionFacts) {
    this.#moment = moment;
    this.#tcp = tcp;
    this.#debts = new DebtBook(moment, this.#limits);
    this.#streams = new StreamBook(moment, this.#limits);
    this.#pings = new PingBook(moment);
    this.#joins = new JoinBook(moment, this.#limits, (near, receiver, far, sender) =>
      this.#forwarding(near, receiver, far, sender),
    );
  }

  /** Packets that are not TCP, or could not be decoded. */
  undecoded(stopName: string, count: number): void {
    this.#undecoded.set(stopName, count);
  }

  opened(connection: number): void {
    this.#sent.grow(2 * connection + 2);
    const room = roomFor(this.#lastSpokenNs.length, connection + 1);
    if (room > this.#lastSpokenNs.length) {
      this.#lastSpokenNs = grown(this.#lastSpokenNs, new Float64Array(room).fill(Number.NaN));
    }
    this.#gathered[connection] = new Gathered(this.#limits);
    this.#debts.opened(connection);
  }

  segment(connection: number, side: Side, labels: number, did: number, segment: Segment): void {
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    const row = 2 * connection + side;
    this.#silence(gathered, connection);
    this.#debts.segment(connection, side, labels, did, segment, this.#sent);
    if (!this.#sent.has(row, FIRST_SENT)) this.#sent.set(row, FIRST_SENT, this.#moment);
    this.#sent.set(row, LAST_SENT, this.#moment);
    gathered.note(side, labels, segment, this.#moment);
    this.#mark(gathered, side, labels, did, segment);
  }

  gap(connection: number, side: Side, lostBytes: number, reason: GapReason): void {
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    if (reason === GAP.snaplen) gathered.snaplenBytes[side] += lostBytes;
    else gathered.gapBytes[side] += lostBytes;
  }

  protocol(connection: number, protocol: Protocol): void {
    const gathered = this.#gathered[connection];
    if (gathered !== undefined) gathered.protocol = protocol;
  }

  headers(connection: number, side: Side, streamId: number, fields: KeptFields, endStream: boolean): void {
    const isRequest = fields.method !== undefined;
    const stream = this.#streamOf(connection, streamId, isRequest ? side : null, isRequest);
    if (stream === undefined) return;
    if (isRequest && !stream.hasRequest) this.#request(stream, side, fields);
    else if (fields.status !== undefined) this.#response(stream, side, fields.status);
    if (fields.grpcStatus !== undefined) stream.grpcStatus = fields.grpcStatus;
    this.#end(stream, side, endStream);
  }

  wantsPayload(connection: number, side: Side, streamId: number): boolean {
    const stream = this.#streams.find(connection, streamId);
    return stream === undefined || this.#joins.wantsPayload(stream, side);
  }

  data(
    connection: number,
    side: Side,
    streamId: number,
    dataBytes: number,
    fingerprint: number,
    endStream: boolean,
  ): void {
    const stream = this.#streamOf(connection, streamId, null, false);
    if (stream === undefined) return;
    this.#gathered[connection]?.marks.add(MARK.data, side, this.#moment);
    if (dataBytes > 0) {
      if (fingerprint !== 0) this.#joins.payload(stream, side, dataBytes, fingerprint);
      stream.data(side, dataBytes, this.#moment);
    }
    this.#end(stream, side, endStream);
  }

  rstStream(connection: number, side: Side, streamId: number, errorCode: number): void {
    this.#gathered[connection]?.marks.add(MARK['rst-stream'], side, this.#moment);
    const stream = this.#streams.find(connection, streamId);
    if (stream === undefined) return;
    stream.reset(side, errorCode, this.#moment);
    this.#close(stream);
  }

  settings(_connection: number, _side: Side, _ack: boolean): void {}

  windowUpdate(_connection: number, _side: Side, _streamId: number, _incrementBytes: number): void {}

  ping(connection: number, side: Side, ack: boolean, opaque0: number, opaque1: number): void {
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    gathered.marks.add(ack ? MARK['ping-ack'] : MARK.ping, side, this.#moment);
    if (!ack) {
      this.#pings.sent(connection, side, opaque0, opaque1);
      return;
    }
    const sent = this.#pings.answered(connection, otherSide(side), opaque0, opaque1);
    if (sent !== undefined && (this.#moment.ns[0] ?? 0) - sent.timeNs > DEBT_KEPT_NS) {
      gathered.slowPing({ by: otherSide(side), sent, answered: refOf(this.#moment) });
    }
  }

  goaway(connection: number, side: Side, lastStreamId: number, errorCode: number, debug: string): void {
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    gathered.marks.add(MARK.goaway, side, this.#moment);
    gathered.goaway({ by: side, at: refOf(this.#moment), lastStreamId, errorCode, debug });
  }

  lost(_connection: number, _side: Side): void {}

  regained(_connection: number, _side: Side): void {}

  /**
   * The trace of all that was told. The recorder may not be used after.
   * @param earlierLimits the bounds that the stages to the left reached
   */
  finish(earlierLimits: readonly LimitHit[]): Trace {
    return {
      connections: this.#gathered.map((gathered, id) => this.#connection(id, gathered)),
      streams: this.#frozenStreams(),
      joins: this.#joins.all(),
      first: this.#first,
      last: this.#last,
      undecoded: this.#undecoded,
      clockSteps: this.#clockSteps,
      limits: [...earlierLimits, ...this.#limits.all()],
    };
  }

  #frozenStreams(): TraceStream[] {
    const streams = Array.from(this.#streams.all(), (stream) => stream.freeze()).sort(
      (a, b) =>
        a.opened.timeNs - b.opened.timeNs ||
        a.opened.packet - b.opened.packet ||
        a.connection - b.connection ||
        a.id - b.id,
    );
    return streams.map((stream, index) => ({ ...stream, index }));
  }

  /** Every packet, decoded or not: the capture's own span. */
  packet(): void {
    const nowNs = this.#moment.ns[0] ?? 0;
    if (this.#first === null || nowNs < this.#first.timeNs) this.#first = refOf(this.#moment);
    // The last packet's reference is made at the end: packets in order would make one each.
    if (nowNs >= this.#lastNs) {
      this.#lastNs = nowNs;
      this.#lastPacket = this.#moment.packet;
      this.#lastFile = this.#moment.file;
    } else if (this.#previousNs - nowNs > CLOCK_STEP_NS) {
      this.#clockSteps.count++;
      this.#clockSteps.first ??= refOf(this.#moment);
    }
    this.#previousNs = nowNs;
  }

  get #last(): Ref | null {
    return this.#lastPacket === 0 ? null : { file: this.#lastFile, packet: this.#lastPacket, timeNs: this.#lastNs };
  }

  /** Notes a stretch in which neither side spoke. The first packet of a connection follows nothing: NaN is not more than anything. */
  #silence(gathered: Gathered, connection: number): void {
    const nowNs = this.#moment.ns[0] ?? 0;
    const lastNs = this.#lastSpokenNs[connection] ?? Number.NaN;
    if (nowNs - lastNs > SILENCE_NS) {
      const row = 2 * connection;
      const from = later(this.#sent.get(row, LAST_SENT), this.#sent.get(row + 1, LAST_SENT));
      if (from !== null) gathered.silence({ from, to: refOf(this.#moment) });
    }
    if (!(nowNs < lastNs)) this.#lastSpokenNs[connection] = nowNs;
  }

  #mark(gathered: Gathered, side: Side, labels: number, did: number, segment: Segment): void {
    const { flags } = segment;
    if ((flags & (FLAG.syn | FLAG.fin | FLAG.rst)) !== 0) gathered.handshakeOrClose(side, did, segment, this.#moment);
    else if (isResent(labels, did)) gathered.marks.add(MARK.retransmission, side, this.#moment);
    else if ((labels & LABEL.keepAlive) !== 0) gathered.marks.add(MARK['keep-alive'], side, this.#moment);
    else if ((labels & LABEL.keepAliveAck) !== 0) gathered.marks.add(MARK['keep-alive-ack'], side, this.#moment);
    else if ((did & DID.payload) !== 0 && gathered.protocol !== 'h2') gathered.marks.add(MARK.data, side, this.#moment);
  }

  #streamOf(connection: number, streamId: number, askedBy: Side | null, sawRequest: boolean): LiveStream | undefined {
    return this.#streams.find(connection, streamId) ?? this.#streams.open(connection, streamId, askedBy, sawRequest);
  }

  #request(stream: LiveStream, side: Side, fields: KeptFields): void {
    this.#gathered[stream.connection]?.marks.add(MARK.request, side, this.#moment);
    stream.ask(side, fields);
    this.#joins.request(stream);
  }

  #response(stream: LiveStream, side: Side, status: number | null): void {
    if (status !== null && status < FINAL_STATUS_MIN) return;
    this.#gathered[stream.connection]?.marks.add(MARK.response, side, this.#moment);
    stream.respond(side, status, this.#moment);
  }

  #end(stream: LiveStream, side: Side, endStream: boolean): void {
    if (!endStream) return;
    stream.end(side, this.#moment);
    if (stream.isClosed) this.#close(stream);
  }

  #close(stream: LiveStream): void {
    this.#joins.closed(stream);
    this.#streams.close(stream);
  }

  /** May the host that received on `near` be the one that sends on `far`? Told from addresses alone. */
  #forwarding(near: number, receiver: Side, far: number, sender: Side): Forwarding {
    const tcp = this.#tcp;
    // Nobody forwards a request to the very socket that received it: these are two clients of one server.
    if (
      tcp.port(near, receiver) === tcp.port(far, otherSide(sender)) &&
      sameHost(tcp, near, receiver, far, otherSide(sender))
    ) {
      return FORWARDING.impossible;
    }
    if (sameHost(tcp, near, receiver, far, sender)) return FORWARDING.fitting;
    const nearLocal = this.#gathered[near]?.localSide ?? null;
    const farLocal = this.#gathered[far]?.localSide ?? null;
    // Where the capture says which ends are its own host's, both have to be: any other host would show one address on both.
    if (nearLocal !== null || farLocal !== null) {
      return isOrBoth(nearLocal, receiver) && isOrBoth(farLocal, sender) ? FORWARDING.fitting : FORWARDING.impossible;
    }
    // The same host on both far ends asks two servers the same: no gateway between.
    return sameHost(tcp, near, otherSide(receiver), far, sender) ? FORWARDING.impossible : FORWARDING.conceivable;
  }

  #connection(id: number, gathered: Gathered): TraceConnection {
    const { syn, synAck, synBy } = gathered;
    const row = 2 * id;
    const first = sooner(this.#sent.get(row, FIRST_SENT), this.#sent.get(row + 1, FIRST_SENT)) ?? NOWHERE;
    const last = later(this.#sent.get(row, LAST_SENT), this.#sent.get(row + 1, LAST_SENT)) ?? NOWHERE;
    if (this.#lastNs - last.timeNs > SILENCE_NS) gathered.silence({ from: last, to: null });
    for (const ping of this.#pings.unanswered(id)) gathered.slowPing(ping);
    return {
      id,
      endpoints: [endpointText(this.#tcp, id, 0), endpointText(this.#tcp, id, 1)],
      first,
      last,
      handshake: { by: synBy, syn, synAck },
      localSide: gathered.localSide,
      closes: gathered.closes,
      protocol: gathered.protocol,
      flows: [this.#flow(id, 0, gathered), this.#flow(id, 1, gathered)],
      debts: this.#debts.finish(id),
      silences: gathered.silences,
      goaways: gathered.goaways,
      slowPings: gathered.slowPings,
      marks: gathered.marks.all(),
      folded: this.#streams.totals(id),
      handshakeNs: syn !== null && synAck !== null ? synAck.timeNs - syn.timeNs : null,
    };
  }

  #flow(id: number, side: Side, gathered: Gathered): Flow {
    const row = 2 * id + side;
    const tcp = this.#tcp;
    const pings = this.#pings.counts(id, side);
    return {
      packets: tcp.packets(id, side),
      bytes: tcp.payloadBytes(id, side),
      retransmissions: tcp.retransmissions(id, side),
      keepAliveProbes: tcp.keepAliveProbes(id, side),
      keepAliveAnswered: tcp.keepAlivesAnswered(id, side),
      pings: pings.sent,
      pingsAnswered: pings.answered,
      lostByCapture: gathered.lostByCapture[side],
      gapBytes: gathered.gapBytes[side],
      snaplenBytes: gathered.snaplenBytes[side],
      first: this.#sent.get(row, FIRST_SENT),
      last: this.#sent.get(row, LAST_SENT),
      ttl: gathered.ttlRange(side),
      zeroWindowSince: gathered.zeroWindowSince[side],
    };
  }
}

function isOrBoth(local: Side | 'both' | null, side: Side): boolean {
  return local === side || local === 'both';
}

function sooner(a: Ref | null, b: Ref | null): Ref | null {
  if (a === null || b === null) return a ?? b;
  return b.timeNs < a.timeNs ? b : a;
}

function later(a: Ref | null, b: Ref | null): Ref | null {
  if (a === null || b === null) return a ?? b;
  return a.timeNs > b.timeNs ? a : b;
}
