import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import { type ConnectionFacts, DID, GAP, type GapReason, isResent, LABEL, otherSide, type Side } from '../tcp/index.ts';
import type { AskBooks } from './ask-books.ts';
import type { Books } from './books.ts';
import type { BurstBook } from './bursts.ts';
import type { CreditBook } from './credit.ts';
import type { DebtBook } from './debts.ts';
import type { FlowNotes } from './flow-notes.ts';
import type { Gathered } from './gathered.ts';
import type { KeepAliveBook } from './keep-alives.ts';
import type { LastSpoken } from './last-spoken.ts';
import { SILENCE_NS } from './limits.ts';
import { MARK, type MarkBook } from './marks.ts';
import { later, refOf, type RefTable } from './ref-table.ts';
import type { Roster } from './roster.ts';
import type { RoundTripBook } from './round-trips.ts';
import { FIRST_SENT, LAST_SENT } from './sent.ts';
import type { StairBook } from './stairs.ts';
import type { TunnelBook } from './tunnels.ts';
import type { UnreadBook } from './unread.ts';

/** What opens and closes a connection. */
const TURNS: number = FLAG.syn | FLAG.fin | FLAG.rst;
const NOT_TOLD = { protocol: 'unknown', isDecrypted: false };

/** What the tcp stage tells. Per packet it writes a few typed-array cells; objects are made per episode. */
export class SegmentRecorder {
  readonly #moment: Moment;
  readonly #tcp: ConnectionFacts;
  readonly #roster: Roster;
  readonly #gathered: readonly (Gathered | undefined)[];
  readonly #sent: RefTable;
  readonly #lastSpoken: LastSpoken;
  readonly #stairs: StairBook;
  readonly #debts: DebtBook;
  readonly #keepAlives: KeepAliveBook;
  readonly #notes: FlowNotes;
  readonly #unread: UnreadBook;
  readonly #roundTrips: RoundTripBook;
  readonly #asks: AskBooks;
  readonly #bursts: BurstBook;
  readonly #tunnels: TunnelBook;
  readonly #marks: MarkBook;
  readonly #credit: CreditBook;

  constructor(moment: Moment, books: Books, roster: Roster) {
    this.#moment = moment;
    this.#roster = roster;
    this.#tcp = books.tcp;
    this.#gathered = books.gathered;
    this.#sent = books.sent;
    this.#lastSpoken = books.lastSpoken;
    this.#stairs = books.stairs;
    this.#debts = books.debts;
    this.#keepAlives = books.keepAlives;
    this.#notes = books.notes;
    this.#unread = books.unread;
    this.#roundTrips = books.roundTrips;
    this.#asks = books.asks;
    this.#bursts = books.bursts;
    this.#tunnels = books.tunnels;
    this.#marks = books.marks;
    this.#credit = books.credit;
  }

  /** A segment of `side`, before its bytes are told. */
  segment(connection: number, side: Side, labels: number, did: number, segment: Segment): void {
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    const row = 2 * connection + side;
    if (this.#lastSpoken.spoke(connection, this.#moment.ns[0] ?? 0) > SILENCE_NS) this.#silence(gathered, connection);
    this.#stairs.packet(row, (did & DID.ackedAll) !== 0, this.#moment, this.#sent, LAST_SENT);
    this.#debts.segment(connection, side, labels, did, segment, this.#sent);
    if ((labels & LABEL.keepAlive) !== 0) this.#probe(connection, side, did);
    if (!this.#sent.has(row, FIRST_SENT)) this.#sent.set(row, FIRST_SENT, this.#moment);
    this.#sent.set(row, LAST_SENT, this.#moment);
    this.#notes.segment(connection, side, labels, segment);
    this.#unread.segment(connection, side, labels);
    this.#roundTrips.segment(connection, side, labels, did, segment);
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
    this.#notes.gap(connection, side, lostBytes, reason === GAP.snaplen, this.#moment);
    // Where more than data is missing of frames that are told, that they are lost or broken is told besides.
    if (protocol !== 'h2' || isDecrypted) this.#unread.missed(connection, side);
    // A WINDOW_UPDATE may be among what is missing.
    this.#credit.distrust(connection);
  }

  /** An ICMP error quotes a segment that `about` had sent. */
  icmp(connection: number, about: Side, ipVersion: 4 | 6, type: number, code: number): void {
    this.#gathered[connection]?.icmpError({ about, at: refOf(this.#moment), ipVersion, type, code });
  }

  /** Neither side spoke for long. */
  #silence(gathered: Gathered, connection: number): void {
    const row = 2 * connection;
    const from = later(this.#sent.get(row, LAST_SENT), this.#sent.get(row + 1, LAST_SENT));
    if (from !== null) gathered.silence({ from, to: refOf(this.#moment) });
  }

  /** Linux asks for a window in the same form, and a single byte that is sent again has it, too: then that byte is in flight. */
  #probe(connection: number, side: Side, did: number): void {
    if ((did & DID.inFlight) === 0 && !this.#tcp.isZeroWindow(connection, otherSide(side)))
      this.#keepAlives.probe(2 * connection + side, this.#sent);
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

  /** A segment with SYN, FIN or RST. */
  #turn(gathered: Gathered, connection: number, side: Side, did: number, segment: Segment): void {
    const { flags } = segment;
    if ((flags & FLAG.rst) !== 0) this.#rst(gathered, connection, side, did, segment);
    else if ((flags & FLAG.syn) !== 0) this.#syn(gathered, connection, side, segment);
    else {
      this.#marks.add(connection, MARK.fin, side, this.#moment);
      gathered.fin(side, segment, this.#moment);
    }
    if ((flags & FLAG.syn) === 0) this.#keepAlives.closed(2 * connection + side, this.#sent);
    // Once: resets come in floods.
    if (gathered.isOver || (did & (DID.rstInWindow | DID.over)) === 0) return;
    gathered.isOver = true;
    this.#roster.closed(connection);
  }

  #syn(gathered: Gathered, connection: number, side: Side, segment: Segment): void {
    const isAnswer = (segment.flags & FLAG.ack) !== 0;
    this.#marks.add(connection, isAnswer ? MARK['syn-ack'] : MARK.syn, side, this.#moment);
    if (!isAnswer && gathered.syn === null) this.#asks.connects(connection, side);
    gathered.handshake(side, segment, this.#moment);
  }

  #rst(gathered: Gathered, connection: number, side: Side, did: number, segment: Segment): void {
    const marks = this.#notes.resetMarks(connection, side, segment);
    const isFirst = this.#tcp.packets(connection, 0) + this.#tcp.packets(connection, 1) === 1;
    this.#marks.add(connection, MARK.rst, side, this.#moment);
    gathered.rst(side, did, segment, this.#moment, marks, isFirst);
  }
}
