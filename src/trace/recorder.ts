import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import type { ErrorReason, HttpSink, KeptFields, Protocol } from '../http/index.ts';
import {
  type ConnectionFacts,
  DID,
  GAP,
  type GapReason,
  isResent,
  LABEL,
  otherSide,
  type Side,
  TCP_BOUNDS,
} from '../tcp/index.ts';
import type { TlsAlert, TlsFacts } from '../tls/index.ts';
import { AskBooks } from './ask-books.ts';
import { BurstBook } from './bursts.ts';
import { CarrierBook } from './carriers.ts';
import { SHAPE, ShapeBook } from './shapes.ts';
import { CreditBook } from './credit.ts';
import { DebtBook, LAST_SENT } from './debts.ts';
import { FlowNotes } from './flow-notes.ts';
import { FIRST_SENT, freeze } from './freeze.ts';
import { Gathered } from './gathered.ts';
import { judgeForwarding } from './forwarding.ts';
import { JoinBook } from './joins.ts';
import { KeepAliveBook } from './keep-alives.ts';
import {
  DEBT_KEPT_NS,
  LimitCounter,
  LINK_TYPES_MAX,
  SILENCE_NS,
  SILENCES_LEAST,
  SILENCES_MAX,
  SILENCES_TOTAL,
} from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import { MARK, MarkBook } from './marks.ts';
import type { LimitHit, Trace } from './model.ts';
import { PingBook } from './pings.ts';
import { grown, later, refOf, RefTable, roomFor } from './ref-table.ts';
import { Roster } from './roster.ts';
import { RoundTripBook } from './round-trips.ts';
import { Share } from './share.ts';
import { Span } from './span.ts';
import { StairBook } from './stairs.ts';
import { StreamBook } from './streams.ts';
import { TunnelBook } from './tunnels.ts';
import { UnreadBook } from './unread.ts';

/** What opens and closes a connection. */
const TURNS: number = FLAG.syn | FLAG.fin | FLAG.rst;
const NO_HANDSHAKE = { syn: null, synAck: null };
const NOT_TOLD = { protocol: 'unknown', isDecrypted: false };
/** RFC 9110 §15.2: interim responses; the final one follows. */
const FINAL_STATUS_MIN = 200;
/** RFC 9110 §15.2.2: the one of them after which no other follows, as the connection is now a tunnel. */
const SWITCHING_PROTOCOLS = 101;

/**
 * From the wire pass's calls to the trace. Per packet it writes a few typed-array cells; objects are made per episode, per stream
 * and per connection. It knows sides, not roles, and no threshold of the model.
 */
export class Recorder implements HttpSink {
  readonly #moment: Moment;
  readonly #limits = new LimitCounter();
  readonly #debts: DebtBook;
  readonly #streams: StreamBook;
  readonly #carriers = new CarrierBook();
  readonly #joins: JoinBook;
  readonly #pings: PingBook;
  readonly #keepAlives: KeepAliveBook;
  readonly #roundTrips: RoundTripBook;
  readonly #asks: AskBooks;
  readonly #bursts: BurstBook;
  readonly #shapes: ShapeBook;
  readonly #marks = new MarkBook();
  readonly #notes = new FlowNotes();
  readonly #unread: UnreadBook;
  readonly #credit: CreditBook;
  readonly #stairs: StairBook;
  readonly #roster: Roster;
  readonly #tunnels: TunnelBook;
  readonly #silences = new Share(SILENCES_MAX, SILENCES_LEAST, SILENCES_TOTAL);
  /** By connection number; sparse where connections were given up. */
  readonly #gathered: (Gathered | undefined)[] = [];
  readonly #givenUp = { connections: 0, packets: 0, streams: 0 };
  readonly #undecoded = new Map<string, number>();
  readonly #unknownLinkTypes = new Map<number, number>();
  #duplicates = 0;
  readonly #tcp: ConnectionFacts;
  /** By connection: when either side spoke last. */
  #lastSpokenNs = new Float64Array(1).fill(Number.NaN);
  /** By flow: its last packet, its first. */
  readonly #sent = new RefTable(2);
  readonly #span: Span;

  /** @param tcp gives the endpoints of a connection, and its counters at the end */
  constructor(moment: Moment, tcp: ConnectionFacts) {
    this.#moment = moment;
    this.#span = new Span(moment);
    this.#tcp = tcp;
    this.#unread = new UnreadBook(moment, this.#limits);
    this.#debts = new DebtBook(moment, this.#limits);
    this.#stairs = new StairBook(this.#limits);
    this.#tunnels = new TunnelBook(this.#limits);
    this.#credit = new CreditBook(moment);
    this.#streams = new StreamBook(moment, this.#limits);
    this.#pings = new PingBook(moment, this.#limits);
    this.#keepAlives = new KeepAliveBook(moment);
    this.#roundTrips = new RoundTripBook(moment, tcp);
    // Side 0 sent a connection's first packet.
    const judge = judgeForwarding(tcp, this.#notes, (connection) => this.#sent.file(2 * connection, FIRST_SENT));
    this.#joins = new JoinBook(moment, this.#limits, judge, (connection, nth) => tcp.nth(connection) === nth);
    this.#shapes = new ShapeBook(moment);
    this.#bursts = new BurstBook(
      moment,
      this.#limits,
      judge,
      tcp.nth.bind(tcp),
      this.#isOpaque.bind(this),
      (connection) => {
        const { syn, synAck } = this.#gathered[connection] ?? NO_HANDSHAKE;
        return syn !== null || synAck !== null;
      },
    );
    this.#asks = new AskBooks(moment, this.#limits, judge, tcp.nth.bind(tcp), this.#isOpaque.bind(this));
    this.#roster = new Roster(moment, tcp, {
      isNotable: (connection) => this.#debts.isNotable(connection) || this.#streams.isNotable(connection),
      isBusy: (connection) => this.#debts.isOpen(connection) || this.#streams.isBusy(connection),
      lastSpokenNs: (connection) => this.#lastSpokenNs[connection] ?? Number.NaN,
    });
  }

  /** Packets that are not TCP, or could not be decoded. */
  undecoded(stopName: string, count: number): void {
    this.#undecoded.set(stopName, count);
  }

  /** A packet of a link type that is not read; those beyond LINK_TYPES_MAX types are only among the undecoded ones. */
  unknownLinkType(linkType: number): void {
    const known = this.#unknownLinkTypes.get(linkType);
    if (known !== undefined || this.#unknownLinkTypes.size < LINK_TYPES_MAX)
      this.#unknownLinkTypes.set(linkType, (known ?? 0) + 1);
  }

  /** Packets that the capture holds more than once. */
  duplicates(count: number): void {
    this.#duplicates = count;
  }

  /** @param bySyn  its first packet is a SYN, so that it may be one that nobody answers */
  opened(connection: number, bySyn: boolean): void {
    this.#sent.grow(2 * connection + 2);
    const room = roomFor(this.#lastSpokenNs.length, connection + 1);
    if (room > this.#lastSpokenNs.length) {
      this.#lastSpokenNs = grown(this.#lastSpokenNs, new Float64Array(room).fill(Number.NaN));
    }
    this.#gathered[connection] = new Gathered(this.#limits, this.#silences);
    this.#debts.opened(connection);
    this.#asks.opened(connection);
    this.#bursts.opened(connection);
    this.#shapes.opened(connection);
    this.#marks.opened(connection);
    this.#notes.opened(connection);
    this.#unread.opened(connection);
    this.#roundTrips.opened(connection);
    this.#credit.opened(connection, bySyn);
    this.#stairs.opened(connection);
    this.#streams.opened(connection);
    if (bySyn) this.#roster.asked(connection);
  }

  /** The connection whose loss costs least, or NONE_TO_SPARE. */
  spare(): number {
    return this.#roster.spare(this.#tcp.rows);
  }

  /** Forgets a connection, but for its share in the totals; its number is free for another. */
  released(connection: number): void {
    this.#givenUp.connections++;
    this.#givenUp.packets += this.#tcp.packets(connection, 0) + this.#tcp.packets(connection, 1);
    this.#givenUp.streams += this.#streams.release(connection, (stream) => this.#joins.closed(stream));
    this.#silences.give(this.#gathered[connection]?.silencesKept ?? 0);
    this.#gathered[connection] = undefined;
    this.#lastSpokenNs[connection] = Number.NaN;
    for (const row of [2 * connection, 2 * connection + 1]) {
      this.#sent.clear(row, LAST_SENT);
      this.#sent.clear(row, FIRST_SENT);
    }
    this.#debts.release(connection);
    this.#asks.release(connection);
    this.#bursts.release(connection);
    this.#joins.release(connection);
    this.#marks.release(connection);
    this.#notes.release(connection);
    this.#unread.release(connection);
    this.#stairs.release(connection);
    this.#pings.release(connection);
    this.#keepAlives.release(connection);
    this.#roundTrips.release(connection);
    this.#tunnels.release(connection);
  }

  segment(connection: number, side: Side, labels: number, did: number, segment: Segment): void {
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    const row = 2 * connection + side;
    this.#silence(gathered, connection);
    this.#stairs.packet(row, (did & DID.ackedAll) !== 0, this.#moment, this.#sent, LAST_SENT);
    this.#debts.segment(connection, side, labels, did, segment, this.#sent);
    if ((labels & LABEL.keepAlive) !== 0) this.#probe(connection, side, did);
    if (!this.#sent.has(row, FIRST_SENT)) this.#sent.set(row, FIRST_SENT, this.#moment);
    this.#sent.set(row, LAST_SENT, this.#moment);
    this.#notes.segment(connection, side, labels, segment);
    this.#unread.segment(connection, side, labels);
    this.#roundTrips.segment(connection, side, labels, did);
    if ((did & DID.payload) !== 0) this.#bursts.payload(connection, side, segment.payloadBytes);
    if (segment.tunnels !== 0) this.#tunnels.segment(connection, segment);
    if (gathered.isDoubtful) gathered.afterReset(side, segment, this.#moment);
    if (labels === 0 && (segment.flags & TURNS) === 0 && !gathered.hasZeroWindow) {
      if ((did & DID.payload) !== 0 && !gathered.isFramed) this.#marks.add(connection, MARK.data, side, this.#moment);
      return;
    }
    gathered.window(side, labels, segment.window, this.#moment);
    this.#mark(gathered, connection, side, labels, did, segment);
  }

  /** Linux asks for a window in the same form, and a single byte that is sent again has it, too: then that byte is in flight. */
  #probe(connection: number, side: Side, did: number): void {
    if ((did & DID.inFlight) === 0 && !this.#tcp.isZeroWindow(connection, otherSide(side)))
      this.#keepAlives.probe(2 * connection + side, this.#sent);
  }

  /** A segment that the capture holds twice. On a node one copy is bare and the other in a tunnel: its path is the connection's. */
  copy(connection: number, segment: Segment): void {
    if (segment.tunnels !== 0) this.#tunnels.segment(connection, segment);
  }

  /** The next bytes of a side were read. */
  bytes(connection: number, side: Side): void {
    this.#unread.read(connection, side);
  }

  gap(connection: number, side: Side, lostBytes: number, reason: GapReason): void {
    const { protocol, isDecrypted } = this.#gathered[connection] ?? NOT_TOLD;
    this.#notes.gap(connection, side, lostBytes, reason === GAP.snaplen);
    // Where more than data is missing of frames that are told, that they are lost or broken is told besides.
    if (protocol !== 'h2' || isDecrypted) this.#unread.missed(connection, side);
    // A WINDOW_UPDATE may be among what is missing.
    this.#credit.distrust(connection);
  }

  protocol(connection: number, protocol: Protocol): void {
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    // An upgrade has its first SETTINGS in a header field that is not kept (RFC 7540 §3.2.1).
    if (gathered.protocol === 'http1') this.#credit.distrust(connection);
    gathered.protocol = protocol;
    if (protocol !== 'tls') return;
    this.#asks.begin();
    this.#bursts.begin();
  }

  /** What is told of a connection stood in TLS, and was decrypted. It is no more than TLS until something is told. */
  decrypted(connection: number): void {
    if (connection < 0) return;
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    gathered.isDecrypted = true;
    if (gathered.protocol === 'unknown') gathered.protocol = 'tls';
  }

  blanked(connection: number): void {
    const gathered = this.#gathered[connection];
    if (gathered !== undefined) gathered.isBlanked = true;
  }

  /** A hello of a TLS connection was read. */
  tlsFacts(connection: number, facts: TlsFacts): void {
    if (connection < 0) return;
    const gathered = this.#gathered[connection];
    if (gathered !== undefined) gathered.tls = facts;
  }

  /** @param said  null: it was not opened */
  tlsAlert(connection: number, by: Side, said: TlsAlert | null): void {
    this.#gathered[connection]?.tlsAlert({ by, at: refOf(this.#moment), said });
  }

  /** A TLS record that is not decrypted is complete. */
  tlsRecord(connection: number, side: Side, type: number, bytes: number): void {
    // In a tunnel its size and time are those of what carries it, too.
    if (connection < 0) return;
    const facts = this.#gathered[connection]?.tls ?? null;
    const shape = this.#shapes.record(connection, side, type, bytes, facts, this.#clientByPort(connection));
    if (shape === SHAPE.request || shape === SHAPE.supposed) this.#asks.request(connection, side, null);
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

  /** What is told under a negative number runs in a tunnel; of what cannot be read nothing else is told. */
  tunnel(inner: number, connection: number, streamId: number, protocol: Protocol): void {
    if (protocol === 'tls') return;
    const carrier = this.#streamOf(connection, streamId, null, false);
    if (carrier !== undefined) this.#carriers.opened(inner, carrier);
  }

  tunnelClosed(inner: number): void {
    this.#carriers.closed(inner);
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
    const isInner = connection < 0;
    // Windows of what runs in a tunnel are not followed.
    const isCredited = !isInner && this.#gathered[connection]?.protocol === 'h2';
    if (isCredited) this.#credit.spend(connection, side, dataBytes);
    const stream = this.#streamOf(connection, streamId, null, false);
    if (stream === undefined) return;
    // The DATA that carry it are marked.
    if (!isInner) this.#marks.add(connection, MARK.data, side, this.#moment);
    if ((stream.unreadSides & (1 << side)) !== 0) this.#unread.missed(connection, side);
    if (dataBytes > 0) {
      if (isCredited) stream.spend(side, dataBytes, this.#credit.initialBytes(connection, side), this.#moment);
      if (fingerprint !== 0) this.#joins.payload(stream, side, dataBytes, fingerprint);
      stream.data(side, dataBytes, this.#moment);
    }
    this.#end(stream, side, endStream);
  }

  reason(connection: number, streamId: number, reason: ErrorReason): void {
    const stream = this.#streams.find(connection, streamId);
    if (stream !== undefined) stream.reason = reason;
  }

  rstStream(connection: number, side: Side, streamId: number, errorCode: number): void {
    const stream = this.#streams.find(connection, streamId);
    const carrying = connection < 0 ? stream?.connection : connection;
    if (carrying !== undefined) this.#marks.add(carrying, MARK['rst-stream'], side, this.#moment);
    if (stream === undefined) return;
    stream.reset(side, errorCode, this.#moment);
    this.#carriers.ended(stream, side, true, this.#moment, (inner) => this.#close(inner));
    this.#close(stream);
  }

  settings(connection: number, side: Side, ack: boolean, initialWindowBytes: number): void {
    if (connection >= 0 && !ack && initialWindowBytes >= 0)
      this.#credit.begin(connection, otherSide(side), initialWindowBytes);
  }

  windowUpdate(connection: number, side: Side, streamId: number, incrementBytes: number): void {
    if (connection < 0) return;
    const sender = otherSide(side);
    if (streamId === 0) {
      this.#credit.grant(connection, sender, incrementBytes);
      return;
    }
    const initialBytes = this.#credit.initialBytes(connection, sender);
    this.#streams.find(connection, streamId)?.grant(sender, incrementBytes, initialBytes, this.#moment);
  }

  ping(connection: number, side: Side, ack: boolean, opaque0: number, opaque1: number): void {
    // Those in a tunnel are between others, and no check of the connection that carries it.
    if (connection < 0) return;
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    this.#marks.add(connection, ack ? MARK['ping-ack'] : MARK.ping, side, this.#moment);
    if (!ack) {
      this.#pings.sent(connection, side, opaque0, opaque1);
      return;
    }
    const sent = this.#pings.answered(connection, otherSide(side), opaque0, opaque1);
    if (sent !== undefined && (this.#moment.ns[0] ?? 0) - sent.timeNs > DEBT_KEPT_NS) {
      gathered.slowPing({ by: otherSide(side), sent, answered: refOf(this.#moment) });
    }
  }

  /** An ICMP error quotes a segment that `about` had sent. */
  icmp(connection: number, about: Side, ipVersion: 4 | 6, type: number, code: number): void {
    this.#gathered[connection]?.icmpError({ about, at: refOf(this.#moment), ipVersion, type, code });
  }

  goaway(connection: number, side: Side, lastStreamId: number, errorCode: number, debug: string): void {
    if (connection < 0) return;
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    this.#marks.add(connection, MARK.goaway, side, this.#moment);
    gathered.goaway({ by: side, at: refOf(this.#moment), lastStreamId, errorCode, debug });
  }

  broken(connection: number, side: Side): void {
    const carrying = connection < 0 ? this.#carriers.of(connection)?.connection : connection;
    if (carrying !== undefined) this.#unread.missed(carrying, side);
  }

  lost(connection: number, side: Side): void {
    if (connection < 0) {
      this.#followsInner(connection, side, true);
      return;
    }
    this.#unread.follows(connection, side, true);
    this.#credit.distrust(connection);
  }

  regained(connection: number, side: Side): void {
    if (connection < 0) this.#followsInner(connection, side, false);
    else this.#unread.follows(connection, side, false);
  }

  /**
   * The trace of all that was told. The recorder may not be used after.
   * @param earlierLimits the bounds that the stages to the left reached
   */
  finish(earlierLimits: readonly LimitHit[]): Trace {
    const { connections, packets, streams } = this.#givenUp;
    if (connections > 0) this.#limits.hit('connections', TCP_BOUNDS.connections, connections);
    const books = {
      tcp: this.#tcp,
      gathered: this.#gathered,
      sent: this.#sent,
      debts: this.#debts,
      streams: this.#streams,
      joins: this.#joins,
      pings: this.#pings,
      keepAlives: this.#keepAlives,
      roundTrips: this.#roundTrips,
      marks: this.#marks,
      notes: this.#notes,
      unread: this.#unread,
      stairs: this.#stairs,
      credit: this.#credit,
      asks: this.#asks,
      bursts: this.#bursts,
      tunnels: this.#tunnels,
      shapes: this.#shapes,
    };
    return {
      ...freeze(books, this.#span.lastNs),
      givenUp: { connections, packets, streams, floods: this.#roster.floods() },
      first: this.#span.first,
      last: this.#span.last,
      files: this.#span.files,
      undecoded: this.#undecoded,
      unknownLinkTypes: this.#unknownLinkTypes,
      duplicates: this.#duplicates,
      clockSteps: this.#span.clockSteps,
      limits: [...earlierLimits, ...this.#limits.all()],
    };
  }

  /** Packets of a file were read, all of them between these two times. */
  read(file: number, firstNs: number, lastNs: number): void {
    this.#span.read(file, firstNs, lastNs);
  }

  /** Every packet, decoded or not. */
  packet(): void {
    this.#span.packet();
  }

  /** The same, for a packet of a file with a clock of its own. */
  packetBetween(): void {
    this.#span.packetBetween();
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

  #mark(gathered: Gathered, connection: number, side: Side, labels: number, did: number, segment: Segment): void {
    const { flags } = segment;
    if ((flags & TURNS) !== 0) this.#turn(gathered, connection, side, did, segment);
    else if (isResent(labels, did)) this.#marks.add(connection, MARK.retransmission, side, this.#moment);
    else if ((labels & LABEL.keepAlive) !== 0) this.#marks.add(connection, MARK['keep-alive'], side, this.#moment);
    else if ((labels & LABEL.keepAliveAck) !== 0)
      this.#marks.add(connection, MARK['keep-alive-ack'], side, this.#moment);
    else if ((did & DID.payload) !== 0 && !gathered.isFramed)
      this.#marks.add(connection, MARK.data, side, this.#moment);
  }

  /** Servers have the lower port, as a rule. */
  #clientByPort(connection: number): Side | null {
    const [zero, one] = [this.#tcp.port(connection, 0), this.#tcp.port(connection, 1)];
    if (zero === one) return null;
    return zero > one ? 0 : 1;
  }

  #isOpaque(connection: number): boolean {
    return this.#gathered[connection]?.protocol === 'tls';
  }

  /** A segment with SYN, FIN or RST. */
  #turn(gathered: Gathered, connection: number, side: Side, did: number, segment: Segment): void {
    const { flags } = segment;
    const moment = this.#moment;
    if ((flags & FLAG.rst) !== 0) {
      this.#marks.add(connection, MARK.rst, side, moment);
      gathered.rst(
        side,
        did,
        segment,
        moment,
        this.#notes.resetMarks(connection, side, segment),
        this.#tcp.packets(connection, 0) + this.#tcp.packets(connection, 1) === 1,
      );
    } else if ((flags & FLAG.syn) !== 0) {
      this.#marks.add(connection, (flags & FLAG.ack) !== 0 ? MARK['syn-ack'] : MARK.syn, side, moment);
      if ((flags & FLAG.ack) === 0 && gathered.syn === null) this.#asks.connects(connection, side);
      gathered.handshake(side, segment, moment);
    } else {
      this.#marks.add(connection, MARK.fin, side, moment);
      gathered.fin(side, segment, moment);
    }
    if ((flags & FLAG.syn) === 0) this.#keepAlives.closed(2 * connection + side, this.#sent);
    // Once: resets come in floods.
    if (gathered.isOver || (did & (DID.rstInWindow | DID.over)) === 0) return;
    gathered.isOver = true;
    this.#roster.closed(connection);
  }

  /** Of what a side says in a tunnel some cannot be read: that is some of what it says on the connection. */
  #followsInner(inner: number, side: Side, isLost: boolean): void {
    const carrier = this.#carriers.follows(inner, side, isLost);
    if (carrier !== undefined) this.#unread.missed(carrier.connection, side);
  }

  #streamOf(connection: number, streamId: number, askedBy: Side | null, sawRequest: boolean): LiveStream | undefined {
    const known = this.#streams.find(connection, streamId);
    if (known !== undefined) return known;
    if (connection >= 0)
      return this.#streams.open(connection, this.#tcp.nth(connection), streamId, askedBy, sawRequest);
    const carrier = this.#carriers.of(connection);
    if (carrier === undefined) return undefined;
    return this.#streams.open(carrier.connection, carrier.nth, streamId, askedBy, sawRequest, carrier);
  }

  #request(stream: LiveStream, side: Side, fields: KeptFields): void {
    this.#marks.add(stream.connection, MARK.request, side, this.#moment);
    stream.ask(side, fields);
    this.#streams.asked(stream);
    this.#joins.request(stream);
    this.#asks.request(stream.connection, side, stream);
  }

  #response(stream: LiveStream, side: Side, status: number | null): void {
    if (status !== null && status < FINAL_STATUS_MIN && status !== SWITCHING_PROTOCOLS) return;
    this.#marks.add(stream.connection, MARK.response, side, this.#moment);
    stream.respond(side, status, this.#moment);
  }

  #end(stream: LiveStream, side: Side, endStream: boolean): void {
    if (!endStream) return;
    const isFirst = !stream.hasEnded(side);
    stream.end(side, this.#moment);
    const isOver = stream.isClosed;
    if (isFirst && stream.newestInner !== null)
      this.#carriers.ended(stream, side, isOver, this.#moment, (inner) => this.#close(inner));
    if (isOver) this.#close(stream);
  }

  #close(stream: LiveStream): void {
    if (stream.inner !== 0) this.#carriers.closed(stream.inner);
    this.#joins.closed(stream);
    this.#streams.close(stream);
  }
}
