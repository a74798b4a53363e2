import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import {
  CONNECTION,
  CONNECTION_DOUBLE,
  connectionDoublesRow,
  connectionRow,
  DOUBLE,
  doublesRow,
  FLOW,
  FLOW_FLAG,
  flowRow,
  SHIFT_UNKNOWN,
  SHIFT_UNUSED,
} from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import { seqAdd, seqDiff } from './sequence.ts';
import { LABEL } from './sink.ts';

/**
 * Labels as Wireshark 4.0's `tcp.analysis` gives them; the conditions are its own, so that a label can be looked up there.
 * A number of 0 means unknown, as it does there: off by one flow in 2^32, and no disagreement.
 * One wanted difference: a segment that stands late in the file but not in time is out of order, not a retransmission.
 */

const FAST_RETRANSMISSION_MAX_NS = 20 * 1_000_000;
const FAST_RETRANSMISSION_MIN_ACKS = 2;
/** Bound between disorder and retransmission while the initial round trip is unknown. */
const OUT_OF_ORDER_MAX_NS = 3 * 1_000_000;
const CONTROL = FLAG.syn | FLAG.fin | FLAG.rst;
const SHIFT_MAX = 14; // RFC 7323 §2.3
/** What the first ACK after a SYN settles. */
const FIRST_ACK = FLOW_FLAG.firstAck | FLOW_FLAG.rttPending;

export class Analysis {
  readonly #moment: Moment;
  readonly #table: FlowTable;

  constructor(moment: Moment, table: FlowTable) {
    this.#moment = moment;
    this.#table = table;
  }

  /**
   * Labels one segment and remembers what the next ones are held against.
   * @param freshBytes  payload bytes that the flow has not shown before
   * @returns LABEL bits
   */
  label(flow: number, segment: Segment, freshBytes: number): number {
    const flows = this.#table.flows;
    const flags = flows[flowRow(flow) + FLOW.flags] ?? 0;
    const bothBased = flags & (flows[flowRow(flow ^ 1) + FLOW.flags] ?? 0) & FLOW_FLAG.base;
    const isSyn = (segment.flags & FLAG.syn) !== 0;
    let labels = isSyn ? this.#onSyn(flow, segment) : 0;
    if (bothBased === 0 || isSyn) this.#base(flow, segment);
    labels |= this.#ofForward(flow, segment);
    labels |= this.#ofAck(flow, segment);
    if (spaceOf(segment) > 0 && (labels & LABEL.keepAlive) === 0) labels |= this.#ofResent(flow, segment, freshBytes);
    this.#remember(flow, segment, labels);
    return labels;
  }

  /** A SYN on a 4-tuple that was used before: by an earlier incarnation, or by this one with another number. */
  #onSyn(flow: number, segment: Segment): number {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    if (((flows[at + FLOW.flags] ?? 0) & FLOW_FLAG.base) !== 0)
      return flows[at + FLOW.isn] === segment.seq ? 0 : LABEL.reusedPorts;
    const incarnation = this.#table.connections[connectionRow(flow >> 1) + CONNECTION.incarnation] ?? 0;
    // Its first SYN tells, and an answer only where what it answers is not in the capture.
    const isSecond = ((flows[flowRow(flow ^ 1) + FLOW.flags] ?? 0) & FLOW_FLAG.base) !== 0;
    return incarnation > 0 && !isSecond ? LABEL.reusedPorts : 0;
  }

  /** Wireshark's base of each flow, from its first segment or the first acknowledgement of it: the number that its SYN has or had. */
  #base(flow: number, segment: Segment): void {
    const flows = this.#table.flows;
    const own = flowRow(flow);
    const flags = flows[own + FLOW.flags] ?? 0;
    if ((flags & FLOW_FLAG.base) === 0 || (segment.flags & FLAG.syn) !== 0) {
      flows[own + FLOW.flags] = flags | FLOW_FLAG.base;
      flows[own + FLOW.isn] = (segment.flags & FLAG.syn) !== 0 ? segment.seq : seqAdd(segment.seq, -1);
    }
    if ((segment.flags & FLAG.ack) === 0) return;
    const peer = flowRow(flow ^ 1);
    const peerFlags = flows[peer + FLOW.flags] ?? 0;
    if ((peerFlags & FLOW_FLAG.base) !== 0) return;
    flows[peer + FLOW.flags] = peerFlags | FLOW_FLAG.base;
    flows[peer + FLOW.isn] = seqAdd(segment.ack, -1);
  }

  /** What the segment's own numbers tell: probes, windows, losses, repeated acknowledgements. */
  #ofForward(flow: number, segment: Segment): number {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const nextSeq = flows[at + FLOW.nextSeq] ?? 0;
    const ahead = seqDiff(nextSeq, segment.seq);
    const bytes = segment.payloadBytes;
    if (bytes === 1 && ahead === 0 && flows[flowRow(flow ^ 1) + FLOW.window] === 0) return LABEL.zeroWindowProbe;
    let labels = 0;
    if (segment.window === 0 && (segment.flags & CONTROL) === 0) labels |= LABEL.zeroWindow;
    // Asked from the other side on purpose: at a distance of exactly 2^31 Wireshark answers yes.
    const isBeyond = nextSeq !== 0 && seqDiff(segment.seq, nextSeq) < 0;
    if (isBeyond && (segment.flags & FLAG.rst) === 0) labels |= LABEL.lostSegment;
    if ((segment.flags & CONTROL) !== 0) return labels;
    if (bytes <= 1 && ahead === -1) labels |= LABEL.keepAlive;
    if (bytes > 0) return this.#isWindowFull(flow, segment) ? labels | LABEL.windowFull : labels;
    return ahead === 0 && segment.ack === flows[at + FLOW.lastAck]
      ? labels | this.#ofRepeatedAck(flow, segment)
      : labels;
  }

  /** A bare ACK with the numbers of the segment before. */
  #ofRepeatedAck(flow: number, segment: Segment): number {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const peerDid = flows[flowRow(flow ^ 1) + FLOW.lastLabels] ?? 0;
    const sameWindow = segment.window === flows[at + FLOW.window];
    if (segment.window === 0)
      return sameWindow && (peerDid & LABEL.zeroWindowProbe) !== 0 ? LABEL.zeroWindowProbeAck : 0;
    if (!sameWindow) return LABEL.windowUpdate;
    if ((peerDid & LABEL.keepAlive) !== 0) return LABEL.keepAliveAck;
    const before = flows[at + FLOW.dupAckNum] ?? 0;
    flows[at + FLOW.dupAckNum] = before < 0 ? 1 : before + 1;
    return LABEL.duplicateAck;
  }

  /** The payload ends exactly at the edge of the window that the peer offered. */
  #isWindowFull(flow: number, segment: Segment): boolean {
    const flows = this.#table.flows;
    const peer = flowRow(flow ^ 1);
    const shift = flows[peer + FLOW.shift] ?? SHIFT_UNKNOWN;
    if (shift === SHIFT_UNKNOWN) return false;
    const unscaled = ((flows[peer + FLOW.flags] ?? 0) & FLOW_FLAG.firstAck) !== 0 || shift === SHIFT_UNUSED;
    const window = (flows[peer + FLOW.window] ?? 0) << (unscaled ? 0 : shift);
    const edge = seqAdd(flows[peer + FLOW.lastAck] ?? 0, window);
    return seqAdd(segment.seq, segment.payloadBytes) === edge;
  }

  /** Acknowledgements beyond what the capture holds of the peer. */
  #ofAck(flow: number, segment: Segment): number {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const peer = flowRow(flow ^ 1);
    if (segment.ack !== flows[at + FLOW.lastAck]) flows[at + FLOW.dupAckNum] = 0;
    const most = flows[peer + FLOW.maxSeqToBeAcked] ?? 0;
    if (most === 0 || (segment.flags & FLAG.ack) === 0 || seqDiff(most, segment.ack) <= 0) return 0;
    const peerNext = flows[peer + FLOW.nextSeq] ?? 0;
    if (seqDiff(most, peerNext) > 0) {
      flows[peer + FLOW.maxSeqToBeAcked] = peerNext;
      return LABEL.ackLostSegment;
    }
    // Once per loss: until the peer's own acknowledgement moves.
    const isFirst = flows[peer + FLOW.dupAckNum] === 0;
    flows[peer + FLOW.dupAckNum] = -1;
    return isFirst ? LABEL.ackLostSegment : 0;
  }

  /** Sequence space at or before what was sent already: sent again, or merely out of order. */
  #ofResent(flow: number, segment: Segment, freshBytes: number): number {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const peer = flowRow(flow ^ 1);
    const bytes = segment.payloadBytes;
    const nextSeq = flows[at + FLOW.nextSeq] ?? 0;
    const ahead = seqDiff(nextSeq, segment.seq);
    const peerAck = flows[peer + FLOW.lastAck] ?? 0;
    if (bytes > 0 && peerAck !== 0 && seqDiff(peerAck, seqAdd(segment.seq, bytes)) <= 0)
      return LABEL.spuriousRetransmission | LABEL.retransmission;
    // From one byte back with more than one byte: the sender goes on after a window probe.
    if (nextSeq === 0 || ahead >= 0 || (bytes > 1 && ahead === -1)) return 0;
    if (this.#isFast(flow, segment)) return LABEL.fastRetransmission | LABEL.retransmission;
    const reachesEnd = seqAdd(segment.seq, spaceOf(segment)) === nextSeq;
    return !reachesEnd && this.#isRecent(flow, freshBytes) ? LABEL.outOfOrder : LABEL.retransmission;
  }

  #isFast(flow: number, segment: Segment): boolean {
    const flows = this.#table.flows;
    const peer = flowRow(flow ^ 1);
    // Unsigned, as there: the mark of an unseen segment (-1) counts as many.
    if ((flows[peer + FLOW.dupAckNum] ?? 0) >>> 0 < FAST_RETRANSMISSION_MIN_ACKS) return false;
    if (flows[peer + FLOW.lastAck] !== segment.seq) return false;
    const since = (this.#moment.ns[0] ?? 0) - (this.#table.doubles[doublesRow(flow ^ 1) + DOUBLE.lastAckNs] ?? 0);
    return since >= 0 && since < FAST_RETRANSMISSION_MAX_NS;
  }

  /** Close enough in time behind the highest segment; earlier in time, where the bytes are new, is disorder of the file. */
  #isRecent(flow: number, freshBytes: number): boolean {
    const since = (this.#moment.ns[0] ?? 0) - (this.#table.doubles[doublesRow(flow) + DOUBLE.nextSeqNs] ?? 0);
    if (since < 0) return freshBytes > 0;
    const rtt = this.#table.connectionDoubles[connectionDoublesRow(flow >> 1) + CONNECTION_DOUBLE.initialRttNs] ?? 0;
    return since < (rtt > 0 ? rtt : OUT_OF_ORDER_MAX_NS);
  }

  #remember(flow: number, segment: Segment, labels: number): void {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const doubles = this.#table.doubles;
    const row = doublesRow(flow);
    const now = this.#moment.ns[0] ?? 0;
    if ((labels & LABEL.zeroWindowProbe) === 0) {
      const end = seqAdd(segment.seq, spaceOf(segment));
      const nextSeq = flows[at + FLOW.nextSeq] ?? 0;
      if (nextSeq === 0 || seqDiff(nextSeq, end) > 0) {
        flows[at + FLOW.nextSeq] = end;
        doubles[row + DOUBLE.nextSeqNs] = now;
      }
      const most = flows[at + FLOW.maxSeqToBeAcked] ?? 0;
      if (most === 0 || most === segment.seq) flows[at + FLOW.maxSeqToBeAcked] = flows[at + FLOW.nextSeq] ?? 0;
    }
    flows[at + FLOW.window] = segment.window;
    flows[at + FLOW.lastAck] = segment.ack;
    doubles[row + DOUBLE.lastAckNs] = now;
    flows[at + FLOW.lastLabels] = labels;
    if ((segment.flags & FLAG.syn) !== 0) this.#rememberSyn(flow, segment);
    else if (((flows[at + FLOW.flags] ?? 0) & FIRST_ACK) !== 0 && (segment.flags & FLAG.ack) !== 0)
      this.#rememberFirstAck(flow);
  }

  #rememberSyn(flow: number, segment: Segment): void {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const peer = flowRow(flow ^ 1);
    const isAnswer = (segment.flags & FLAG.ack) !== 0;
    flows[at + FLOW.flags] = (flows[at + FLOW.flags] ?? 0) | FLOW_FLAG.firstAck;
    if (!isAnswer) this.#noteSyn(flow);
    if (segment.windowShift >= 0) {
      // RFC 7323 §2.2: scaling is in use only where both SYNs carry the option.
      const refused = isAnswer && flows[peer + FLOW.shift] === SHIFT_UNUSED;
      flows[at + FLOW.shift] = refused ? SHIFT_UNUSED : Math.min(segment.windowShift, SHIFT_MAX);
    } else if (flows[at + FLOW.shift] === SHIFT_UNKNOWN) {
      flows[at + FLOW.shift] = SHIFT_UNUSED;
      flows[peer + FLOW.shift] = SHIFT_UNUSED;
    }
  }

  #noteSyn(flow: number): void {
    const row = connectionDoublesRow(flow >> 1);
    this.#table.connectionDoubles[row + CONNECTION_DOUBLE.synNs] = this.#moment.ns[0] ?? 0;
    const rtt = this.#table.connectionDoubles[row + CONNECTION_DOUBLE.initialRttNs] ?? 0;
    if (rtt === rtt) return;
    const flows = this.#table.flows;
    for (const at of [flowRow(flow) + FLOW.flags, flowRow(flow ^ 1) + FLOW.flags])
      flows[at] = (flows[at] ?? 0) | FLOW_FLAG.rttPending;
  }

  /** The initial round trip: from the last SYN to the first ACK after it, whosever. */
  #rememberFirstAck(flow: number): void {
    const flows = this.#table.flows;
    const at = flowRow(flow) + FLOW.flags;
    const peer = flowRow(flow ^ 1) + FLOW.flags;
    const isPending = ((flows[at] ?? 0) & FLOW_FLAG.rttPending) !== 0;
    flows[at] = (flows[at] ?? 0) & ~FIRST_ACK;
    flows[peer] = (flows[peer] ?? 0) & ~FLOW_FLAG.rttPending;
    if (!isPending) return;
    const doubles = this.#table.connectionDoubles;
    const row = connectionDoublesRow(flow >> 1);
    const syn = doubles[row + CONNECTION_DOUBLE.synNs] ?? 0;
    doubles[row + CONNECTION_DOUBLE.initialRttNs] = (this.#moment.ns[0] ?? 0) - syn;
  }
}

/** Wireshark's sequence space of a segment: one for SYN and FIN together, where RFC 9293 counts two; no honest segment has both. */
function spaceOf(segment: Segment): number {
  return segment.payloadBytes + ((segment.flags & (FLAG.syn | FLAG.fin)) === 0 ? 0 : 1);
}
