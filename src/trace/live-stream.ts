import type { Moment } from '../capture/index.ts';
import {
  type ErrorReason,
  isErrorStatus,
  isGrpcError,
  isServerError,
  type KeptFields,
  reasonByStatus,
} from '../http/index.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import { CellPool } from './cell-pool.ts';
import { packed, unpackedRef } from './ref-table.ts';
import { StallNotes } from './stall-notes.ts';
import { WaitingLink } from './waiting-requests.ts';
import { ASK_HOPS_NS, CLOCK_STEP_NS, LONG_STREAM_NS, PARTNERS_MAX, PASSED_ON_SOON_NS } from './limits.ts';
import type { JoinMethod, Partner, Pause, Ref, RequestFields, Stall, TimedPartner, TraceStream } from './model.ts';

/** RFC 9113 §7. NO_ERROR after a complete response is how a server says "send no more"; CANCEL is a client that lost interest. */
const NO_ERROR = 0;
const CANCEL = 8;

/** The packets that a stream remembers, by slot; those of a side are at `… + side`. */
const AT = { opened: 0, status: 1, reset: 2, lastData: 3, ended: 5, pauseFrom: 7, pauseTo: 9 } as const;
const SLOTS = 11;
/** All numbers of a stream in one row: times by slot, then packets by slot, then DATA bytes by side. One row is one place in memory. A packet cell of 0: that has not happened. */
const PACKETS = SLOTS;
const DATA_BYTES: number = 2 * SLOTS;
/** Then by side: what WINDOW_UPDATEs added to its flow-control window, less what it sent. */
const CREDIT: number = DATA_BYTES + 2;
/** Cells of a stream's row. */
export const STREAM_CELLS: number = CREDIT + 2;
/** No stream has this number. */
const NO_TUNNEL = 0;
const NEITHER: readonly [null, null] = [null, null];
const NO_PARTNERS: readonly Partner[] = [];
const NOT_TIMED: readonly TimedPartner[] = [];
/** Cells of a connection that carried the same request; `packet` is 0 where there is none. */
const TIMED = { connection: 0, nth: 1, nearerClient: 2, ns: 3, packet: 4 } as const;
const TIMED_CELLS = 5;

/** A stream that is to be given its index. */
export interface FrozenStream extends Omit<TraceStream, 'index'> {
  index: number;
}

/** A partner while it is followed; used again with its stream. */
class LivePartner {
  connection = 0;
  nth = 0;
  tunnel = NO_TUNNEL;
  streamId = 0;
  method: JoinMethod = 'request';
  nearerClient = false;
  atNs = 0.5;
  atCell = 0.5;
  matched = 0;
  candidates = 0;
}

/**
 * A stream while it is followed. A busy gateway carries millions of them, so one is used again when it has been folded (`reuse`):
 * nothing is allocated per frame, and per stream only what it asked for.
 */
export class LiveStream {
  connection = 0;
  /** Its connection's place in the order of first packets: with the id it names the stream for good. */
  nth = 0;
  id = 0;
  /** What its id is unique in: its connection, or the tunnel that it runs in, by the negative number under which that is told. */
  place = 0;
  /** The CONNECT stream that it runs in; null: in none. */
  carrier: LiveStream | null = null;
  /** The same by its id, also once that is over. */
  tunnel: number = NO_TUNNEL;
  /** It is a tunnel, and what runs in it is told under this number; 0: it is none, or that cannot be read. */
  inner = 0;
  /** Sides of it, as bits, of which what runs in it cannot be followed for now. */
  unreadSides = 0;
  /** The streams that run in it and are open: the newest, from which the others are reached. */
  newestInner: LiveStream | null = null;
  sawRequest = false;
  askedBy: Side | null = null;
  /** False: no request was seen; then the fields below say nothing. */
  hasRequest = false;
  method: string | null = null;
  path: string | null = null;
  authority: string | null | undefined = undefined;
  userAgent: string | null | undefined = undefined;
  requestId: string | null | undefined = undefined;
  traceparent: string | null | undefined = undefined;
  /** Characters of what it asked for. Values that streams share count for each. */
  textBytes = 0;
  status: number | null | undefined = undefined;
  /** Why it failed, as the body of its error response says, or the ERROR event of its watch. */
  reason: ErrorReason | null = null;
  grpcStatus: string | null | undefined = undefined;
  resetBy: Side | null = null;
  resetCode = 0;
  /** DATA frames looked up for payload joins, by both sides together. */
  payloadsSeen = 0;
  /** It was passed on already: another connection nearer the upstream carried the same. */
  isPassedOn = false;
  /** It is itself what another connection nearer the client had asked. */
  isForwarded = false;
  /** Its partner is known by what was asked, which says more than bytes that came back. */
  isJoinedByRequest = false;
  /** It was not passed on at once: the gateway had to connect, or to fail elsewhere, first. */
  waited = false;
  /** One of the first requests after another stream of its connection failed. */
  followsFailure = false;
  /** The connections that carried the same request, as far as times tell: TIMED_CELLS for each hop. Made when one is first told. */
  #timed: Float64Array | null = null;
  /** Its places in the indices of waiting requests. */
  readonly byToken: WaitingLink = new WaitingLink(this);
  readonly byPath: WaitingLink = new WaitingLink(this);
  /** Chain of the table of open streams. */
  next: LiveStream | null = null;
  /** The other open streams of its connection. */
  newer: LiveStream | null = null;
  older: LiveStream | null = null;
  readonly #pool: CellPool;
  readonly #base: number;
  /** Made when a window is first spent: few ever are. */
  #stalls: StallNotes | null = null;
  readonly #partners: LivePartner[] = [];
  #partnersCount = 0;

  /** @param pool of rows of STREAM_CELLS; a stream keeps its row */
  constructor(pool: CellPool = new CellPool(STREAM_CELLS, 1)) {
    this.#pool = pool;
    this.#base = pool.take();
  }

  /**
   * Makes it the stream whose first frame is being read.
   * @param carrier the CONNECT stream that it runs in
   */
  reuse(
    connection: number,
    nth: number,
    id: number,
    askedBy: Side | null,
    sawRequest: boolean,
    moment: Moment,
    carrier: LiveStream | null = null,
  ): void {
    this.connection = connection;
    this.nth = nth;
    this.id = id;
    this.place = carrier === null ? connection : carrier.inner;
    this.carrier = carrier;
    this.tunnel = carrier === null ? NO_TUNNEL : carrier.id;
    this.inner = 0;
    this.unreadSides = 0;
    this.newestInner = null;
    this.askedBy = askedBy;
    this.sawRequest = sawRequest;
    this.hasRequest = false;
    this.status = undefined;
    this.reason = null;
    this.grpcStatus = undefined;
    this.resetBy = null;
    this.payloadsSeen = 0;
    this.isPassedOn = false;
    this.isForwarded = false;
    this.isJoinedByRequest = false;
    this.followsFailure = false;
    this.waited = false;
    // A loop: for so few cells the built-in call costs more than the work. Times without a packet are never read.
    for (let cell = PACKETS; cell < STREAM_CELLS; cell++) this.#pool.cells[this.#base + cell] = 0;
    this.#partnersCount = 0;
    this.#stalls?.clear();
    this.#timed?.fill(0);
    this.#note(AT.opened, moment);
  }

  ask(side: Side, fields: KeptFields): void {
    this.askedBy = side;
    this.hasRequest = true;
    this.method = fields.method ?? null;
    this.path = fields.path ?? null;
    this.authority = fields.authority;
    this.userAgent = fields.userAgent;
    this.requestId = fields.requestId;
    this.traceparent = fields.traceparent;
    this.textBytes =
      lengthOf(this.path) +
      lengthOf(this.authority) +
      lengthOf(this.userAgent) +
      lengthOf(this.requestId) +
      lengthOf(this.traceparent);
  }

  /** Lets go of what it asked for: it is not known any more. */
  forgetRequest(): void {
    this.path = null;
    this.authority = null;
    this.userAgent = null;
    this.requestId = null;
    this.traceparent = null;
    this.textBytes = 0;
  }

  /** Its body, or an event in it, said why. */
  fail(reason: ErrorReason): void {
    this.reason = reason === 'Unknown' ? reasonByStatus(this.status) : reason;
  }

  respond(side: Side, status: number | null, moment: Moment): void {
    this.askedBy ??= otherSide(side);
    this.status = status;
    this.#note(AT.status, moment);
  }

  /** @returns whether this side's DATA frame before was more than `pauseNs` ago, or never */
  isPaused(side: Side, moment: Moment, pauseNs: number): boolean {
    const slot = AT.lastData + side;
    return !this.#has(slot) || (moment.ns[0] ?? 0) - (this.#pool.cells[this.#base + slot] ?? 0) > pauseNs;
  }

  data(side: Side, dataBytes: number, moment: Moment): void {
    this.#pool.cells[this.#base + DATA_BYTES + side] =
      (this.#pool.cells[this.#base + DATA_BYTES + side] ?? 0) + dataBytes;
    this.#notePause(side, moment);
    this.#note(AT.lastData + side, moment);
  }

  /**
   * A side sent DATA out of its flow-control window (RFC 9113 §6.9).
   * @param initialBytes the window that its streams begin with; Infinity where it is not known
   */
  spend(side: Side, dataBytes: number, initialBytes: number, moment: Moment): void {
    this.#stalls?.resume(side, initialBytes + this.#credit(side, 0), moment);
    if (initialBytes + this.#credit(side, -dataBytes) > 0) return;
    (this.#stalls ??= new StallNotes()).stop(side, moment);
  }

  /** The other side gave it more (RFC 9113 §6.9.1). */
  grant(side: Side, incrementBytes: number, initialBytes: number, moment: Moment): void {
    this.#stalls?.resume(side, initialBytes + this.#credit(side, incrementBytes), moment);
  }

  end(side: Side, moment: Moment): void {
    if (!this.#has(AT.ended + side)) this.#note(AT.ended + side, moment);
  }

  hasEnded(side: Side): boolean {
    return this.#has(AT.ended + side);
  }

  reset(side: Side, errorCode: number, moment: Moment): void {
    this.resetBy = side;
    this.resetCode = errorCode;
    this.#note(AT.reset, moment);
  }

  /** Nothing more will come on it: both sides ended it, or one reset it (RFC 9113 §5.1). */
  get isClosed(): boolean {
    return this.resetBy !== null || (this.#has(AT.ended) && this.#has(AT.ended + 1));
  }

  /** It ran in a tunnel that is over, or in which its answer cannot come any more: that ends it, too. */
  cut(side: Side, moment: Moment): void {
    if (this.isClosed) return;
    const carrier = this.carrier;
    if (carrier === null || carrier.resetBy === null) this.reset(side, NO_ERROR, moment);
    else this.reset(carrier.resetBy, carrier.resetCode, moment);
  }

  /** Both requests were seen, in one capture, and this one after the other. */
  isAskedAfter(other: LiveStream): boolean {
    if (this.path === null || other.path === null) return false;
    const own = this.#ref(AT.opened);
    const others = other.#ref(AT.opened);
    return own !== null && others !== null && own.file === others.file && own.timeNs > others.timeNs;
  }

  /** It stands before the present packet in the file and was opened after it. A clock that was set back between the two says nothing of that. */
  isAskedLater(moment: Moment): boolean {
    return this.isYoung(moment, 0) && !this.isYoung(moment, -CLOCK_STEP_NS);
  }

  /** Whether it was opened less than `spanNs` ago. */
  isYoung(moment: Moment, spanNs: number): boolean {
    return (moment.ns[0] ?? 0) - (this.#pool.cells[this.#base + AT.opened] ?? 0) < spanNs;
  }

  /** It ended badly: a server's error, a reset that is no mere loss of interest, or no response at all. */
  get hasFailed(): boolean {
    const { resetBy, resetCode, status, grpcStatus } = this;
    if (resetBy !== null && ((resetCode !== NO_ERROR && resetCode !== CANCEL) || status === undefined)) return true;
    return isServerError(status) || isGrpcError(grpcStatus);
  }

  /** A watch that an ERROR event ended: its response is no error. */
  get isWatchError(): boolean {
    return this.reason !== null && !isErrorStatus(this.status);
  }

  /** Whether a finished stream says something by itself, so that it is kept and not folded. */
  isNotable(moment: Moment): boolean {
    return (
      this.followsFailure || this.waited || this.hasFailed || this.isWatchError || !this.isYoung(moment, LONG_STREAM_NS)
    );
  }

  /** Whether a pair with it would be one more than are noted. */
  lacksRoomFor(other: LiveStream): boolean {
    return this.#partnersCount >= PARTNERS_MAX && this.#partnerOf(other) === undefined;
  }

  /**
   * Notes that a stream of another connection carried the same; a pair noted again counts one more match.
   * @returns whether the pair is new
   */
  join(other: LiveStream, method: JoinMethod, nearerClient: boolean, candidates: number, moment: Moment): boolean {
    const known = this.#partnerOf(other);
    if (known !== undefined) {
      known.matched++;
      known.candidates = Math.min(known.candidates, candidates);
      return false;
    }
    if (this.#partnersCount >= PARTNERS_MAX) return false;
    if (nearerClient) {
      this.isPassedOn = true;
      this.waited ||= !this.isYoung(moment, PASSED_ON_SOON_NS);
    } else this.isForwarded = true;
    if (method !== 'payload') this.isJoinedByRequest = true;
    const partner = (this.#partners[this.#partnersCount++] ??= new LivePartner());
    partner.connection = other.connection;
    partner.nth = other.nth;
    partner.tunnel = other.tunnel;
    partner.streamId = other.id;
    partner.method = method;
    partner.nearerClient = nearerClient;
    partner.atNs = moment.ns[0] ?? 0;
    partner.atCell = packed(moment);
    partner.matched = 1;
    partner.candidates = candidates;
    return true;
  }

  /** Notes that a connection which cannot be read, by its number and its nth, carried the same request a hop before, or carries it now. */
  timed(hop: number, connection: number, nth: number, nearerClient: boolean, moment: Moment): void {
    const cells = (this.#timed ??= new Float64Array(ASK_HOPS_NS.length * TIMED_CELLS));
    const row = hop * TIMED_CELLS;
    cells[row + TIMED.connection] = connection;
    cells[row + TIMED.nth] = nth;
    cells[row + TIMED.nearerClient] = nearerClient ? 1 : 0;
    cells[row + TIMED.ns] = moment.ns[0] ?? 0;
    cells[row + TIMED.packet] = packed(moment);
  }

  /**
   * The stream of the trace, before it has its place there.
   * @param idOf the id in the trace of a connection, given by its number and its nth; undefined where it was given up
   * @param initialBytesOf the window that a side's streams begin with; Infinity where it is not known
   */
  freeze(
    idOf: (connection: number, nth: number) => number | undefined,
    initialBytesOf: (connection: number, side: Side) => number,
  ): FrozenStream {
    return {
      index: 0,
      connection: idOf(this.connection, this.nth) ?? 0,
      tunnel: this.tunnel === NO_TUNNEL ? null : this.tunnel,
      id: this.id,
      carries: this.inner !== 0,
      askedBy: this.askedBy,
      request: this.hasRequest ? this.#request() : null,
      opened: this.#ref(AT.opened) ?? { file: 0, packet: 0, timeNs: 0 },
      sawRequest: this.sawRequest,
      status: this.status,
      statusAt: this.#ref(AT.status),
      reason: this.reason,
      grpcStatus: this.grpcStatus,
      dataBytes: [this.#pool.cells[this.#base + DATA_BYTES] ?? 0, this.#pool.cells[this.#base + DATA_BYTES + 1] ?? 0],
      lastData: pairOf(this.#ref(AT.lastData), this.#ref(AT.lastData + 1)),
      longestPause: pairOf(this.#pause(0), this.#pause(1)),
      ended: pairOf(this.#ref(AT.ended), this.#ref(AT.ended + 1)),
      reset: this.#reset(),
      windowSpent: pairOf(this.#stall(0, initialBytesOf), this.#stall(1, initialBytesOf)),
      partners: this.#frozenPartners(idOf),
      timed: this.#frozenTimed(idOf),
    };
  }

  #frozenPartners(idOf: (connection: number, nth: number) => number | undefined): readonly Partner[] {
    if (this.#partnersCount === 0) return NO_PARTNERS;
    return this.#partners.slice(0, this.#partnersCount).flatMap((partner) => {
      const connection = idOf(partner.connection, partner.nth);
      return connection === undefined ? [] : [frozenPartner(partner, connection)];
    });
  }

  #frozenTimed(idOf: (connection: number, nth: number) => number | undefined): readonly TimedPartner[] {
    const cells = this.#timed;
    if (cells === null) return NOT_TIMED;
    return ASK_HOPS_NS.flatMap((_, hop) => {
      const cell = (column: number): number => cells[hop * TIMED_CELLS + column] ?? 0;
      const at = unpackedRef(cell(TIMED.ns), cell(TIMED.packet));
      const connection = at === null ? undefined : idOf(cell(TIMED.connection), cell(TIMED.nth));
      if (at === null || connection === undefined) return [];
      return [{ hop, connection, nearerClient: cell(TIMED.nearerClient) === 1, at }];
    });
  }

  #note(slot: number, moment: Moment): void {
    this.#pool.cells[this.#base + slot] = moment.ns[0] ?? 0;
    this.#pool.cells[this.#base + PACKETS + slot] = packed(moment);
  }

  /** Keeps the longest pause of a side: who was hurt by an upstream that came back is told by where it began. */
  #notePause(side: Side, moment: Moment): void {
    const last = AT.lastData + side;
    const from = AT.pauseFrom + side;
    const to = AT.pauseTo + side;
    if (!this.#has(last)) return;
    const longestNs = this.#has(from)
      ? (this.#pool.cells[this.#base + to] ?? 0) - (this.#pool.cells[this.#base + from] ?? 0)
      : 0;
    if ((moment.ns[0] ?? 0) - (this.#pool.cells[this.#base + last] ?? 0) <= longestNs) return;
    this.#pool.cells[this.#base + from] = this.#pool.cells[this.#base + last] ?? 0;
    this.#pool.cells[this.#base + PACKETS + from] = this.#pool.cells[this.#base + PACKETS + last] ?? 0;
    this.#note(to, moment);
  }

  /** @returns the bytes by which the side's window differs from the initial one, after this change */
  #credit(side: Side, changeBytes: number): number {
    const credit = (this.#pool.cells[this.#base + CREDIT + side] ?? 0) + changeBytes;
    this.#pool.cells[this.#base + CREDIT + side] = credit;
    return credit;
  }

  #stall(side: Side, initialBytesOf: (connection: number, side: Side) => number): Stall | null {
    if (this.#stalls === null) return null;
    return this.#stalls.longest(side, initialBytesOf(this.connection, side) + this.#credit(side, 0));
  }

  #pause(side: Side): Pause | null {
    const from = this.#ref(AT.pauseFrom + side);
    return from === null ? null : { from, toNs: this.#pool.cells[this.#base + AT.pauseTo + side] ?? 0 };
  }

  #has(slot: number): boolean {
    return this.#pool.cells[this.#base + PACKETS + slot] !== 0;
  }

  #partnerOf({ nth, tunnel, id }: LiveStream): LivePartner | undefined {
    for (let at = 0; at < this.#partnersCount; at++) {
      const partner = this.#partners[at];
      if (partner?.nth === nth && partner.streamId === id && partner.tunnel === tunnel) return partner;
    }
    return undefined;
  }

  #request(): RequestFields {
    const { method, path, authority, userAgent, requestId, traceparent } = this;
    return { method, path, authority, userAgent, requestId, traceparent };
  }

  #reset(): TraceStream['reset'] {
    const at = this.#ref(AT.reset);
    return this.resetBy === null || at === null ? null : { by: this.resetBy, at, errorCode: this.resetCode };
  }

  #ref(slot: number): Ref | null {
    return unpackedRef(this.#pool.cells[this.#base + slot] ?? 0, this.#pool.cells[this.#base + PACKETS + slot] ?? 0);
  }
}

/** One pair for all that have neither: of ten thousand streams the empty ones would be a tenth of what is kept. */
function pairOf<T>(zero: T | null, one: T | null): readonly [T | null, T | null] {
  return zero === null && one === null ? NEITHER : [zero, one];
}

function frozenPartner(partner: LivePartner, connection: number): Partner {
  const { streamId, method, nearerClient, atNs, atCell, matched, candidates } = partner;
  const at = unpackedRef(atNs, atCell) ?? { file: 0, packet: 0, timeNs: atNs };
  const tunnel = partner.tunnel === NO_TUNNEL ? null : partner.tunnel;
  return { connection, tunnel, streamId, method, nearerClient, at, matched, candidates };
}

function lengthOf(value: string | null | undefined): number {
  return value?.length ?? 0;
}
