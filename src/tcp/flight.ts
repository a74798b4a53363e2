import { FLAG, type Segment } from '../decode/index.ts';
import { DOUBLE, doublesRow, FLOW, FLOW_FLAG, flowRow } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import { segmentBytes, seqAdd, seqDiff, WINDOW_MAX_BYTES } from './sequence.ts';
import { DID, LABEL } from './sink.ts';

/** Labels of segments that carry no new sequence space by intent. */
export const PROBE: number = LABEL.keepAlive | LABEL.zeroWindowProbe;

/** What is sent and what of it is acknowledged, per flow, as stream offsets: offset 0 is the byte after the SYN, or the first known. */
export class Flight {
  readonly #table: FlowTable;

  constructor(table: FlowTable) {
    this.#table = table;
  }

  /**
   * Moves both flows on by one segment.
   * @param freshBytes  payload bytes that the flow has not shown before
   * @param firstFin    the segment is this flow's first FIN
   * @returns DID bits, but for those of a RST and of the end
   */
  advance(flow: number, segment: Segment, labels: number, freshBytes: number, firstFin: boolean): number {
    let did = this.#send(flow, segment, labels, freshBytes, firstFin);
    if ((segment.flags & (FLAG.ack | FLAG.rst)) === FLAG.ack) did |= this.#acknowledge(flow ^ 1, segment.ack);
    if (!this.#isInFlight(flow ^ 1)) did |= DID.ackedAll;
    if (this.#isInFlight(flow)) did |= DID.inFlight;
    return did;
  }

  #send(flow: number, segment: Segment, labels: number, freshBytes: number, firstFin: boolean): number {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const flags = flows[at + FLOW.flags] ?? 0;
    const control = segment.flags;
    const firstSyn =
      (control & FLAG.syn) !== 0 && ((flags & FLOW_FLAG.syn) === 0 || (labels & LABEL.reusedPorts) !== 0);
    if ((flags & FLOW_FLAG.seen) === 0 || firstSyn) this.#locate(flow, segment);
    flows[at + FLOW.flags] = (flows[at + FLOW.flags] ?? 0) & ~FLOW_FLAG.provoked;
    if ((control & FLAG.rst) !== 0) return 0;
    const space = segmentBytes(segment);
    if ((labels & PROBE) !== 0) return DID.elicit;
    const moved = this.#extend(flow, seqAdd(segment.seq, space));
    if (space === 0) return 0;
    flows[at + FLOW.flags] = (flows[at + FLOW.flags] ?? 0) | FLOW_FLAG.positioned;
    let did: number = DID.elicit;
    if (moved || firstSyn || firstFin || (labels & LABEL.outOfOrder) !== 0) did |= DID.newData;
    if (freshBytes > 0) did |= DID.payload;
    if (firstFin) did |= DID.firstFin;
    return did;
  }

  /** The flow's own position, from its first segment or its SYN. */
  #locate(flow: number, segment: Segment): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const row = doublesRow(flow);
    const flags = flows[at + FLOW.flags] ?? 0;
    const isSyn = (segment.flags & FLAG.syn) !== 0;
    const first = isSyn ? seqAdd(segment.seq, 1) : segment.seq;
    flows[at + FLOW.flags] = flags | FLOW_FLAG.seen | FLOW_FLAG.known | (isSyn ? FLOW_FLAG.syn : 0);
    const started = (flags & FLOW_FLAG.started) !== 0;
    if ((flags & FLOW_FLAG.known) === 0 || (isSyn && !started)) this.#begin(flow, segment.seq, first);
    if (!started) {
      flows[at + FLOW.deliveredSeq] = first;
      doubles[row + DOUBLE.delivered] =
        (doubles[row + DOUBLE.sent] ?? 0) + seqDiff(flows[at + FLOW.sentSeq] ?? 0, first);
    }
  }

  /** Offset 0 is `first`. A SYN is in flight itself (RFC 9293 §3.4); without one, all before the first number counts as acknowledged. */
  #begin(flow: number, seq: number, first: number): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const row = doublesRow(flow);
    const acked = seqDiff(first, flows[at + FLOW.ackedSeq] ?? 0);
    const wasAcked = ((flows[at + FLOW.flags] ?? 0) & FLOW_FLAG.acked) !== 0 && acked >= 0 && acked <= WINDOW_MAX_BYTES;
    flows[at + FLOW.sentSeq] = first;
    doubles[row + DOUBLE.sent] = 0;
    doubles[row + DOUBLE.acked] = wasAcked ? acked : seqDiff(first, seq);
    if (wasAcked) this.#extend(flow, flows[at + FLOW.ackedSeq] ?? 0);
    else flows[at + FLOW.ackedSeq] = seq;
  }

  /** @returns whether `end` lies beyond all that was sent */
  #extend(flow: number, end: number): boolean {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const moved = seqDiff(flows[at + FLOW.sentSeq] ?? 0, end);
    if (moved <= 0 || moved > WINDOW_MAX_BYTES) return false;
    const doubles = this.#table.doubles;
    const row = doublesRow(flow) + DOUBLE.sent;
    flows[at + FLOW.sentSeq] = end;
    doubles[row] = (doubles[row] ?? 0) + moved;
    return true;
  }

  /** The peer of `flow` acknowledges up to `ack`. */
  #acknowledge(flow: number, ack: number): number {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const row = doublesRow(flow) + DOUBLE.acked;
    const flags = flows[at + FLOW.flags] ?? 0;
    flows[at + FLOW.flags] = flags | FLOW_FLAG.acked | FLOW_FLAG.known | FLOW_FLAG.provoked;
    if ((flags & FLOW_FLAG.known) === 0) {
      flows[at + FLOW.sentSeq] = ack;
      flows[at + FLOW.ackedSeq] = ack;
      return 0;
    }
    const moved = seqDiff(flows[at + FLOW.ackedSeq] ?? 0, ack);
    if (moved <= 0 || moved > WINDOW_MAX_BYTES) return 0;
    const first = (flags & FLOW_FLAG.acked) === 0 && !this.#isInFlight(flow);
    flows[at + FLOW.ackedSeq] = ack;
    doubles[row] = (doubles[row] ?? 0) + moved;
    this.#extend(flow, ack);
    return first ? 0 : DID.ackAdvanced;
  }

  #isInFlight(flow: number): boolean {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    return seqDiff(flows[at + FLOW.ackedSeq] ?? 0, flows[at + FLOW.sentSeq] ?? 0) > 0;
  }
}
