import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import { PHASE } from './connection.ts';
import { CONNECTION, connectionRow, DOUBLE, doublesRow, FLOW, FLOW_FLAG, flowRow, sideOf } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import { seqAdd, seqDiff, WINDOW_MAX_BYTES } from './sequence.ts';
import { DID, GAP, type TcpSink } from './sink.ts';

const KIND = FLAG.syn | FLAG.fin | FLAG.rst | FLAG.ack;

/** What the sender's flags must say, and nothing else of these: its position is proved, and it waits for no first acknowledgement. */
const OWN_STILL = FLOW_FLAG.seen | FLOW_FLAG.known | FLOW_FLAG.base | FLOW_FLAG.positioned;
const OWN_ASKED = OWN_STILL | FLOW_FLAG.firstAck | FLOW_FLAG.rttPending | FLOW_FLAG.zeroWindow;
/** Likewise of its peer: acknowledged before, with no probe unanswered. */
const PEER_STILL = FLOW_FLAG.known | FLOW_FLAG.base | FLOW_FLAG.positioned | FLOW_FLAG.acked;
const PEER_ASKED = PEER_STILL | FLOW_FLAG.firstAck | FLOW_FLAG.probePending;

/**
 * Header prediction, as Van Jacobson's in 4.3BSD: nineteen segments of twenty continue an open connection just where it stands, in
 * order, with no label and nothing held. They are accounted for here in one piece; every other segment takes the general path.
 *
 * Invariant: state and calls to the sink are those of the general path. A condition that asks too much only costs time.
 */
export class Prediction {
  readonly #moment: Moment;
  readonly #table: FlowTable;
  readonly #sink: TcpSink;

  constructor(moment: Moment, table: FlowTable, sink: TcpSink) {
    this.#moment = moment;
    this.#table = table;
    this.#sink = sink;
  }

  /** @returns whether the segment was as predicted and is dealt with; where not, nothing was changed */
  take(flow: number, segment: Segment, view: DataView): boolean {
    if ((segment.flags & KIND) !== FLAG.ack) return false;
    const table = this.#table;
    const phase = table.connections[connectionRow(flow >> 1) + CONNECTION.phase] ?? 0;
    if (phase < PHASE.open) return false;
    const flows = table.flows;
    const at = flowRow(flow);
    const peer = flowRow(flow ^ 1);
    if (!isNext(flows, at, peer, segment)) return false;
    if (segment.payloadBytes === 0) {
      // One that acknowledges less than the last may be a copy of an earlier one, and a duplicate acknowledgement says the same again.
      if (seqDiff(flows[at + FLOW.lastAck] ?? 0, segment.ack) <= 0) return false;
      this.#sink.segment(flow >> 1, sideOf(flow), 0, this.#acknowledge(flow, segment), segment);
      return true;
    }
    if (!isInRoom(flows, at, peer, segment)) return false;
    const did = this.#acknowledge(flow, segment);
    this.#send(flow, segment);
    this.#sink.segment(flow >> 1, sideOf(flow), 0, did, segment);
    this.#deliver(flow, segment, view);
    return true;
  }

  /** What every segment moves; to be called before `#send`. @returns DID bits */
  #acknowledge(flow: number, segment: Segment): number {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const peer = flowRow(flow ^ 1);
    const ack = segment.ack;
    const bytes = segment.payloadBytes;
    if (ack !== flows[at + FLOW.lastAck]) flows[at + FLOW.dupAckNum] = 0;
    flows[at + FLOW.window] = segment.window;
    flows[at + FLOW.lastAck] = ack;
    flows[at + FLOW.lastLabels] = 0;
    doubles[doublesRow(flow) + DOUBLE.lastAckNs] = this.#moment.ns[0] ?? 0;
    flows[at + FLOW.packets] = (flows[at + FLOW.packets] ?? 0) + 1;
    flows[at + FLOW.flags] = (flows[at + FLOW.flags] ?? 0) & ~FLOW_FLAG.provoked;
    flows[peer + FLOW.flags] = (flows[peer + FLOW.flags] ?? 0) | FLOW_FLAG.provoked;
    let did = bytes > 0 ? DID.elicit | DID.newData | DID.payload : 0;
    const moved = seqDiff(flows[peer + FLOW.ackedSeq] ?? 0, ack);
    if (moved > 0) {
      const row = doublesRow(flow ^ 1) + DOUBLE.acked;
      flows[peer + FLOW.ackedSeq] = ack;
      doubles[row] = (doubles[row] ?? 0) + moved;
      did |= DID.ackAdvanced;
    }
    if (seqDiff(flows[peer + FLOW.ackedSeq] ?? 0, flows[peer + FLOW.sentSeq] ?? 0) <= 0) did |= DID.ackedAll;
    if (seqDiff(flows[at + FLOW.ackedSeq] ?? 0, seqAdd(segment.seq, bytes)) > 0) did |= DID.inFlight;
    return did;
  }

  #send(flow: number, segment: Segment): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const row = doublesRow(flow);
    const bytes = segment.payloadBytes;
    const end = seqAdd(segment.seq, bytes);
    const most = flows[at + FLOW.maxSeqToBeAcked] ?? 0;
    if (most === 0 || most === segment.seq) flows[at + FLOW.maxSeqToBeAcked] = end;
    flows[at + FLOW.nextSeq] = end;
    flows[at + FLOW.sentSeq] = end;
    flows[at + FLOW.deliveredSeq] = end;
    flows[at + FLOW.probeByte] = 0;
    doubles[row + DOUBLE.nextSeqNs] = this.#moment.ns[0] ?? 0;
    doubles[row + DOUBLE.sent] = (doubles[row + DOUBLE.sent] ?? 0) + bytes;
    doubles[row + DOUBLE.delivered] = (doubles[row + DOUBLE.delivered] ?? 0) + bytes;
    doubles[row + DOUBLE.payloadBytes] = (doubles[row + DOUBLE.payloadBytes] ?? 0) + bytes;
  }

  #deliver(flow: number, segment: Segment, view: DataView): void {
    const captured = segment.payloadEnd - segment.payloadAt;
    if (captured > 0) this.#sink.bytes(flow >> 1, sideOf(flow), view, segment.payloadAt, segment.payloadEnd);
    const cut = segment.payloadBytes - captured;
    if (cut > 0) this.#sink.gap(flow >> 1, sideOf(flow), cut, GAP.snaplen);
  }
}

/** Both flows are still, and the segment stands where its flow does and acknowledges nothing that the capture has not seen. */
function isNext(flows: Int32Array, at: number, peer: number, segment: Segment): boolean {
  const { seq, ack } = segment;
  // 0 stands for unknown in these columns: such a number is left to the general path.
  if (seq !== flows[at + FLOW.nextSeq] || seq !== flows[at + FLOW.sentSeq] || seq === 0) return false;
  if (((flows[at + FLOW.flags] ?? 0) & OWN_ASKED) !== OWN_STILL) return false;
  if (((flows[peer + FLOW.flags] ?? 0) & PEER_ASKED) !== PEER_STILL) return false;
  if (segment.window === 0 || flows[peer + FLOW.window] === 0) return false;
  if (flows[at + FLOW.heldCount] !== 0 || flows[peer + FLOW.heldCount] !== 0) return false;
  const most = flows[peer + FLOW.maxSeqToBeAcked] ?? 0;
  if (most !== 0 && seqDiff(most, ack) > 0) return false;
  return (
    seqDiff(flows[peer + FLOW.sentSeq] ?? 0, ack) <= 0 &&
    seqDiff(flows[peer + FLOW.ackedSeq] ?? 0, ack) <= WINDOW_MAX_BYTES
  );
}

/** The payload continues what is delivered, was not acknowledged before, and does not fill the peer's window to its edge. */
function isInRoom(flows: Int32Array, at: number, peer: number, segment: Segment): boolean {
  if (((flows[at + FLOW.flags] ?? 0) & FLOW_FLAG.started) === 0) return false;
  if (segment.seq !== flows[at + FLOW.deliveredSeq]) return false;
  const peerAck = flows[peer + FLOW.lastAck] ?? 0;
  const end = seqAdd(segment.seq, segment.payloadBytes);
  if (peerAck !== 0 && seqDiff(peerAck, end) <= 0) return false;
  const shift = flows[peer + FLOW.shift] ?? 0;
  return end !== seqAdd(peerAck, (flows[peer + FLOW.window] ?? 0) << (shift > 0 ? shift : 0));
}
