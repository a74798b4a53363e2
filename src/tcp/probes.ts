import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import { DOUBLE, doublesRow, FLOW, FLOW_FLAG, flowRow } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import { seqAdd } from './sequence.ts';
import { LABEL, RESENT } from './sink.ts';

/**
 * Keep-alive probes of a connection that was idle when the capture began. Wireshark calls a segment a keep-alive only once it knows
 * the next sequence number, and such a flow never tells it: its probes come out as duplicate ACKs. Three things give them away:
 * the peer acknowledged one byte more than the probe's number before; it does so in answer; or the same bare ACK returns at a steady
 * pace with nothing to provoke it.
 */

/** Linux takes no interval below 1 s (TCP_KEEPINTVL). */
const CADENCE_MIN_NS = 1_000_000_000;
/** Two gaps that differ by less than this part are the same, and make a cadence. */
const CADENCE_TOLERANCE = 0.2;
/** What the analysis makes of a probe or of its answer where it does not know the next number. */
const EXPLAINED = LABEL.duplicateAck | LABEL.ackLostSegment | LABEL.windowUpdate | RESENT;
/** What tells of a window is no probe by its pace alone. */
const OTHER_WINDOW = LABEL.windowUpdate | LABEL.zeroWindow;
const CONTROL = FLAG.syn | FLAG.fin | FLAG.rst;

export class Probes {
  readonly #moment: Moment;
  readonly #table: FlowTable;

  constructor(moment: Moment, table: FlowTable) {
    this.#moment = moment;
    this.#table = table;
  }

  /**
   * Mends the labels of a bare ACK where either flow's position is not proved yet; to be called before the segment is accounted for.
   * @returns the labels, changed or not
   */
  relabel(flow: number, segment: Segment, labels: number): number {
    const flows = this.#table.flows;
    const own = flows[flowRow(flow) + FLOW.flags] ?? 0;
    const peer = flows[flowRow(flow ^ 1) + FLOW.flags] ?? 0;
    if ((own & peer & FLOW_FLAG.positioned) !== 0) return labels;
    if (segment.payloadBytes > 1 || (segment.flags & CONTROL) !== 0) return labels;
    if ((labels & LABEL.zeroWindowProbe) !== 0) return labels;
    const mayAnswer = (labels & LABEL.keepAlive) === 0 && (peer & FLOW_FLAG.positioned) === 0;
    if (mayAnswer && this.#isAnswer(flow, segment)) {
      this.#prove(flow ^ 1, segment.ack);
      const told = this.#column(flow ^ 1, FLOW.lastLabels);
      this.#countEarlier(flow ^ 1, told, this.#column(flow ^ 1, FLOW.bareAcks), segment.window === 0);
      return this.#amend(flow, labels, segment.window === 0 ? LABEL.zeroWindow : LABEL.keepAliveAck);
    }
    if ((own & FLOW_FLAG.positioned) !== 0) return labels;
    if (!this.#isProbe(flow, segment, own, labels)) return labels;
    // The segment itself is counted with its label.
    this.#prove(flow, seqAdd(segment.seq, 1));
    this.#countEarlier(flow, labels, this.#column(flow, FLOW.bareAcks) - 1, false);
    return this.#amend(flow, labels, LABEL.keepAlive);
  }

  #amend(flow: number, labels: number, label: number): number {
    const amended = (labels & ~EXPLAINED) | label;
    this.#table.flows[flowRow(flow) + FLOW.lastLabels] = amended;
    return amended;
  }

  /** The peer's bare ACKs all stood at one number; this segment acknowledges one more, and sends nothing either. */
  #isAnswer(flow: number, segment: Segment): boolean {
    const peer = flow ^ 1;
    return (
      segment.payloadBytes === 0 &&
      this.#column(peer, FLOW.bareAcks) > 0 &&
      segment.ack === seqAdd(this.#column(peer, FLOW.bareAckSeq), 1) &&
      segment.seq === this.#column(peer, FLOW.bareAckNumber)
    );
  }

  #isProbe(flow: number, segment: Segment, flags: number, labels: number): boolean {
    this.#countBareAck(flow, segment, flags);
    // A bare ACK stands at SND.NXT, never below what the peer has acknowledged, unless it is a probe.
    if ((flags & FLOW_FLAG.acked) !== 0 && segment.seq === seqAdd(this.#column(flow, FLOW.ackedSeq), -1)) return true;
    // Where only one direction was captured, window updates and answers to window probes keep a pace, too.
    return (labels & OTHER_WINDOW) === 0 && this.#isSteady(flow);
  }

  /** Counts identical bare ACKs; the pace is kept while nothing of the peer stands between them. */
  #countBareAck(flow: number, segment: Segment, flags: number): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const row = doublesRow(flow);
    const now = this.#moment.ns[0] ?? 0;
    const same = flows[at + FLOW.bareAckSeq] === segment.seq && flows[at + FLOW.bareAckNumber] === segment.ack;
    const provoked = (flags & FLOW_FLAG.provoked) !== 0;
    const count = same ? this.#column(flow, FLOW.bareAcks) + 1 : 1;
    flows[at + FLOW.bareAcks] = count;
    flows[at + FLOW.bareAckNumber] = segment.ack;
    flows[at + FLOW.bareAckSeq] = segment.seq;
    const gap = now - (doubles[row + DOUBLE.bareAckNs] ?? 0);
    doubles[row + DOUBLE.steadyGaps] = 0;
    if (count > 1 && !provoked) {
      const before = doubles[row + DOUBLE.bareAckGapNs] ?? 0;
      if (Math.abs(gap - before) <= before * CADENCE_TOLERANCE) doubles[row + DOUBLE.steadyGaps] = 1;
      doubles[row + DOUBLE.bareAckGapNs] = gap;
    } else doubles[row + DOUBLE.bareAckGapNs] = Number.NaN;
    doubles[row + DOUBLE.bareAckNs] = now;
  }

  #isSteady(flow: number): boolean {
    const doubles = this.#table.doubles;
    const row = doublesRow(flow);
    return (doubles[row + DOUBLE.steadyGaps] ?? 0) > 0 && (doubles[row + DOUBLE.bareAckGapNs] ?? 0) >= CADENCE_MIN_NS;
  }

  /** The flow stands one byte further than its bare ACKs said: they were probes. */
  #prove(flow: number, next: number): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const row = doublesRow(flow);
    flows[at + FLOW.flags] = this.#column(flow, FLOW.flags) | FLOW_FLAG.positioned | FLOW_FLAG.seen | FLOW_FLAG.known;
    flows[at + FLOW.dupAckNum] = 0;
    flows[at + FLOW.nextSeq] = next;
    flows[at + FLOW.maxSeqToBeAcked] = next;
    flows[at + FLOW.sentSeq] = next;
    flows[at + FLOW.ackedSeq] = next;
    flows[at + FLOW.deliveredSeq] = next;
    doubles[row + DOUBLE.sent] = 0;
    doubles[row + DOUBLE.acked] = 0;
    doubles[row + DOUBLE.delivered] = 0;
  }

  /**
   * Counts the probes that were not recognised when they passed; alike as they are, the labels of the last one tell whether they were.
   * An answer without a window tells that they asked for one.
   */
  #countEarlier(flow: number, labels: number, probes: number, forWindow: boolean): void {
    if ((labels & LABEL.keepAlive) !== 0) return;
    const at = flowRow(flow) + (forWindow ? FLOW.windowProbes : FLOW.keepAliveProbes);
    const flows = this.#table.flows;
    flows[at] = (flows[at] ?? 0) + probes;
    if (!forWindow) flows[flowRow(flow) + FLOW.flags] = this.#column(flow, FLOW.flags) | FLOW_FLAG.probePending;
  }

  #column(flow: number, column: number): number {
    return this.#table.flows[flowRow(flow) + column] ?? 0;
  }
}
