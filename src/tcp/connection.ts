import { FLAG, type Segment } from '../decode/index.ts';
import { CONNECTION, connectionRow, FLOW, FLOW_FLAG, flowRow, NONE, SHIFT_UNKNOWN, sideOf } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import { segmentBytes, seqAdd, seqDiff } from './sequence.ts';

/** How far a connection has come, as an onlooker sees it (RFC 9293 §3.3.2 has both ends' states). */
export const PHASE = {
  fresh: 0,
  synSent: 1,
  synReceived: 2,
  open: 3,
  /** One FIN seen. */
  halfClosed: 4,
  /** Both FINs seen. */
  finished: 5,
  reset: 6,
} as const;
export type Phase = (typeof PHASE)[keyof typeof PHASE];

/** How a connection began (contract §3 "opened"). */
export const OPENING = { unanswered: 0, handshake: 1, beforeCapture: 2, refused: 3 } as const;
export type Opening = (typeof OPENING)[keyof typeof OPENING];

const EVENT = { syn: 0, synAck: 1, segment: 2, fin: 3, reset: 4 } as const;
type Event = (typeof EVENT)[keyof typeof EVENT];

/**
 * Rows: phase; columns: SYN, SYN-ACK, any other segment, a side's first FIN, an acceptable RST.
 * We watch and may have missed packets, so no event is an error: what the RFC has no arrow for keeps the phase or jumps ahead.
 */
const NEXT_PHASE = [
  [PHASE.synSent, PHASE.synReceived, PHASE.open, PHASE.halfClosed, PHASE.reset],
  // A second SYN, from the other side, is a simultaneous open (RFC 9293 §3.5, figure 7); `event` sorts out repeated ones.
  [PHASE.synReceived, PHASE.synReceived, PHASE.open, PHASE.halfClosed, PHASE.reset],
  [PHASE.synReceived, PHASE.synReceived, PHASE.open, PHASE.halfClosed, PHASE.reset],
  [PHASE.open, PHASE.open, PHASE.open, PHASE.halfClosed, PHASE.reset],
  [PHASE.halfClosed, PHASE.halfClosed, PHASE.halfClosed, PHASE.finished, PHASE.reset],
  [PHASE.finished, PHASE.finished, PHASE.finished, PHASE.finished, PHASE.reset],
  [PHASE.reset, PHASE.reset, PHASE.reset, PHASE.reset, PHASE.reset],
] as const satisfies Readonly<Record<Phase, Readonly<Record<Event, Phase>>>>;

const UNSCALED_MAX_SHIFT = 14; // RFC 7323 §2.3: the largest shift, for a window whose shift is not known
/** How far behind its last position a packet of an earlier incarnation may come: one unscaled window. */
const STRAGGLER_BYTES = 65_535;

/** Finds which connection a segment belongs to, and keeps its phase. */
export class Incarnations {
  /** Set by `flowOf`: the segment is the first of a new connection. */
  opened = false;
  readonly #table: FlowTable;

  constructor(table: FlowTable) {
    this.#table = table;
  }

  /** The flow that sent the segment, made where it is new; NONE where the table is full. */
  flowOf(segment: Segment): number {
    this.opened = false;
    const flow = this.#table.find(segment);
    if (flow < 0) return this.#add(segment, NONE);
    // A SYN that resets at the same time is a broken or forged segment, and begins nothing.
    if ((segment.flags & (FLAG.syn | FLAG.rst)) === FLAG.syn) return this.#ofSyn(flow, segment);
    if (this.#isYoung(flow)) return this.#ofStraggler(flow, segment);
    return flow;
  }

  #add(segment: Segment, previous: number): number {
    const flow = this.#table.add(segment, previous);
    this.opened = flow >= 0;
    return flow;
  }

  /** A SYN: of this connection, of the one before, or the first of a new incarnation. */
  #ofSyn(flow: number, segment: Segment): number {
    const isBased = (this.#flags(flow) & FLOW_FLAG.base) !== 0;
    const isAnswer = (segment.flags & FLAG.ack) !== 0;
    if (!isBased && (isAnswer || this.#phase(flow) !== PHASE.reset)) return flow;
    if (isBased && this.#column(flow, FLOW.isn) === segment.seq) return flow;
    const earlier = this.#previous(flow, segment);
    if (earlier >= 0 && this.#column(earlier, FLOW.isn) === segment.seq) return earlier;
    if (isAnswer && this.#answers(flow, segment)) return flow;
    return this.#add(segment, flow);
  }

  /**
   * A SYN-ACK with another number than this flow has: it still belongs here where it acknowledges this incarnation's SYN (a server
   * that restarted, or keeps no state for SYNs), or lies nearby (late in the file).
   */
  #answers(flow: number, segment: Segment): boolean {
    const flags = this.#flags(flow);
    if ((flags & FLOW_FLAG.seen) !== 0) {
      const behind = seqDiff(segment.seq, this.#column(flow, FLOW.sentSeq));
      if (Math.abs(behind) <= STRAGGLER_BYTES) return true;
    }
    if ((flags & FLOW_FLAG.started) !== 0) return false;
    const peer = flow ^ 1;
    return (this.#flags(peer) & FLOW_FLAG.base) !== 0 && seqDiff(this.#column(peer, FLOW.isn), segment.ack) === 1;
  }

  /** A reused 4-tuple that has not opened yet: the time in which packets of its predecessor may still come. */
  #isYoung(flow: number): boolean {
    const row = connectionRow(flow >> 1);
    const rows = this.#table.connections;
    return rows[row + CONNECTION.previous] !== NONE && (rows[row + CONNECTION.phase] ?? 0) <= PHASE.synReceived;
  }

  /** RFC 9293 §3.4.3: a segment of the incarnation before has numbers near that one's, and not near this one's. */
  #ofStraggler(flow: number, segment: Segment): number {
    const earlier = this.#previous(flow, segment);
    if (earlier < 0 || this.#isNear(flow, segment)) return flow;
    return this.#isNear(earlier, segment) ? earlier : flow;
  }

  #isNear(flow: number, segment: Segment): boolean {
    const flags = this.#flags(flow);
    if ((flags & FLOW_FLAG.known) !== 0)
      return Math.abs(seqDiff(this.#column(flow, FLOW.sentSeq), segment.seq)) <= STRAGGLER_BYTES;
    if ((segment.flags & FLAG.ack) === 0) return true;
    const peer = flow ^ 1;
    return Math.abs(seqDiff(this.#column(peer, FLOW.sentSeq), segment.ack)) <= STRAGGLER_BYTES;
  }

  /** The segment's flow in the incarnation before, or NONE. */
  #previous(flow: number, segment: Segment): number {
    const rows = this.#table.connections;
    const previous = rows[connectionRow(flow >> 1) + CONNECTION.previous] ?? NONE;
    if (previous < 0) return NONE;
    const row = connectionRow(previous);
    // Sides may have changed places; two sides of one address and port are told by neither.
    const same = rows[row + CONNECTION.port] === segment.srcPort && rows[row + CONNECTION.address + 3] === segment.src3;
    return previous * 2 + (same ? 0 : 1);
  }

  /** As `step`, for a segment without SYN, FIN and RST: only the first ones of a connection move it. */
  stepPlain(flow: number, segment: Segment): void {
    if (this.#phase(flow) < PHASE.open) this.step(flow, segment, false, false);
  }

  /** Brings the connection forward by one segment. `firstFin` and `accepted` are what `isFirstFin` and `isResetAccepted` said. */
  step(flow: number, segment: Segment, firstFin: boolean, accepted: boolean): void {
    const rows = this.#table.connections;
    const row = connectionRow(flow >> 1);
    const before = this.#phase(flow);
    const event = eventOf(segment, firstFin, accepted);
    if (event === EVENT.segment && before === PHASE.open) return;
    if (event === EVENT.syn && before === PHASE.synSent && rows[row + CONNECTION.synSide] === sideOf(flow)) return;
    if ((segment.flags & FLAG.rst) !== 0 && !accepted) return;
    const after = NEXT_PHASE[before][event];
    if (before === PHASE.fresh) this.#begin(flow, event);
    if (event === EVENT.syn || event === EVENT.synAck) this.#tellSynSide(flow, event);
    this.#tellOpening(flow, before, event);
    rows[row + CONNECTION.phase] = after;
  }

  #begin(flow: number, event: Event): void {
    const row = connectionRow(flow >> 1) + CONNECTION.opening;
    this.#table.connections[row] = event === EVENT.syn ? OPENING.unanswered : OPENING.beforeCapture;
  }

  #tellSynSide(flow: number, event: Event): void {
    const row = connectionRow(flow >> 1) + CONNECTION.synSide;
    if (this.#table.connections[row] !== NONE) return;
    this.#table.connections[row] = event === EVENT.syn ? sideOf(flow) : sideOf(flow ^ 1);
  }

  #tellOpening(flow: number, before: Phase, event: Event): void {
    const rows = this.#table.connections;
    const row = connectionRow(flow >> 1);
    if (before === PHASE.synSent && event === EVENT.reset && rows[row + CONNECTION.synSide] !== sideOf(flow))
      rows[row + CONNECTION.opening] = OPENING.refused;
    else if (event === EVENT.synAck || (before === PHASE.synSent && event !== EVENT.reset))
      rows[row + CONNECTION.opening] = OPENING.handshake;
  }

  /**
   * Whether the peer would accept this RST (RFC 9293 §3.10.7). Where the capture cannot tell, it is taken as accepted.
   */
  isResetAccepted(flow: number, segment: Segment): boolean {
    const peer = flow ^ 1;
    const peerFlags = this.#flags(peer);
    const flags = this.#flags(flow);
    // §3.10.7.3: in SYN-SENT only the acknowledgement of the SYN makes a RST acceptable.
    if (this.#phase(flow) === PHASE.synSent && (peerFlags & FLOW_FLAG.syn) !== 0) {
      const acked = seqDiff(this.#column(peer, FLOW.isn), segment.ack);
      return (
        (segment.flags & FLAG.ack) !== 0 &&
        acked > 0 &&
        acked <= seqDiff(this.#column(peer, FLOW.isn), this.#column(peer, FLOW.sentSeq))
      );
    }
    if ((flags & FLOW_FLAG.known) === 0) return true;
    // §3.10.7.4, first check: RCV.NXT =< SEG.SEQ < RCV.NXT+RCV.WND. What was sent but not acknowledged yet may have arrived.
    const expected = this.#column(flow, FLOW.ackedSeq);
    const ahead = seqDiff(expected, segment.seq);
    const sent = seqDiff(expected, this.#column(flow, FLOW.sentSeq));
    return ahead >= 0 && ahead <= Math.max(sent, this.#windowBytes(peer));
  }

  /**
   * Whether an acceptable RST stands at RCV.NXT, so that the peer resets at once (RFC 5961 §3.2); elsewhere in the window it only asks,
   * by a challenge ACK. What was sent but not acknowledged yet may have arrived.
   */
  isResetExpected(flow: number, { seq }: Segment): boolean {
    if (this.#phase(flow) === PHASE.synSent || (this.#flags(flow) & FLOW_FLAG.known) === 0) return true;
    return seq === this.#column(flow, FLOW.ackedSeq) || seq === this.#column(flow, FLOW.sentSeq);
  }

  #windowBytes(flow: number): number {
    const window = this.#column(flow, FLOW.window);
    if (window < 0) return 65_535 << UNSCALED_MAX_SHIFT;
    const shift = this.#column(flow, FLOW.shift);
    const known = shift === SHIFT_UNKNOWN ? UNSCALED_MAX_SHIFT : Math.max(0, shift);
    return window << known;
  }

  /** The first FIN of this flow; the same one sent again is none. */
  isFirstFin(flow: number, segment: Segment): boolean {
    return (segment.flags & (FLAG.fin | FLAG.rst)) === FLAG.fin && !this.hasFin(flow);
  }

  hasFin(flow: number): boolean {
    return (this.#flags(flow) & FLOW_FLAG.fin) !== 0;
  }

  /** Whether the peer has acknowledged this flow's FIN. */
  isFinAcked(flow: number): boolean {
    if (!this.hasFin(flow)) return false;
    return seqDiff(this.#column(flow, FLOW.finEnd), this.#column(flow, FLOW.ackedSeq)) >= 0;
  }

  noteFin(flow: number, segment: Segment): void {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    flows[at + FLOW.flags] = this.#flags(flow) | FLOW_FLAG.fin;
    flows[at + FLOW.finEnd] = seqAdd(segment.seq, segmentBytes(segment));
  }

  #phase(flow: number): Phase {
    return (this.#table.connections[connectionRow(flow >> 1) + CONNECTION.phase] ?? 0) as Phase;
  }

  #flags(flow: number): number {
    return this.#table.flows[flowRow(flow) + FLOW.flags] ?? 0;
  }

  #column(flow: number, column: number): number {
    return this.#table.flows[flowRow(flow) + column] ?? 0;
  }
}

function eventOf(segment: Segment, firstFin: boolean, accepted: boolean): Event {
  if (accepted) return EVENT.reset;
  if (firstFin) return EVENT.fin;
  if ((segment.flags & FLAG.syn) === 0) return EVENT.segment;
  return (segment.flags & FLAG.ack) !== 0 ? EVENT.synAck : EVENT.syn;
}
