import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import { DOUBLE, doublesRow, FLOW, FLOW_FLAG, flowRow, sideOf } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import { FLOW_HELD_NODES_MAX, Held } from './held.ts';
import { Holes } from './holes.ts';
import { HoldPool, NODE_BYTES } from './hold-pool.ts';
import { PROBE_BYTES, ProbeByte } from './probe-byte.ts';
import { payloadSeq, seqAdd, seqAhead, seqDiff, WINDOW_MAX_BYTES } from './sequence.ts';
import { GAP, LABEL, type GapReason, type TcpSink } from './sink.ts';

/** No retransmission lies further back than a window; what does is not an old segment but a stray one. */
const OLD_MAX_BYTES = 2 ** 26;

/** Delivers each flow's bytes in order, each once; the first copy of a byte wins, holes become gaps. */
export class Reassembly {
  /** Gaps made because a flow, or all flows together, held too much. */
  flowLimitHits = 0;
  poolLimitHits = 0;
  readonly #table: FlowTable;
  readonly #sink: TcpSink;
  readonly #pool: HoldPool;
  readonly #held: Held;
  readonly #holes: Holes;
  readonly #probeByte: ProbeByte;

  constructor(moment: Moment, table: FlowTable, sink: TcpSink, pool: HoldPool = new HoldPool()) {
    this.#table = table;
    this.#sink = sink;
    this.#pool = pool;
    this.#held = new Held(table, pool);
    this.#holes = new Holes(moment, table);
    this.#probeByte = new ProbeByte(table);
  }

  /** Payload bytes of the segment that this flow has not shown before. */
  freshBytes(flow: number, segment: Segment): number {
    const bytes = segment.payloadBytes;
    if (bytes === 0 || (segment.flags & FLAG.rst) !== 0) return 0;
    const flows = this.#table.flows;
    const at = flowRow(flow);
    if (((flows[at + FLOW.flags] ?? 0) & FLOW_FLAG.started) === 0) return bytes;
    const ahead = seqDiff(flows[at + FLOW.deliveredSeq] ?? 0, payloadSeq(segment));
    if (ahead > WINDOW_MAX_BYTES || ahead < -OLD_MAX_BYTES) return 0;
    if ((flows[at + FLOW.heldCount] ?? 0) === 0) return ahead >= 0 ? bytes : Math.max(0, bytes + ahead);
    const delivered = this.#table.doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0;
    return this.#held.missing(flow, delivered + Math.max(0, ahead), delivered + ahead + bytes);
  }

  /** Whether the segment's payload begins before what comes next. */
  beginsDelivered(flow: number, segment: Segment): boolean {
    return seqDiff(this.#table.flows[flowRow(flow) + FLOW.deliveredSeq] ?? 0, payloadSeq(segment)) < 0;
  }

  /** Takes one segment's payload. `labels` tell probes, whose byte never enters the stream (RFC 1122 §4.2.3.6). */
  accept(flow: number, segment: Segment, labels: number, view: DataView): void {
    if ((segment.flags & FLAG.rst) !== 0 || (labels & LABEL.keepAlive) !== 0) return;
    const flows = this.#table.flows;
    const at = flowRow(flow);
    if ((labels & LABEL.zeroWindowProbe) !== 0) {
      this.#probeByte.keep(flow, segment, view);
      return;
    }
    if (((flows[at + FLOW.flags] ?? 0) & FLOW_FLAG.started) === 0) this.#start(flow, segment);
    const ahead = seqDiff(flows[at + FLOW.deliveredSeq] ?? 0, payloadSeq(segment));
    if (ahead === 0 && (flows[at + FLOW.heldCount] ?? 0) === 0) {
      this.#probeByte.forget(flow);
      this.#deliver(flow, view, segment.payloadAt, segment.payloadEnd, segment.payloadBytes);
    } else this.#place(flow, ahead, segment, view);
  }

  /**
   * Where the stream begins: after the SYN; else at the first payload, or at the position that an earlier segment told if that
   * lies further back. One byte before the payload is the mark of a keep-alive probe, not of a lost byte.
   */
  #start(flow: number, segment: Segment): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    flows[at + FLOW.flags] = (flows[at + FLOW.flags] ?? 0) | FLOW_FLAG.started;
    if (((flows[at + FLOW.flags] ?? 0) & FLOW_FLAG.syn) !== 0) return;
    const seq = payloadSeq(segment);
    const ahead = seqDiff(flows[at + FLOW.deliveredSeq] ?? 0, seq);
    if (ahead > 1 && ahead <= WINDOW_MAX_BYTES) return;
    flows[at + FLOW.deliveredSeq] = seq;
    const offset = doublesRow(flow) + DOUBLE.delivered;
    doubles[offset] = (doubles[offset] ?? 0) + ahead;
  }

  /** A segment that is not simply the next one: old, overlapping, early, or stray. */
  #place(flow: number, ahead: number, segment: Segment, view: DataView): void {
    const bytes = segment.payloadBytes;
    if (ahead > WINDOW_MAX_BYTES || ahead < -OLD_MAX_BYTES) {
      this.#stray(flow, segment, view);
      return;
    }
    if (ahead + bytes <= 0) return;
    if (ahead === 1 && this.#releaseProbeByte(flow)) {
      this.#place(flow, 0, segment, view);
      return;
    }
    if (ahead > 0) this.#hold(flow, ahead, segment, view);
    else this.#fill(flow, -ahead, segment, view);
  }

  /**
   * Out of any window by far: a forged or broken segment, or the capture paused for a gigabyte.
   * The second one in a row that continues the first tells the latter.
   */
  #stray(flow: number, segment: Segment, view: DataView): void {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const seq = payloadSeq(segment);
    const continues = flows[at + FLOW.strayEnd] === seq;
    flows[at + FLOW.strayEnd] = seqAdd(seq, segment.payloadBytes);
    if (!continues) return;
    this.#flush(flow, GAP.lost);
    this.#skip(flow, seqAhead(flows[at + FLOW.deliveredSeq] ?? 0, seq), GAP.lost);
    this.#resume(flow, seqAdd(seq, segment.payloadBytes), segment.payloadBytes);
    this.#deliver(flow, view, segment.payloadAt, segment.payloadEnd, segment.payloadBytes);
  }

  /** After a pause the flow's other positions are as far behind: what went by meanwhile counts as acknowledged. */
  #resume(flow: number, end: number, bytes: number): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const row = doublesRow(flow);
    flows[at + FLOW.sentSeq] = end;
    flows[at + FLOW.ackedSeq] = seqAdd(end, -bytes);
    doubles[row + DOUBLE.acked] = doubles[row + DOUBLE.delivered] ?? 0;
    doubles[row + DOUBLE.sent] = (doubles[row + DOUBLE.delivered] ?? 0) + bytes;
  }

  /** The segment reaches the stream's next byte, at `from` bytes into its payload: deliver what is new, with what waited for it. */
  #fill(flow: number, from: number, segment: Segment, view: DataView): void {
    const doubles = this.#table.doubles;
    const offset = doublesRow(flow) + DOUBLE.delivered;
    const begin = (doubles[offset] ?? 0) - from;
    this.#probeByte.forget(flow);
    for (;;) {
      const done = (doubles[offset] ?? 0) - begin;
      const left = segment.payloadBytes - done;
      const head = this.#held.head(flow);
      if (left <= 0) break;
      const room = head === 0 ? left : Math.min(left, this.#held.start(head) - (doubles[offset] ?? 0));
      if (room > 0) {
        const start = Math.min(segment.payloadAt + done, segment.payloadEnd);
        this.#deliver(flow, view, start, Math.min(start + room, segment.payloadEnd), room);
      } else {
        this.#held.compare(flow, head, begin, segment, view);
        this.#deliverHead(flow);
      }
    }
    this.#drain(flow);
  }

  #hold(flow: number, ahead: number, segment: Segment, view: DataView): void {
    const start = (this.#table.doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0) + ahead;
    if (this.#held.count(flow) === 0) this.#holes.open(flow);
    if (!this.#held.add(flow, start, segment, view)) this.#overflow(flow, start, segment, view);
    else if (this.#holes.isOverdue(flow)) this.#giveUpHole(flow);
  }

  /** No room to hold the segment: give up this flow's holes, or another flow's where all are full, and go on from here. */
  #overflow(flow: number, start: number, segment: Segment, view: DataView): void {
    const doubles = this.#table.doubles;
    const offset = doublesRow(flow) + DOUBLE.delivered;
    if (this.#held.count(flow) >= FLOW_HELD_NODES_MAX) this.flowLimitHits++;
    else {
      this.poolLimitHits++;
      const victim = this.#pool.victim();
      if (victim >= 0 && victim !== flow) this.#flush(victim, GAP.limit);
    }
    this.#flush(flow, GAP.limit);
    const missing = start - (doubles[offset] ?? 0);
    if (missing > 0) this.#skip(flow, missing, GAP.limit);
    const from = (doubles[offset] ?? 0) - start;
    if (from < segment.payloadBytes) this.#fill(flow, from, segment, view);
  }

  /** The peer sent an acknowledgement while the flow holds something. */
  noteAck(flow: number): void {
    this.#holes.noteAck(flow);
  }

  /**
   * Gives up holes that the capture alone has: the peer acknowledged what is behind them.
   * @param isOver  nothing more can come (RST, or all up to the FIN is acknowledged); what was not received was not said then, and is not told
   */
  settle(flow: number, isOver: boolean): void {
    if (isOver && this.#holes.isUnreceived(flow)) this.#forget(flow);
    while (this.#held.count(flow) > 0 && (isOver || this.#holes.isLost(flow))) this.#giveUpHole(flow);
  }

  /** The flow is followed no longer: tells what it holds. */
  release(flow: number): void {
    if (this.#holes.isUnreceived(flow)) this.#forget(flow);
    this.#flush(flow, GAP.limit);
  }

  #forget(flow: number): void {
    while (this.#held.count(flow) > 0) this.#held.removeHead(flow);
  }

  #giveUpHole(flow: number): void {
    const head = this.#held.head(flow);
    const delivered = this.#table.doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0;
    if (head === 0) return;
    if (!this.#releaseProbeByte(flow)) this.#skip(flow, this.#held.start(head) - delivered, GAP.lost);
    this.#drain(flow);
  }

  /** Gives up every hole of a flow and delivers what it holds. */
  #flush(flow: number, reason: GapReason): void {
    const doubles = this.#table.doubles;
    for (let head = this.#held.head(flow); head !== 0; head = this.#held.head(flow)) {
      const missing = this.#held.start(head) - (doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0);
      if (missing > 0) this.#skip(flow, missing, reason);
      this.#deliverHead(flow);
    }
  }

  /** The end of the capture: nothing will fill a hole any more. What stands behind one that the peer has too was never said to it, and is not told. */
  finish(): void {
    for (let flow = 0; flow < this.#table.count * 2; flow++) {
      if (this.#held.count(flow) > 0 && !this.#holes.isUnreceived(flow)) this.#flush(flow, GAP.lost);
    }
  }

  /** Delivers held nodes while they continue the stream. */
  #drain(flow: number): void {
    const doubles = this.#table.doubles;
    for (;;) {
      const head = this.#held.head(flow);
      if (head === 0) return;
      if (this.#held.start(head) > (doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0)) break;
      this.#deliverHead(flow);
    }
    this.#holes.next(flow);
  }

  #deliverHead(flow: number): void {
    const pool = this.#pool;
    const head = this.#held.removeHead(flow);
    const start = head * NODE_BYTES;
    this.#deliver(flow, pool.view, start, start + (pool.held[head] ?? 0), pool.bytes[head] ?? 0);
  }

  /** The stream's next `bytes` bytes, of which [start, end) of `view` were captured. */
  #deliver(flow: number, view: DataView, start: number, end: number, bytes: number): void {
    this.#advance(flow, bytes);
    if (end > start) this.#sink.bytes(flow >> 1, sideOf(flow), view, start, end);
    const cut = bytes - (end - start);
    if (cut > 0) this.#sink.gap(flow >> 1, sideOf(flow), cut, GAP.snaplen);
  }

  #skip(flow: number, bytes: number, reason: GapReason): void {
    this.#advance(flow, bytes);
    this.#sink.gap(flow >> 1, sideOf(flow), bytes, reason);
  }

  #advance(flow: number, bytes: number): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const offset = doublesRow(flow) + DOUBLE.delivered;
    flows[at + FLOW.deliveredSeq] = seqAdd(flows[at + FLOW.deliveredSeq] ?? 0, bytes);
    doubles[offset] = (doubles[offset] ?? 0) + bytes;
  }

  #releaseProbeByte(flow: number): boolean {
    if (!this.#probeByte.take(flow)) return false;
    this.#deliver(flow, this.#probeByte.view, 0, PROBE_BYTES, PROBE_BYTES);
    return true;
  }
}
