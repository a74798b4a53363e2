import type { Moment } from '../capture/index.ts';
import { type ConnectionFacts, TCP_BOUNDS } from '../tcp/index.ts';
import { Books } from './books.ts';
import { freeze } from './freeze.ts';
import { HttpRecorder } from './http-recorder.ts';
import { LINK_TYPES_MAX } from './limits.ts';
import type { LimitHit, Trace } from './model.ts';
import { Roster } from './roster.ts';
import { SegmentRecorder } from './segment-recorder.ts';
import { Span } from './span.ts';
import { TlsRecorder } from './tls-recorder.ts';

/**
 * From the wire pass's calls to the trace: each stage tells a recorder of its own, and all of them write into the same books. Per packet that is
 * a few typed-array cells; objects are made per episode, per stream and per connection. It knows sides, not roles, and no threshold of the model.
 */
export class Recorder {
  readonly tcp: SegmentRecorder;
  readonly tls: TlsRecorder;
  readonly http: HttpRecorder;
  readonly #books: Books;
  readonly #roster: Roster;
  readonly #span: Span;
  readonly #givenUp = { connections: 0, packets: 0, streams: 0 };
  readonly #undecoded = new Map<string, number>();
  readonly #unknownLinkTypes = new Map<number, number>();
  #duplicates = 0;

  /** @param tcp gives the endpoints of a connection, and its counters at the end */
  constructor(moment: Moment, tcp: ConnectionFacts) {
    const books = new Books(moment, tcp);
    this.#books = books;
    this.#span = new Span(moment);
    this.#roster = new Roster(moment, tcp, {
      isNotable: (connection) => books.debts.isNotable(connection) || books.streams.isNotable(connection),
      isBusy: (connection) => books.debts.isOpen(connection) || books.streams.isBusy(connection),
      lastSpokenNs: (connection) => books.lastSpoken.ns(connection),
    });
    this.tcp = new SegmentRecorder(moment, books, this.#roster);
    this.tls = new TlsRecorder(moment, books);
    this.http = new HttpRecorder(moment, books);
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
    this.#books.opened(connection, bySyn);
    if (bySyn) this.#roster.asked(connection);
  }

  /** The connection whose loss costs least, or NONE_TO_SPARE. */
  spare(): number {
    return this.#roster.spare(this.#books.tcp.rows);
  }

  /** Forgets a connection, but for its share in the totals; its number is free for another. */
  released(connection: number): void {
    const { tcp } = this.#books;
    this.#givenUp.connections++;
    this.#givenUp.packets += tcp.packets(connection, 0) + tcp.packets(connection, 1);
    this.#givenUp.streams += this.#books.release(connection);
  }

  /**
   * The trace of all that was told. The recorder may not be used after.
   * @param earlierLimits the bounds that the stages to the left reached
   */
  finish(earlierLimits: readonly LimitHit[]): Trace {
    const { limits } = this.#books;
    const { connections, packets, streams } = this.#givenUp;
    if (connections > 0) limits.hit('connections', TCP_BOUNDS.connections, connections);
    return {
      ...freeze(this.#books, this.#span.lastNs),
      givenUp: { connections, packets, streams, floods: this.#roster.floods() },
      first: this.#span.first,
      last: this.#span.last,
      files: this.#span.files,
      undecoded: this.#undecoded,
      unknownLinkTypes: this.#unknownLinkTypes,
      duplicates: this.#duplicates,
      hasBareAcks: this.#books.notes.hasBareAcks,
      clockSteps: this.#span.clockSteps,
      limits: [...earlierLimits, ...limits.all()],
    };
  }
}
