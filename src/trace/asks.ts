import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import { FORWARDING, type JudgeForwarding } from './forwarding.ts';
import {
  ASK_HOP_NS,
  ASK_LOOKS_MAX,
  ASK_PARTNERS_MAX,
  ASKS_MAX,
  ATTEMPTS_WATCHED_MAX,
  PASSED_ON_LATE_NS,
} from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import type { AskJoin, Asks, OpenedFor } from './model.ts';
import { grown, packed, roomFor, unpackedRef } from './ref-table.ts';

/** A connection's cells. `asker`, `askerNth`: whose request it was opened for; `askerPacket` is 0 where that is not known. */
const LINE = {
  asks: 0,
  acts: 1,
  unexplained: 2,
  asker: 3,
  askerNth: 4,
  askerNs: 5,
  askerPacket: 6,
  takenNs: 7,
  takenPacket: 8,
  elsewhereNs: 9,
  elsewherePacket: 10,
} as const;
const LINE_CELLS = 11;
/** A request's cells in the ring. `attempt`: 1 + the connection that was opened for it, 0 for none. */
const ASK = { connection: 0, nth: 1, side: 2, ns: 3, packet: 4, taken: 5, attempt: 6 } as const;
const ASK_CELLS = 7;
/** A partner's: a connection whose requests came out of the host again on this one. */
const PARTNER = { connection: 0, nth: 1, matched: 2, firstNs: 3, firstPacket: 4, lastNs: 5, lastPacket: 6 } as const;
const PARTNER_CELLS = 7;
const NONE = -1;

/**
 * Requests, where one of the two connections cannot be read: a request that leaves a host within moments of one that it received, and
 * of no other connection's, is taken for that one passed on; likewise a connection that it opens. Roles are not known here: who may have passed on
 * what is told by addresses.
 *
 * It keeps no bytes, and allocates nothing per request but a row of partners for a connection's first.
 */
export class AskBook {
  readonly #moment: Moment;
  readonly #judge: JudgeForwarding;
  readonly #nth: (connection: number) => number;
  readonly #isOpaque: (connection: number) => boolean;
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

  /** @param isOpaque whether what is said on a connection cannot be read; of two that can be, more is known than times tell */
  constructor(
    moment: Moment,
    judge: JudgeForwarding,
    nth: (connection: number) => number,
    isOpaque: (connection: number) => boolean,
  ) {
    this.#moment = moment;
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
    this.#act(ring, connection, side, stream);
    const at = (this.#count % ASKS_MAX) * ASK_CELLS;
    ring[at + ASK.connection] = connection;
    ring[at + ASK.nth] = this.#nth(connection);
    ring[at + ASK.side] = side;
    ring[at + ASK.ns] = this.#moment.ns[0] ?? 0;
    ring[at + ASK.packet] = packed(this.#moment);
    ring[at + ASK.taken] = 0;
    ring[at + ASK.attempt] = 0;
    this.#asked[this.#count % ASKS_MAX] = stream;
    this.#count++;
    this.#add(connection, LINE.asks);
  }

  /** `side` opens a connection: its first SYN. */
  connects(connection: number, side: Side): void {
    const ring = this.#ring;
    if (ring === null) return;
    this.#attempts[this.#attemptsCount++ % ATTEMPTS_WATCHED_MAX] = connection;
    const ask = this.#look(ring, connection, side);
    if (ask < 0) return;
    const line = connection * LINE_CELLS;
    this.#lines[line + LINE.asker] = ring[ask + ASK.connection] ?? 0;
    this.#lines[line + LINE.askerNth] = ring[ask + ASK.nth] ?? 0;
    this.#lines[line + LINE.askerNs] = ring[ask + ASK.ns] ?? 0;
    this.#lines[line + LINE.askerPacket] = ring[ask + ASK.packet] ?? 0;
    ring[ask + ASK.attempt] = connection + 1;
  }

  /** @param idOf as in `JoinBook.all`. @returns null where nothing was told of it */
  of(connection: number, idOf: (connection: number, nth: number) => number | undefined): Asks | null {
    const cell = (column: number): number => this.#lines[connection * LINE_CELLS + column] ?? 0;
    const openedFor = this.#openedFor(cell, idOf);
    if (cell(LINE.asks) + cell(LINE.acts) === 0 && openedFor === null) return null;
    return { asked: cell(LINE.asks), acts: cell(LINE.acts), unexplained: cell(LINE.unexplained), openedFor };
  }

  /** @param idOf as in `JoinBook.all` */
  all(idOf: (connection: number, nth: number) => number | undefined): AskJoin[] {
    return [...this.#partners].flatMap(([connection, partners]) => {
      const far = idOf(connection, this.#nth(connection));
      return far === undefined ? [] : joinsOf(far, partners, idOf);
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

  /** What the host sent on this connection: is it what it had received on another? */
  #act(ring: Float64Array, connection: number, side: Side, stream: LiveStream | null): void {
    const isFirst = this.#add(connection, LINE.acts) === 1;
    const ask = this.#look(ring, connection, side);
    if (ask >= 0) this.#take(ring, ask, connection, stream);
    else if (ask === NONE && !(isFirst && this.#takeOpener(connection, stream))) {
      this.#add(connection, LINE.unexplained);
      this.#tellAttempts(connection, side);
    }
  }

  /**
   * The request that may have been passed on now: of one connection only.
   * @returns its place in the ring; NONE where there is none, less where there are several
   */
  #look(ring: Float64Array, connection: number, side: Side): number {
    const nowNs = this.#moment.ns[0] ?? 0;
    const oldest = Math.max(0, this.#count - ASKS_MAX, this.#count - ASK_LOOKS_MAX);
    let found = NONE;
    for (let nth = this.#count - 1; nth >= oldest; nth--) {
      const at = (nth % ASKS_MAX) * ASK_CELLS;
      if (nowNs - (ring[at + ASK.ns] ?? 0) > ASK_HOP_NS) return found;
      if (!this.#mayBeSource(ring, at, connection, side)) continue;
      if (found !== NONE && ring[found + ASK.connection] !== ring[at + ASK.connection]) return NONE - 1;
      found = at;
    }
    // So many within moments that not all were looked at: any of them may have been it.
    return oldest > 0 && this.#count - oldest >= ASK_LOOKS_MAX ? NONE - 1 : found;
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

  #take(ring: Float64Array, ask: number, connection: number, stream: LiveStream | null): void {
    ring[ask + ASK.taken] = 1;
    const near = ring[ask + ASK.connection] ?? 0;
    const nth = ring[ask + ASK.nth] ?? 0;
    const attempt = (ring[ask + ASK.attempt] ?? 0) - 1;
    if (attempt >= 0) this.#note(attempt, LINE.takenNs, LINE.takenPacket);
    stream?.timed(near, nth, false, this.#moment);
    const source = this.#asked[ask / ASK_CELLS];
    if (source?.connection === near && source.nth === nth)
      source.timed(connection, this.#nth(connection), true, this.#moment);
    this.#tally(connection, near, nth);
  }

  /** The first request of a connection that was opened for somebody's is that one, however long the connecting took. */
  #takeOpener(connection: number, stream: LiveStream | null): boolean {
    const line = connection * LINE_CELLS;
    const isOpened =
      (this.#lines[line + LINE.askerPacket] ?? 0) > 0 && (this.#lines[line + LINE.takenPacket] ?? 0) === 0;
    const ageNs = (this.#moment.ns[0] ?? 0) - (this.#lines[line + LINE.askerNs] ?? 0);
    const near = this.#lines[line + LINE.asker] ?? 0;
    const nth = this.#lines[line + LINE.askerNth] ?? 0;
    if (!isOpened || ageNs > PASSED_ON_LATE_NS || this.#nth(near) !== nth) return false;
    this.#note(connection, LINE.takenNs, LINE.takenPacket);
    stream?.timed(near, nth, false, this.#moment);
    this.#tally(connection, near, nth);
    return true;
  }

  /** A request of nobody known: it may be one for which a connection was opened, in vain. */
  #tellAttempts(connection: number, side: Side): void {
    const nowNs = this.#moment.ns[0] ?? 0;
    for (const attempt of this.#attempts) {
      if (attempt === NONE || attempt === connection) continue;
      const line = attempt * LINE_CELLS;
      if ((this.#lines[line + LINE.askerPacket] ?? 0) === 0 || (this.#lines[line + LINE.elsewherePacket] ?? 0) > 0)
        continue;
      const near = this.#lines[line + LINE.asker] ?? 0;
      if (nowNs - (this.#lines[line + LINE.askerNs] ?? 0) > PASSED_ON_LATE_NS || near === connection) continue;
      // Of the same host or not: to take it for so costs an accusation at most.
      if (!this.#isAnyReceiver(near, connection, side)) continue;
      this.#note(attempt, LINE.elsewhereNs, LINE.elsewherePacket);
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

  #tally(far: number, near: number, nth: number): void {
    let partners = this.#partners.get(far);
    if (partners === undefined) {
      partners = new Float64Array(ASK_PARTNERS_MAX * PARTNER_CELLS);
      this.#partners.set(far, partners);
    }
    const slot = slotOf(partners, near, nth);
    if (slot === NONE) return;
    const matched = (partners[slot + PARTNER.matched] ?? 0) + 1;
    partners[slot + PARTNER.matched] = matched;
    if (matched === 1) {
      partners[slot + PARTNER.firstNs] = this.#moment.ns[0] ?? 0;
      partners[slot + PARTNER.firstPacket] = packed(this.#moment);
    }
    partners[slot + PARTNER.lastNs] = this.#moment.ns[0] ?? 0;
    partners[slot + PARTNER.lastPacket] = packed(this.#moment);
  }
}

function joinsOf(
  far: number,
  partners: Float64Array,
  idOf: (connection: number, nth: number) => number | undefined,
): AskJoin[] {
  const joins: AskJoin[] = [];
  for (let slot = 0; slot < partners.length; slot += PARTNER_CELLS) {
    const cell = (column: number): number => partners[slot + column] ?? 0;
    const first = unpackedRef(cell(PARTNER.firstNs), cell(PARTNER.firstPacket));
    const last = unpackedRef(cell(PARTNER.lastNs), cell(PARTNER.lastPacket));
    const near = first === null ? undefined : idOf(cell(PARTNER.connection), cell(PARTNER.nth));
    if (near === undefined || first === null || last === null) continue;
    joins.push({ near, far, matched: cell(PARTNER.matched), first, last });
  }
  return joins;
}

/** The slot of a partner; a new one takes an empty one, or that of a partner that asked once only. */
function slotOf(partners: Float64Array, connection: number, nth: number): number {
  let free = NONE;
  for (let slot = 0; slot < partners.length; slot += PARTNER_CELLS) {
    const matched = partners[slot + PARTNER.matched] ?? 0;
    if (matched > 0 && partners[slot + PARTNER.connection] === connection && partners[slot + PARTNER.nth] === nth)
      return slot;
    if (free === NONE && matched <= 1) free = slot;
  }
  if (free === NONE) return NONE;
  partners.fill(0, free, free + PARTNER_CELLS);
  partners[free + PARTNER.connection] = connection;
  partners[free + PARTNER.nth] = nth;
  return free;
}
