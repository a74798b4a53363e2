import type { Moment } from '../capture/index.ts';
import type { ErrorReason, HttpSink, KeptFields, Protocol } from '../http/index.ts';
import { type ConnectionFacts, otherSide, type ProxiedClient, type Side } from '../tcp/index.ts';
import { addressText } from './addresses.ts';
import type { AskBooks } from './ask-books.ts';
import type { Books } from './books.ts';
import type { BurstBook } from './bursts.ts';
import type { CarrierBook } from './carriers.ts';
import type { CreditBook } from './credit.ts';
import type { Gathered } from './gathered.ts';
import { DEBT_KEPT_NS } from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import { MARK, type MarkBook } from './marks.ts';
import type { PingBook } from './pings.ts';
import { refOf } from './ref-table.ts';
import type { StreamRecorder } from './stream-recorder.ts';
import type { StreamBook } from './streams.ts';
import type { UnreadBook } from './unread.ts';

/** What the http stage tells of the bytes of a connection itself. */
export class ConnectionFrames implements HttpSink {
  readonly #moment: Moment;
  readonly #said: StreamRecorder;
  readonly #tcp: ConnectionFacts;
  readonly #gathered: readonly (Gathered | undefined)[];
  readonly #streams: StreamBook;
  readonly #carriers: CarrierBook;
  readonly #pings: PingBook;
  readonly #credit: CreditBook;
  readonly #unread: UnreadBook;
  readonly #marks: MarkBook;
  readonly #asks: AskBooks;
  readonly #bursts: BurstBook;

  /** @param said  is told what stands on its streams */
  constructor(moment: Moment, books: Books, said: StreamRecorder) {
    this.#moment = moment;
    this.#said = said;
    this.#tcp = books.tcp;
    this.#gathered = books.gathered;
    this.#streams = books.streams;
    this.#carriers = books.carriers;
    this.#pings = books.pings;
    this.#credit = books.credit;
    this.#unread = books.unread;
    this.#marks = books.marks;
    this.#asks = books.asks;
    this.#bursts = books.bursts;
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

  proxied(connection: number, _side: Side, { ipVersion, words, port }: Readonly<ProxiedClient>): void {
    const gathered = this.#gathered[connection];
    if (gathered !== undefined) gathered.proxiedFor ??= { ip: addressText(ipVersion, [...words]), port };
  }

  blanked(connection: number): void {
    const gathered = this.#gathered[connection];
    if (gathered !== undefined) gathered.isBlanked = true;
  }

  headers(connection: number, side: Side, streamId: number, fields: KeptFields, endStream: boolean): void {
    const isRequest = fields.method !== undefined;
    const stream = this.#streamOf(connection, streamId, isRequest ? side : null, isRequest);
    if (stream !== undefined) this.#said.headers(stream, side, fields, endStream);
  }

  wantsPayload(connection: number, side: Side, streamId: number): boolean {
    return this.#said.wantsPayload(this.#streams.find(connection, streamId), side);
  }

  data(
    connection: number,
    side: Side,
    streamId: number,
    dataBytes: number,
    fingerprint: number,
    endStream: boolean,
  ): void {
    const isCredited = this.#gathered[connection]?.protocol === 'h2';
    if (isCredited) this.#credit.spend(connection, side, dataBytes);
    const stream = this.#streamOf(connection, streamId, null, false);
    if (stream === undefined) return;
    this.#marks.add(connection, MARK.data, side, this.#moment);
    if ((stream.unreadSides & (1 << side)) !== 0) this.#unread.missed(connection, side);
    if (isCredited && dataBytes > 0)
      stream.spend(side, dataBytes, this.#credit.initialBytes(connection, side), this.#moment);
    this.#said.data(stream, side, dataBytes, fingerprint, endStream);
  }

  reason(connection: number, streamId: number, reason: ErrorReason): void {
    const stream = this.#streams.find(connection, streamId);
    stream?.fail(reason);
  }

  rstStream(connection: number, side: Side, streamId: number, errorCode: number): void {
    const stream = this.#streams.find(connection, streamId);
    this.#marks.add(connection, MARK['rst-stream'], side, this.#moment);
    if (stream !== undefined) this.#said.reset(stream, side, errorCode);
  }

  settings(connection: number, side: Side, ack: boolean, initialWindowBytes: number): void {
    if (!ack && initialWindowBytes >= 0) this.#credit.begin(connection, otherSide(side), initialWindowBytes);
  }

  windowUpdate(connection: number, side: Side, streamId: number, incrementBytes: number): void {
    const sender = otherSide(side);
    if (streamId === 0) {
      this.#credit.grant(connection, sender, incrementBytes);
      return;
    }
    const initialBytes = this.#credit.initialBytes(connection, sender);
    this.#streams.find(connection, streamId)?.grant(sender, incrementBytes, initialBytes, this.#moment);
  }

  ping(connection: number, side: Side, ack: boolean, opaque0: number, opaque1: number): void {
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

  goaway(connection: number, side: Side, lastStreamId: number, errorCode: number, debug: string): void {
    const gathered = this.#gathered[connection];
    if (gathered === undefined) return;
    this.#marks.add(connection, MARK.goaway, side, this.#moment);
    gathered.goaway({ by: side, at: refOf(this.#moment), lastStreamId, errorCode, debug });
  }

  /** Of what cannot be read nothing else is told. */
  tunnel(inner: number, connection: number, streamId: number, protocol: Protocol): void {
    if (protocol === 'tls') return;
    const carrier = this.#streamOf(connection, streamId, null, false);
    if (carrier !== undefined) this.#carriers.opened(inner, carrier);
  }

  tunnelClosed(inner: number): void {
    this.#carriers.closed(inner);
  }

  broken(connection: number, side: Side): void {
    this.#unread.missed(connection, side);
  }

  lost(connection: number, side: Side): void {
    this.#unread.follows(connection, side, true);
    this.#credit.distrust(connection);
  }

  regained(connection: number, side: Side): void {
    this.#unread.follows(connection, side, false);
  }

  #streamOf(connection: number, streamId: number, askedBy: Side | null, sawRequest: boolean): LiveStream | undefined {
    return (
      this.#streams.find(connection, streamId) ??
      this.#streams.open(connection, this.#tcp.nth(connection), streamId, askedBy, sawRequest)
    );
  }
}
