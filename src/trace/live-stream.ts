import type { Moment } from '../capture/index.ts';
import type { KeptFields } from '../http/index.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import { LONG_STREAM_NS, PARTNERS_MAX } from './limits.ts';
import type { JoinMethod, Partner, Ref, RequestFields, TraceStream } from './model.ts';
import { refOf } from './ref-column.ts';

/** RFC 9110 §15.6: from here on the server side failed. */
const SERVER_ERROR = 500;
/** RFC 9113 §7. NO_ERROR after a complete response is how a server says "send no more"; CANCEL is a client that lost interest. */
const NO_ERROR = 0;
const CANCEL = 8;

type LivePartner = { -readonly [K in keyof Partner]: Partner[K] };

const NO_PARTNERS: readonly LivePartner[] = [];

/** A stream while it is followed. Numbers that change per frame are fields, so that a DATA frame allocates nothing. */
export class LiveStream {
  readonly connection: number;
  readonly id: number;
  readonly opened: Ref;
  readonly sawRequest: boolean;
  askedBy: Side | null;
  request: RequestFields | null = null;
  status: number | null | undefined = undefined;
  statusAt: Ref | null = null;
  grpcStatus: string | null | undefined = undefined;
  reset: TraceStream['reset'] = null;
  #partners: LivePartner[] | null = null;
  // By side, as plain fields: a small array each would cost more than the stream's other half.
  #dataBytes0 = 0;
  #dataBytes1 = 0;
  #lastNs0 = 0;
  #lastNs1 = 0;
  #lastPacket0 = 0;
  #lastPacket1 = 0;
  #lastFile = 0;
  #ended0: Ref | null = null;
  #ended1: Ref | null = null;
  /** DATA frames looked up for payload joins, by both sides together. */
  payloadsSeen = 0;

  constructor(connection: number, id: number, askedBy: Side | null, sawRequest: boolean, moment: Moment) {
    this.connection = connection;
    this.id = id;
    this.askedBy = askedBy;
    this.sawRequest = sawRequest;
    this.opened = refOf(moment);
  }

  ask(side: Side, fields: KeptFields): void {
    this.askedBy = side;
    this.request = {
      method: fields.method ?? null,
      path: fields.path ?? null,
      authority: fields.authority,
      userAgent: fields.userAgent,
      requestId: fields.requestId,
      traceparent: fields.traceparent,
    };
  }

  respond(side: Side, status: number | null, moment: Moment): void {
    this.askedBy ??= otherSide(side);
    this.status = status;
    this.statusAt = refOf(moment);
  }

  /** @returns nanoseconds since this side's DATA frame before; Infinity for the first */
  data(side: Side, dataBytes: number, moment: Moment): number {
    const nowNs = moment.ns[0] ?? 0;
    this.#lastFile = moment.file;
    if (side === 0) {
      const pauseNs = this.#lastPacket0 === 0 ? Infinity : nowNs - this.#lastNs0;
      this.#dataBytes0 += dataBytes;
      this.#lastNs0 = nowNs;
      this.#lastPacket0 = moment.packet;
      return pauseNs;
    }
    const pauseNs = this.#lastPacket1 === 0 ? Infinity : nowNs - this.#lastNs1;
    this.#dataBytes1 += dataBytes;
    this.#lastNs1 = nowNs;
    this.#lastPacket1 = moment.packet;
    return pauseNs;
  }

  end(side: Side, moment: Moment): void {
    if (side === 0) this.#ended0 ??= refOf(moment);
    else this.#ended1 ??= refOf(moment);
  }

  /** Nothing more will come on it: both sides ended it, or one reset it (RFC 9113 §5.1). */
  get isClosed(): boolean {
    return this.reset !== null || (this.#ended0 !== null && this.#ended1 !== null);
  }

  /** It was passed on already: another connection nearer the upstream carried the same. */
  get isPassedOn(): boolean {
    return this.#partners?.some((partner) => partner.nearerClient) ?? false;
  }

  /** It is itself what another connection nearer the client had asked. */
  get isForwarded(): boolean {
    return this.#partners?.some((partner) => !partner.nearerClient) ?? false;
  }

  /** Its partner is known by what was asked, which says more than bytes that came back. */
  get isJoinedByRequest(): boolean {
    return this.#partners?.some((partner) => partner.method !== 'payload') ?? false;
  }

  /** Whether a finished stream says something by itself, so that it is kept and not folded. */
  isNotable(nowNs: number): boolean {
    const { reset, status } = this;
    const failed = typeof status === 'number' && status >= SERVER_ERROR;
    const cut = reset !== null && reset.errorCode !== NO_ERROR && reset.errorCode !== CANCEL;
    const refused = this.grpcStatus !== undefined && this.grpcStatus !== '0';
    const unanswered = reset !== null && status === undefined;
    return failed || cut || refused || unanswered || nowNs - this.opened.timeNs > LONG_STREAM_NS;
  }

  /**
   * Notes that a stream of another connection carried the same; a pair noted again counts one more match.
   * @returns whether the pair is new
   */
  join(connection: number, streamId: number, method: JoinMethod, nearerClient: boolean, candidates: number): boolean {
    const partners = (this.#partners ??= []);
    const known = partners.find((partner) => partner.connection === connection && partner.streamId === streamId);
    if (known !== undefined) {
      known.matched++;
      known.candidates = Math.min(known.candidates, candidates);
      return false;
    }
    if (partners.length >= PARTNERS_MAX) return false;
    partners.push({ connection, streamId, method, nearerClient, matched: 1, candidates });
    return true;
  }

  freeze(index: number): TraceStream {
    return {
      index,
      connection: this.connection,
      id: this.id,
      askedBy: this.askedBy,
      request: this.request,
      opened: this.opened,
      sawRequest: this.sawRequest,
      status: this.status,
      statusAt: this.statusAt,
      grpcStatus: this.grpcStatus,
      dataBytes: [this.#dataBytes0, this.#dataBytes1],
      lastData: [this.#lastData(this.#lastNs0, this.#lastPacket0), this.#lastData(this.#lastNs1, this.#lastPacket1)],
      ended: [this.#ended0, this.#ended1],
      reset: this.reset,
      partners: this.#partners ?? NO_PARTNERS,
    };
  }

  #lastData(timeNs: number, packet: number): Ref | null {
    return packet === 0 ? null : { file: this.#lastFile, packet, timeNs };
  }
}
