import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import { FORWARDING, type JudgeForwarding } from './forwarding.ts';
import {
  ASK_HOPS_NS,
  ASK_PARTNERS_MAX,
  ASKS_MAX,
  ATTEMPTS_WATCHED_MAX,
  type LimitCounter,
  PASSED_ON_LATE_NS,
} from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import type { AskJoin, Asks, OpenedFor } from './model.ts';
import { addMatch, NO_SLOT, PARTNER_ROW_CELLS, slotOf, tallied } from './partner-rows.ts';
import { countedAnew, countMatch, RHYTHM_CELLS } from './rhythm.ts';
import { grown, packed, roomFor, unpackedRef } from './ref-table.ts';

/**
 * A connection's cells. `asked`: moments, as long as the hop, in which it asked, the newest at `askedNs`; `asker`: whose request it was opened for, `place` of it
 * in the order of all, `isBegun` as in the ring; `askerPacket` is 0 where that is not known.
 */
const LINE = {
  asked: 0,
  askedNs: 1,
  lastNs: 2,
  acts: 3,
  unexplained: 4,
  asker: 5,
  askerNth: 6,
  askerNs: 7,
  askerPacket: 8,
  place: 9,
  isBegun: 10,
  takenNs: 11,
  takenPacket: 12,
  elsewhereNs: 13,
  elsewherePacket: 14,
} as const;
const LINE_CELLS = 15;
/** A request's cells in the ring. `isBegun`: it follows no other of its connection at once; `attempts`: connections were opened for it. */
const ASK = {
  connection: 0,
  nth: 1,
  side: 2,
  ns: 3,
  packet: 4,
  stream: 5,
  isBegun: 6,
  taken: 7,
  attempts: 8,
} as const;
const ASK_CELLS = 9;
/** A partner's row: whose it is, and its rhythm. */
const PARTNER_CELLS = PARTNER_ROW_CELLS + RHYTHM_CELLS;
const NONE = -1;
/** Any of several. */
const SEVERAL = -2;

/**
 * Requests, where one of the two connections cannot be read: a request that leaves a host within a hop of one that it received, and
 * of no other connection's, is taken for that one passed on; likewise a connection that it opens. Roles are not known here: who may have passed on
 * what is told by addresses.
 *
 * It keeps no bytes, and allocates nothing per request but a row of partners for a connection's first.
 */
export class AskBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  readonly #judge: JudgeForwarding;
  readonly #nth: (connection: number) => number;
  readonly #isOpaque: (connection: number) => boolean;
  readonly #hop: number;
  readonly #hopNs: number;
  #lines = new Float64Array(0);
  /** Made when the first opaque connection comes. */
  #ring: Float64Array | null = null;
  /** The streams of requests that could be read, by their place in the ring. */
  readonly #asked: (LiveStream | null)[] = [];
  #highest = 0;
  #count = 0;
  readonly #partners = new Map<number, Float64Array>();
  /** Connections that were opened last, in a ring: whether what they were opened for went elsewhere is yet to be seen. */
  readonly #attempts = new Int32Array(ATTEMPTS_WATCHED_MAX).fill(NONE);
  #attemptsCount = 0;

  /**
   * @param hop index of ASK_HOPS_NS
   * @param isOpaque whether what is said on a connection cannot be read; of two that can be, more is known than times tell
   */
  constructor(
    hop: number,
    moment: Moment,
    limits: LimitCounter,
    judge: JudgeForwarding,
    nth: (connection: number) => number,
    isOpaque: (connection: number) => boolean,
  ) {
    this.#hop = hop;
    this.#hopNs = ASK_HOPS_NS[hop] ?? 0;
    this.#moment = moment;
    this.#limits = limits;
    this.#judge = judge;
    this.#nth = nth;
    this.#isOpaque = isOpaque;
  }

  /** Some connection cannot be read: from here on requests are compared. */
  begin(): void {
    if (this.#ring !== null) return;
    this.#ring = new Float64Array(ASKS_MAX * ASK_CELLS);
    for (let connection = 0; connection <= this.#highest; connection++) this.opened(connection);
  }

  opened(connection: number): void {
    this.#highest = Math.max(this.#highest, connection);
    if (this.#ring === null) return;
    const room = roomFor(this.#lines.length, (connection + 1) * LINE_CELLS);
    if (room > this.#lines.length) this.#lines = grown(this.#lines, new Float64Array(room));
    this.release(connection);
  }

  release(connection: number): void {
    if (this.#ring === null) return;
    this.#lines.fill(0, connection * LINE_CELLS, (connection + 1) * LINE_CELLS);
    this.#partners.delete(connection);
  }

  /**
   * A request, or more of one, left `side` of a connection.
   * @param stream null where the connection cannot be read
   */
  request(connection: number, side: Side, stream: LiveStream | null): void {
    const ring = this.#ring;
    if (ring === null) return;
    const isBegun = this.#isBegun(connection);
    this.#act(ring, connection, side, stream, isBegun);
    const at = (this.#count % ASKS_MAX) * ASK_CELLS;
    ring[at + ASK.connection] = connection;
    ring[at + ASK.nth] = this.#nth(connection);
    ring[at + ASK.side] = side;
    ring[at + ASK.ns] = this.#moment.ns[0] ?? 0;
    ring[at + ASK.packet] = packed(this.#moment);
    ring[at + ASK.stream] = stream?.id ?? 0;
    ring[at + ASK.isBegun] = isBegun ? 1 : 0;
    ring[at + ASK.taken] = 0;
    ring[at + ASK.attempts] = 0;
    this.#asked[this.#count % ASKS_MAX] = stream;
    this.#count++;
  }

  /** `side` opens a connection: its first SYN. */
  connects(connection: number, side: Side): void {
    const ring = this.#ring;
    if (ring === null) return;
    const ask = this.#look(ring, connection, side);
    if (ask < 0) return;
    this.#watch(connection);
    const line = connection * LINE_CELLS;
    this.#lines[line + LINE.asker] = ring[ask + ASK.connection] ?? 0;
    this.#lines[line + LINE.askerNth] = ring[ask + ASK.nth] ?? 0;
    this.#lines[line + LINE.askerNs] = ring[ask + ASK.ns] ?? 0;
    this.#lines[line + LINE.askerPacket] = ring[ask + ASK.packet] ?? 0;
    this.#lines[line + LINE.place] = this.#placeOf(ask);
    this.#lines[line + LINE.isBegun] = ring[ask + ASK.isBegun] ?? 0;
    ring[ask + ASK.attempts] = 1;
  }

  /** @param idOf as in `JoinBook.all`. @returns null where requests were not compared */
  of(connection: number, idOf: (connection: number, nth: number) => number | undefined): Asks | null {
    if (this.#ring === null) return null;
    const cell = (column: number): number => this.#lines[connection * LINE_CELLS + column] ?? 0;
    const [asked, acts, unexplained] = [cell(LINE.asked), cell(LINE.acts), cell(LINE.unexplained)];
    return { asked, acts, unexplained, openedFor: this.#openedFor(cell, idOf) };
  }

  /** @param idOf as in `JoinBook.all` */
  all(idOf: (connection: number, nth: number) => number | undefined): AskJoin[] {
    return [...this.#partners].flatMap(([connection, partners]) => {
      const far = idOf(connection, this.#nth(connection));
      if (far === undefined) return [];
      return tallied(partners, PARTNER_CELLS).flatMap(({ slot, peer, nth, matched, first, last }) => {
        const near = idOf(peer, nth);
        const anew = countedAnew(partners, slot + PARTNER_ROW_CELLS);
        return near === undefined ? [] : [{ hop: this.#hop, near, far, matched, anew, first, last }];
      });
    });
  }

  #openedFor(
    cell: (column: number) => number,
    idOf: (connection: number, nth: number) => number | undefined,
  ): OpenedFor | null {
    const asked = unpackedRef(cell(LINE.askerNs), cell(LINE.askerPacket));
    const connection = asked === null ? undefined : idOf(cell(LINE.asker), cell(LINE.askerNth));
    if (asked === null || connection === undefined) return null;
    return {
      connection,
      asked,
      passedOn: unpackedRef(cell(LINE.takenNs), cell(LINE.takenPacket)),
      elsewhere: unpackedRef(cell(LINE.elsewhereNs), cell(LINE.elsewherePacket)),
    };
  }

  /**
   * Whether a request is one for itself: of what cannot be read a record that follows another at once is more of the same (a body that is sent up), or
   * one that came with it. What comes in such crowds tells no more than one.
   */
  #isBegun(connection: number): boolean {
    const line = connection * LINE_CELLS;
    const nowNs = this.#moment.ns[0] ?? 0;
    const isFirst = (this.#lines[line + LINE.asked] ?? 0) === 0;
    const isApart = Math.abs(nowNs - (this.#lines[line + LINE.lastNs] ?? 0)) > this.#hopNs;
    this.#lines[line + LINE.lastNs] = nowNs;
    if (isFirst || Math.abs(nowNs - (this.#lines[line + LINE.askedNs] ?? 0)) > this.#hopNs) {
      this.#lines[line + LINE.askedNs] = nowNs;
      this.#add(connection, LINE.asked);
    }
    return isFirst || isApart || !this.#isOpaque(connection);
  }

  /** What the host sent on this connection: is it what it had received on another? */
  #act(ring: Float64Array, connection: number, side: Side, stream: LiveStream | null, isBegun: boolean): void {
    const isFirst = (this.#lines[connection * LINE_CELLS + LINE.acts] ?? 0) === 0;
    if (isBegun) this.#add(connection, LINE.acts);
    if (isFirst && this.#takeOpener(ring, connection, stream)) return;
    const ask = this.#look(ring, connection, side);
    if (ask >= 0) {
      this.#take(ring, ask, connection, stream, isBegun, false);
      return;
    }
    if (ask === NONE && isBegun) this.#add(connection, LINE.unexplained);
    this.#tellAttempts(connection, side);
  }

  /**
   * The request that may have been passed on now: of one connection only.
   * @returns its place in the ring, NONE or SEVERAL
   */
  #look(ring: Float64Array, connection: number, side: Side): number {
    const nowNs = this.#moment.ns[0] ?? 0;
    const oldest = Math.max(0, this.#count - ASKS_MAX);
    let found = NONE;
    // Captures are not always in order: one that came long before may stand behind one that did not, and another come after.
    for (let nth = this.#count - 1; nth >= oldest; nth--) {
      const at = (nth % ASKS_MAX) * ASK_CELLS;
      const ageNs = nowNs - (ring[at + ASK.ns] ?? 0);
      if (ageNs < 0 || ageNs > this.#hopNs) continue;
      // So many within moments that older ones left: any of them may have been it.
      if (nth === oldest && oldest > 0) {
        this.#reached('requests-compared', ASKS_MAX);
        return SEVERAL;
      }
      if (!this.#mayBeSource(ring, at, connection, side)) continue;
      if (found !== NONE && ring[found + ASK.connection] !== ring[at + ASK.connection]) return SEVERAL;
      found = at;
    }
    return found;
  }

  #placeOf(ask: number): number {
    const newest = this.#count - 1;
    return newest - (((newest % ASKS_MAX) - ask / ASK_CELLS + ASKS_MAX) % ASKS_MAX);
  }

  #mayBeSource(ring: Float64Array, at: number, connection: number, side: Side): boolean {
    const near = ring[at + ASK.connection] ?? 0;
    if (near === connection || ring[at + ASK.taken] === 1 || ring[at + ASK.nth] !== this.#nth(near)) return false;
    if (!this.#isOpaque(near) && !this.#isOpaque(connection) && this.#isSaying(connection)) return false;
    const receiver = ring[at + ASK.side] === 0 ? 1 : 0;
    return this.#judge(near, receiver, connection, side) !== FORWARDING.impossible;
  }

  /** Of an attempt to connect nothing is said yet that could be read. */
  #isSaying(connection: number): boolean {
    return (this.#lines[connection * LINE_CELLS + LINE.acts] ?? 0) > 0;
  }

  #take(
    ring: Float64Array,
    ask: number,
    connection: number,
    stream: LiveStream | null,
    isBegun: boolean,
    hasWaited: boolean,
  ): void {
    ring[ask + ASK.taken] = 1;
    const near = ring[ask + ASK.connection] ?? 0;
    const nth = ring[ask + ASK.nth] ?? 0;
    if (ring[ask + ASK.attempts] === 1) this.#passedOn(this.#placeOf(ask));
    stream?.timed(this.#hop, near, nth, false, this.#moment);
    const source = this.#asked[ask / ASK_CELLS];
    const isSource = source?.connection === near && source.nth === nth && source.id === ring[ask + ASK.stream];
    if (isSource && isBegun) source.timed(this.#hop, connection, this.#nth(connection), true, this.#moment);
    if (isBegun && ring[ask + ASK.isBegun] === 1)
      this.#tally(connection, near, nth, ring[ask + ASK.ns] ?? 0, hasWaited);
  }

  /** The first request of a connection that was opened for somebody's is that one, however long the connecting took. */
  #takeOpener(ring: Float64Array, connection: number, stream: LiveStream | null): boolean {
    const line = connection * LINE_CELLS;
    const isOpened =
      (this.#lines[line + LINE.askerPacket] ?? 0) > 0 && (this.#lines[line + LINE.takenPacket] ?? 0) === 0;
    const ageNs = (this.#moment.ns[0] ?? 0) - (this.#lines[line + LINE.askerNs] ?? 0);
    const near = this.#lines[line + LINE.asker] ?? 0;
    const nth = this.#lines[line + LINE.askerNth] ?? 0;
    if (!isOpened || ageNs > PASSED_ON_LATE_NS || this.#nth(near) !== nth) return false;
    const place = this.#lines[line + LINE.place] ?? 0;
    this.#note(connection, LINE.takenNs, LINE.takenPacket);
    if (place >= this.#count - ASKS_MAX) {
      this.#take(ring, (place % ASKS_MAX) * ASK_CELLS, connection, stream, true, true);
      return true;
    }
    this.#passedOn(place);
    stream?.timed(this.#hop, near, nth, false, this.#moment);
    if (this.#lines[line + LINE.isBegun] === 1)
      this.#tally(connection, near, nth, this.#lines[line + LINE.askerNs] ?? 0, true);
    return true;
  }

  /** Several connections may have been opened for one request, one after another. */
  #passedOn(place: number): void {
    for (const attempt of this.#attempts) {
      if (attempt !== NONE && this.#isUndecided(attempt) && this.#lines[attempt * LINE_CELLS + LINE.place] === place)
        this.#note(attempt, LINE.takenNs, LINE.takenPacket);
    }
  }

  /** Watches whether what a connection was opened for goes elsewhere. Of one that makes room that is no longer seen: it may have. */
  #watch(connection: number): void {
    const at = this.#attemptsCount++ % ATTEMPTS_WATCHED_MAX;
    const oldest = this.#attempts[at] ?? NONE;
    if (oldest !== NONE && this.#isUndecided(oldest)) {
      this.#note(oldest, LINE.elsewhereNs, LINE.elsewherePacket);
      this.#reached('attempts-watched', ATTEMPTS_WATCHED_MAX);
    }
    this.#attempts[at] = connection;
  }

  /** For whom it was opened is known, and whether that was passed on, here or elsewhere, is not. */
  #isUndecided(attempt: number): boolean {
    const line = attempt * LINE_CELLS;
    if ((this.#lines[line + LINE.askerPacket] ?? 0) === 0 || (this.#lines[line + LINE.takenPacket] ?? 0) > 0)
      return false;
    const ageNs = (this.#moment.ns[0] ?? 0) - (this.#lines[line + LINE.askerNs] ?? 0);
    return (this.#lines[line + LINE.elsewherePacket] ?? 0) === 0 && ageNs <= PASSED_ON_LATE_NS;
  }

  /** A request of nobody known, or of one of several: it may be one for which a connection was opened, in vain. */
  #tellAttempts(connection: number, side: Side): void {
    for (const attempt of this.#attempts) {
      if (attempt === NONE || attempt === connection || !this.#isUndecided(attempt)) continue;
      const line = attempt * LINE_CELLS;
      const near = this.#lines[line + LINE.asker] ?? 0;
      if (near === connection || this.#nth(near) !== this.#lines[line + LINE.askerNth]) continue;
      // Of the same host or not: to take it for so costs an accusation at most.
      if (this.#isAnyReceiver(near, connection, side)) this.#note(attempt, LINE.elsewhereNs, LINE.elsewherePacket);
    }
  }

  #isAnyReceiver(near: number, connection: number, side: Side): boolean {
    return (
      this.#judge(near, 0, connection, side) !== FORWARDING.impossible ||
      this.#judge(near, 1, connection, side) !== FORWARDING.impossible
    );
  }

  #note(connection: number, ns: number, packet: number): void {
    this.#lines[connection * LINE_CELLS + ns] = this.#moment.ns[0] ?? 0;
    this.#lines[connection * LINE_CELLS + packet] = packed(this.#moment);
  }

  #add(connection: number, column: number): number {
    const count = (this.#lines[connection * LINE_CELLS + column] ?? 0) + 1;
    this.#lines[connection * LINE_CELLS + column] = count;
    return count;
  }

  /** @param hasWaited for the connection to be opened: no measure of how long the gateway takes */
  #tally(far: number, near: number, nth: number, askedNs: number, hasWaited: boolean): void {
    let partners = this.#partners.get(far);
    if (partners === undefined) {
      partners = new Float64Array(ASK_PARTNERS_MAX * PARTNER_CELLS);
      this.#partners.set(far, partners);
    }
    const slot = slotOf(partners, PARTNER_CELLS, near, nth, true);
    if (slot === NO_SLOT) {
      this.#reached('ask-partners-per-connection', ASK_PARTNERS_MAX);
      return;
    }
    const nowNs = this.#moment.ns[0] ?? 0;
    addMatch(partners, slot, nowNs, packed(this.#moment));
    countMatch(partners, slot + PARTNER_ROW_CELLS, askedNs, hasWaited ? null : nowNs - askedNs, this.#hopNs);
  }

  /** A longer hop has more requests in it, and is no more than a second try: where it finds no room is not told. */
  #reached(limit: string, bound: number): void {
    if (this.#hop === 0) this.#limits.hit(limit, bound);
  }
}
