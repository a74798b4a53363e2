import type { Moment } from '../capture/index.ts';
import type { ConnectionFacts } from '../tcp/index.ts';
import { AskBooks } from './ask-books.ts';
import { BurstBook } from './bursts.ts';
import { CarrierBook } from './carriers.ts';
import { CreditBook } from './credit.ts';
import { DebtBook } from './debts.ts';
import { FlowNotes } from './flow-notes.ts';
import { judgeForwarding } from './forwarding.ts';
import { Gathered } from './gathered.ts';
import { JoinBook } from './joins.ts';
import { KeepAliveBook } from './keep-alives.ts';
import { LastSpoken } from './last-spoken.ts';
import { LimitCounter, SILENCES_LEAST, SILENCES_MAX, SILENCES_TOTAL } from './limits.ts';
import { MarkBook } from './marks.ts';
import { PingBook } from './pings.ts';
import { RefTable } from './ref-table.ts';
import { RoundTripBook } from './round-trips.ts';
import { FIRST_SENT, LAST_SENT, SENT_COLUMNS } from './sent.ts';
import { ShapeBook } from './shapes.ts';
import { Share } from './share.ts';
import { StairBook } from './stairs.ts';
import { StreamBook } from './streams.ts';
import { TunnelBook } from './tunnels.ts';
import { UnreadBook } from './unread.ts';

/** All that is written down while packets are read, by connection number: each book is about one thing. */
export class Books {
  /** Endpoints of a connection, and its counters. */
  readonly tcp: ConnectionFacts;
  readonly limits: LimitCounter = new LimitCounter();
  /** Sparse where connections were given up. */
  readonly gathered: (Gathered | undefined)[] = [];
  readonly sent: RefTable = new RefTable(SENT_COLUMNS);
  readonly lastSpoken: LastSpoken = new LastSpoken();
  readonly marks: MarkBook = new MarkBook();
  readonly notes: FlowNotes = new FlowNotes();
  readonly carriers: CarrierBook = new CarrierBook();
  readonly stairs: StairBook = new StairBook(this.limits);
  readonly tunnels: TunnelBook = new TunnelBook(this.limits);
  readonly debts: DebtBook;
  readonly streams: StreamBook;
  readonly joins: JoinBook;
  readonly pings: PingBook;
  readonly keepAlives: KeepAliveBook;
  readonly roundTrips: RoundTripBook;
  readonly unread: UnreadBook;
  readonly credit: CreditBook;
  readonly asks: AskBooks;
  readonly bursts: BurstBook;
  readonly shapes: ShapeBook;
  readonly #silences = new Share(SILENCES_MAX, SILENCES_LEAST, SILENCES_TOTAL);

  constructor(moment: Moment, tcp: ConnectionFacts) {
    const { limits } = this;
    this.tcp = tcp;
    this.debts = new DebtBook(moment, limits);
    this.streams = new StreamBook(moment, limits);
    this.pings = new PingBook(moment, limits);
    this.keepAlives = new KeepAliveBook(moment);
    this.roundTrips = new RoundTripBook(moment, tcp);
    this.unread = new UnreadBook(moment, limits);
    this.credit = new CreditBook(moment);
    this.shapes = new ShapeBook(moment);
    // Side 0 sent a connection's first packet.
    const judge = judgeForwarding(tcp, this.notes, (connection) => this.sent.file(2 * connection, FIRST_SENT));
    const nth = tcp.nth.bind(tcp);
    const isOpaque = this.#isOpaque.bind(this);
    this.joins = new JoinBook(moment, limits, judge, (connection, place) => tcp.nth(connection) === place);
    this.bursts = new BurstBook(moment, limits, judge, nth, isOpaque, this.#sawHandshake.bind(this));
    this.asks = new AskBooks(moment, limits, judge, nth, isOpaque);
  }

  /** @param bySyn  its first packet is a SYN */
  opened(connection: number, bySyn: boolean): void {
    this.sent.grow(2 * connection + 2);
    this.lastSpoken.opened(connection);
    this.gathered[connection] = new Gathered(this.limits, this.#silences);
    this.debts.opened(connection);
    this.asks.opened(connection);
    this.bursts.opened(connection);
    this.shapes.opened(connection);
    this.marks.opened(connection);
    this.notes.opened(connection);
    this.unread.opened(connection);
    this.roundTrips.opened(connection);
    this.credit.opened(connection, bySyn);
    this.stairs.opened(connection);
    this.streams.opened(connection);
  }

  /**
   * Forgets a connection: its number is free for another.
   * @returns how many finished streams it had
   */
  release(connection: number): number {
    const streams = this.streams.release(connection, (stream) => this.joins.closed(stream));
    this.#silences.give(this.gathered[connection]?.silencesKept ?? 0);
    this.gathered[connection] = undefined;
    this.lastSpoken.release(connection);
    for (const row of [2 * connection, 2 * connection + 1]) {
      this.sent.clear(row, LAST_SENT);
      this.sent.clear(row, FIRST_SENT);
    }
    this.debts.release(connection);
    this.asks.release(connection);
    this.bursts.release(connection);
    this.joins.release(connection);
    this.marks.release(connection);
    this.notes.release(connection);
    this.unread.release(connection);
    this.stairs.release(connection);
    this.pings.release(connection);
    this.keepAlives.release(connection);
    this.roundTrips.release(connection);
    this.tunnels.release(connection);
    return streams;
  }

  #isOpaque(connection: number): boolean {
    return this.gathered[connection]?.protocol === 'tls';
  }

  #sawHandshake(connection: number): boolean {
    const gathered = this.gathered[connection];
    return gathered !== undefined && (gathered.syn !== null || gathered.synAck !== null);
  }
}
