import type { Moment } from '../capture/index.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import { FORWARDING, type JudgeForwarding } from './forwarding.ts';
import {
  BURST_APART_NS,
  BURST_CONTROL_NS,
  BURST_CONTROLS,
  BURST_HOP_NS,
  BURST_LEAST_BYTES,
  BURST_LOOKS_MAX,
  BURST_PARTNERS_MAX,
  BURST_SETTLED_NS,
  BURSTS_GREETING,
  BURSTS_MAX,
  BURSTS_PROMPTED_NS,
  BURSTS_UNLIKE_BYTES,
  BURSTS_UNLIKE_SHARE,
  type LimitCounter,
} from './limits.ts';
import type { BurstEvents, BurstJoin, LastBurst } from './model.ts';
import { addMatch, NO_SLOT, PARTNER_ROW_CELLS, slotOf, tallied } from './partner-rows.ts';
import { grown, packed, roomFor, unpackedRef } from './ref-table.ts';
import { countedAnew, countMatch, RHYTHM_CELLS } from './rhythm.ts';

/** A flow's cells. `burst`: its newest, counted from the first of the capture; `seen`: all of them, `judged`: those compared with others. */
const FLOW = {
  burst: 0,
  lastNs: 1,
  seen: 2,
  judged: 3,
  unprompted: 4,
  fromNs: 5,
  fromPacket: 6,
  bytes: 7,
  wasPrompted: 8,
} as const;
const FLOW_CELLS = 9;
/** A burst's cells. */
const BURST = { flow: 0, nth: 1, fromNs: 2, toNs: 3, bytes: 4, packet: 5, taken: 6, unasked: 7 } as const;
const BURST_CELLS = 8;
/** A partner's further cells: its rhythm, how often it only seemed so at a time at which it could not be, and what nobody had asked for. */
const PARTNER = {
  rhythm: PARTNER_ROW_CELLS,
  control: PARTNER_ROW_CELLS + RHYTHM_CELLS,
  events: PARTNER_ROW_CELLS + RHYTHM_CELLS + 1,
  firstEventNs: PARTNER_ROW_CELLS + RHYTHM_CELLS + 2,
  lastEventNs: PARTNER_ROW_CELLS + RHYTHM_CELLS + 3,
  lastEventPacket: PARTNER_ROW_CELLS + RHYTHM_CELLS + 4,
} as const;
const PARTNER_CELLS = PARTNER_ROW_CELLS + RHYTHM_CELLS + 5;
const NONE = -1;

/**
 * Bursts of payload, where nothing else tells who passed on what: payload that one host gets on one connection and that leaves it on another a
 * moment later, about as long, is taken for the same, if no other burst fits as well. Each flow keeps its best partners, with the number of
 * times that a burst fitted which came too early to have been passed on: so many matches are chance.
 *
 * It keeps no bytes, and allocates nothing per packet or burst.
 */
export class BurstBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  readonly #judge: JudgeForwarding;
  readonly #nth: (connection: number) => number;
  readonly #isOpaque: (connection: number) => boolean;
  readonly #isFromStart: (connection: number) => boolean;
  /** Made when the first opaque connection comes, as the ring is. */
  #flows = new Float64Array(0);
  #ring: Float64Array | null = null;
  /** Of all connections that were opened the highest number. */
  #highest = 0;
  /** By flow, where it has any. */
  readonly #partners = new Map<number, Float64Array>();
  #count = 0;
  #judged = 0;
  /** How many fitted in each slice of time that was looked at last, and which did; 2 stands for more than one. */
  readonly #fits = new Uint8Array(1 + BURST_CONTROLS);
  readonly #fitting = new Int32Array(1 + BURST_CONTROLS);

  /**
   * @param isOpaque whether what is said on a connection cannot be read; of two that can be, more is known than bursts tell
   * @param isFromStart whether a connection's beginning is in the capture, with its greetings
   */
  constructor(
    moment: Moment,
    limits: LimitCounter,
    judge: JudgeForwarding,
    nth: (connection: number) => number,
    isOpaque: (connection: number) => boolean,
    isFromStart: (connection: number) => boolean,
  ) {
    this.#moment = moment;
    this.#limits = limits;
    this.#judge = judge;
    this.#nth = nth;
    this.#isOpaque = isOpaque;
    this.#isFromStart = isFromStart;
  }

  /** Some connection cannot be read: from here on bursts are compared. */
  begin(): void {
    if (this.#ring !== null) return;
    this.#ring = new Float64Array(BURSTS_MAX * BURST_CELLS);
    for (let connection = 0; connection <= this.#highest; connection++) this.opened(connection);
  }

  opened(connection: number): void {
    this.#highest = Math.max(this.#highest, connection);
    if (this.#ring === null) return;
    const room = roomFor(this.#flows.length, (2 * connection + 2) * FLOW_CELLS);
    if (room > this.#flows.length) this.#flows = grown(this.#flows, new Float64Array(room));
    this.release(connection);
  }

  release(connection: number): void {
    if (this.#ring === null) return;
    this.#flows.fill(0, 2 * connection * FLOW_CELLS, (2 * connection + 2) * FLOW_CELLS);
    for (const flow of [2 * connection, 2 * connection + 1]) {
      this.#flows[flow * FLOW_CELLS + FLOW.burst] = NONE;
      this.#partners.delete(flow);
    }
  }

  /** New payload of a flow. */
  payload(connection: number, side: Side, bytes: number): void {
    const ring = this.#ring;
    if (ring === null) return;
    const flows = this.#flows;
    const nowNs = this.#moment.ns[0] ?? 0;
    this.#judgeUntil(nowNs - BURST_SETTLED_NS);
    const flow = 2 * connection + side;
    const cells = flow * FLOW_CELLS;
    const burst = flows[cells + FLOW.burst] ?? NONE;
    const goesOn = burst > this.#count - BURSTS_MAX && nowNs - (flows[cells + FLOW.lastNs] ?? 0) < BURST_APART_NS;
    if (burst !== NONE && goesOn) {
      const at = (burst % BURSTS_MAX) * BURST_CELLS;
      ring[at + BURST.bytes] = (ring[at + BURST.bytes] ?? 0) + bytes;
      flows[cells + FLOW.bytes] = (flows[cells + FLOW.bytes] ?? 0) + bytes;
    } else this.#begin(ring, flow, nowNs, bytes);
    flows[cells + FLOW.lastNs] = nowNs;
  }

  /** The newest burst of a flow; null where none was looked at. */
  last(connection: number, side: Side): LastBurst | null {
    const cells = (2 * connection + side) * FLOW_CELLS;
    const cell = (column: number): number => this.#flows[cells + column] ?? 0;
    const at = unpackedRef(cell(FLOW.fromNs), cell(FLOW.fromPacket));
    if (at === null) return null;
    return {
      at,
      bytes: cell(FLOW.bytes),
      unprompted: cell(FLOW.unprompted),
      wasPrompted: cell(FLOW.wasPrompted) === 1,
    };
  }

  /** @param idOf as in `JoinBook.all` */
  all(idOf: (connection: number, nth: number) => number | undefined): BurstJoin[] {
    this.#judgeUntil(Infinity);
    return [...this.#partners].flatMap(([flow, partners]) => {
      const to = idOf(flow >> 1, this.#nth(flow >> 1));
      return to === undefined ? [] : this.#joinsOf(flow, to, partners, idOf);
    });
  }

  #joinsOf(
    flow: number,
    to: number,
    partners: Float64Array,
    idOf: (connection: number, nth: number) => number | undefined,
  ): BurstJoin[] {
    return tallied(partners, PARTNER_CELLS).flatMap(({ slot, peer, nth, matched, first, last }) => {
      const from = idOf(peer >> 1, nth);
      if (from === undefined) return [];
      const cell = (column: number): number => partners[slot + column] ?? 0;
      const ends = { from, to, receiver: otherSide(sideOf(peer)), sender: sideOf(flow) };
      const control = cell(PARTNER.control) / BURST_CONTROLS;
      const [bursts, received] = [this.#judgedOf(flow), this.#judgedOf(peer)];
      const anew = countedAnew(partners, slot + PARTNER.rhythm);
      return [{ ...ends, matched, anew, control, bursts, received, first, last, events: eventsOf(cell) }];
    });
  }

  #judgedOf(flow: number): number {
    return this.#flows[flow * FLOW_CELLS + FLOW.judged] ?? 0;
  }

  #begin(ring: Float64Array, flow: number, nowNs: number, bytes: number): void {
    const flows = this.#flows;
    const cells = flow * FLOW_CELLS;
    // The oldest makes room; if it was not judged yet, it is now.
    if (this.#judged <= this.#count - BURSTS_MAX) {
      this.#judgeNext(ring);
      this.#limits.hit('bursts-compared', BURSTS_MAX);
    }
    const burst = this.#count++;
    const at = (burst % BURSTS_MAX) * BURST_CELLS;
    ring[at + BURST.flow] = flow;
    ring[at + BURST.nth] = this.#nth(flow >> 1);
    ring[at + BURST.fromNs] = nowNs;
    ring[at + BURST.bytes] = bytes;
    ring[at + BURST.packet] = packed(this.#moment);
    ring[at + BURST.taken] = 0;
    ring[at + BURST.unasked] = this.#isUnasked(flow, nowNs) ? 1 : 0;
    flows[cells + FLOW.burst] = burst;
    flows[cells + FLOW.seen] = (flows[cells + FLOW.seen] ?? 0) + 1;
    if (bytes < BURST_LEAST_BYTES) return;
    flows[cells + FLOW.fromNs] = nowNs;
    flows[cells + FLOW.fromPacket] = packed(this.#moment);
    flows[cells + FLOW.bytes] = bytes;
    const hasPrompt = nowNs - this.#spokeNs(flow ^ 1) < BURSTS_PROMPTED_NS;
    flows[cells + FLOW.wasPrompted] = hasPrompt ? 1 : 0;
    if (!hasPrompt) flows[cells + FLOW.unprompted] = (flows[cells + FLOW.unprompted] ?? 0) + 1;
  }

  /** Neither side had said anything for a while: nobody asked for this, and it is no rest of what was said before. */
  #isUnasked(flow: number, nowNs: number): boolean {
    return nowNs - Math.max(this.#spokeNs(flow), this.#spokeNs(flow ^ 1)) >= BURSTS_PROMPTED_NS;
  }

  /** When it spoke last; before any time where it never did. */
  #spokeNs(flow: number): number {
    const cells = flow * FLOW_CELLS;
    return (this.#flows[cells + FLOW.seen] ?? 0) > 0 ? (this.#flows[cells + FLOW.lastNs] ?? 0) : -Infinity;
  }

  /** Judges the bursts that began before then: by now they, and what they may have been passed on from, are whole. */
  #judgeUntil(untilNs: number): void {
    const ring = this.#ring;
    while (ring !== null && this.#judged < this.#count) {
      if ((ring[(this.#judged % BURSTS_MAX) * BURST_CELLS + BURST.fromNs] ?? 0) > untilNs) return;
      this.#judgeNext(ring);
    }
  }

  #judgeNext(ring: Float64Array): void {
    const burst = this.#judged++;
    const at = (burst % BURSTS_MAX) * BURST_CELLS;
    const flow = ring[at + BURST.flow] ?? 0;
    if (!this.#counts(ring, at)) return;
    const cells = flow * FLOW_CELLS;
    this.#flows[cells + FLOW.judged] = (this.#flows[cells + FLOW.judged] ?? 0) + 1;
    const looked = this.#look(ring, burst);
    if (this.#fits[0] === 1) {
      const source = this.#fitting[0] ?? 0;
      ring[source + BURST.taken] = 1;
      this.#match(flow, ring, source, at);
      if (looked === 0) this.#misfit(flow, ring, source, BURST_CONTROLS);
    }
    for (let slice = 1; slice <= looked; slice++) {
      if (this.#fits[slice] === 1) this.#misfit(flow, ring, this.#fitting[slice] ?? 0, BURST_CONTROLS / looked);
    }
  }

  /** Of a connection that is still here, and no greeting, PING or window update: a gateway keeps those to itself. */
  #counts(ring: Float64Array, at: number): boolean {
    const flow = ring[at + BURST.flow] ?? 0;
    if (ring[at + BURST.nth] !== this.#nth(flow >> 1)) return false;
    const greetings = this.#isFromStart(flow >> 1) ? BURSTS_GREETING : 0;
    return (
      (this.#flows[flow * FLOW_CELLS + FLOW.seen] ?? 0) > greetings &&
      (ring[at + BURST.bytes] ?? 0) >= BURST_LEAST_BYTES
    );
  }

  /**
   * Looks for bursts from which `burst` may have been passed on: slice 0 is the time in which it was, the others are too early for that.
   * @returns how many of those were looked at whole
   */
  #look(ring: Float64Array, burst: number): number {
    const at = (burst % BURSTS_MAX) * BURST_CELLS;
    const fromNs = ring[at + BURST.fromNs] ?? 0;
    this.#fits.fill(0);
    const oldest = Math.max(0, burst - BURST_LOOKS_MAX, this.#count - BURSTS_MAX);
    for (let earlier = burst - 1; earlier >= oldest; earlier--) {
      const candidate = (earlier % BURSTS_MAX) * BURST_CELLS;
      const ageNs = fromNs - (ring[candidate + BURST.fromNs] ?? 0);
      if (ageNs >= BURST_CONTROL_NS + BURST_CONTROLS * BURST_HOP_NS) return BURST_CONTROLS;
      const slice = sliceOf(ageNs);
      if (slice >= 0 && this.#mayBeSource(ring, candidate, at)) {
        this.#fits[slice] = Math.min(2, (this.#fits[slice] ?? 0) + 1);
        this.#fitting[slice] = candidate;
      }
      if (earlier === oldest && oldest > 0) return Math.max(0, slice - 1);
    }
    return BURST_CONTROLS;
  }

  #mayBeSource(ring: Float64Array, from: number, to: number): boolean {
    if (ring[from + BURST.taken] === 1 || !isLike(ring[from + BURST.bytes] ?? 0, ring[to + BURST.bytes] ?? 0))
      return false;
    const fromFlow = ring[from + BURST.flow] ?? 0;
    const toFlow = ring[to + BURST.flow] ?? 0;
    const [near, far] = [fromFlow >> 1, toFlow >> 1];
    if (near === far || (!this.#isOpaque(near) && !this.#isOpaque(far)) || !this.#counts(ring, from)) return false;
    return this.#judge(near, otherSide(sideOf(fromFlow)), far, sideOf(toFlow)) !== FORWARDING.impossible;
  }

  /** One that came too early to be what was passed on, of a partner that is known. */
  #misfit(flow: number, ring: Float64Array, source: number, amount: number): void {
    const partners = this.#partners.get(flow);
    const slot = partners === undefined ? NO_SLOT : slotFor(partners, ring, source, false);
    if (partners !== undefined && slot !== NO_SLOT)
      partners[slot + PARTNER.control] = (partners[slot + PARTNER.control] ?? 0) + amount;
  }

  #match(flow: number, ring: Float64Array, source: number, burst: number): void {
    let partners = this.#partners.get(flow);
    if (partners === undefined) {
      partners = new Float64Array(BURST_PARTNERS_MAX * PARTNER_CELLS);
      this.#partners.set(flow, partners);
    }
    const slot = slotFor(partners, ring, source, true);
    if (slot === NO_SLOT) {
      this.#limits.hit('burst-partners-per-flow', BURST_PARTNERS_MAX);
      return;
    }
    const [receivedNs, sentNs] = [ring[source + BURST.fromNs] ?? 0, ring[burst + BURST.fromNs] ?? 0];
    addMatch(partners, slot, sentNs, ring[burst + BURST.packet] ?? 0);
    countMatch(partners, slot + PARTNER.rhythm, receivedNs, sentNs - receivedNs, BURST_HOP_NS);
    if (ring[source + BURST.unasked] !== 1) return;
    const events = (partners[slot + PARTNER.events] ?? 0) + 1;
    partners[slot + PARTNER.events] = events;
    if (events === 1) partners[slot + PARTNER.firstEventNs] = receivedNs;
    partners[slot + PARTNER.lastEventNs] = receivedNs;
    partners[slot + PARTNER.lastEventPacket] = ring[source + BURST.packet] ?? 0;
  }
}

function slotFor(partners: Float64Array, ring: Float64Array, source: number, mayBegin: boolean): number {
  return slotOf(partners, PARTNER_CELLS, ring[source + BURST.flow] ?? 0, ring[source + BURST.nth] ?? 0, mayBegin);
}

/** Which slice of time a burst that is so much older lies in; -1 for none. */
function sliceOf(ageNs: number): number {
  if (ageNs < 0) return NONE;
  if (ageNs <= BURST_HOP_NS) return 0;
  return ageNs < BURST_CONTROL_NS ? NONE : 1 + Math.floor((ageNs - BURST_CONTROL_NS) / BURST_HOP_NS);
}

/** A gateway adds a few fields and compresses them anew; the rest stays as long as it was. */
function isLike(a: number, b: number): boolean {
  return Math.abs(a - b) <= BURSTS_UNLIKE_BYTES + BURSTS_UNLIKE_SHARE * Math.max(a, b);
}

function sideOf(flow: number): Side {
  return (flow & 1) === 0 ? 0 : 1;
}

function eventsOf(cell: (column: number) => number): BurstEvents | null {
  const last = unpackedRef(cell(PARTNER.lastEventNs), cell(PARTNER.lastEventPacket));
  return last === null ? null : { count: cell(PARTNER.events), firstNs: cell(PARTNER.firstEventNs), last };
}
