import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import { DOUBLE, doublesRow, FLOW, FLOW_FLAG, flowRow, sideOf } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import { HoldPool, NODE_BYTES } from './hold-pool.ts';
import { payloadSeq, seqAdd, seqAhead, seqDiff, WINDOW_MAX_BYTES } from './sequence.ts';
import { GAP, LABEL, type GapReason, type TcpSink } from './sink.ts';

/** What one flow may hold behind a hole: 4 MiB, a generous receive window. */
export const FLOW_HELD_NODES_MAX: number = 2 ** 11;
/**
 * File order is not time order: a packet may stand in the file behind the acknowledgement that covers it. A hole is given up only
 * when its acknowledgement is this old; the time is Wireshark's bound between disorder and retransmission.
 */
const HOLE_GRACE_NS = 3 * 1_000_000;
/**
 * Where the peer's acknowledgements are not captured: a sender whose hole were not acknowledged would have sent it again by
 * then (RFC 6298 §2.1: the first timeout is 1 s; ten times that).
 */
const HOLE_UNACKED_NS = 10 * 1_000_000_000;
/** No retransmission lies further back than a window; what does is not an old segment but a stray one. */
const OLD_MAX_BYTES = 2 ** 26;
/** A window probe's byte, while it waits, needs a view of its own. */
const PROBE_BYTES = 1;

/**
 * Delivers each flow's bytes in order, each once; the first copy of a byte wins, holes become gaps. A later copy that differs from what is
 * still held is counted; what was delivered is not kept, so that it is not compared.
 */
export class Reassembly {
  /** Gaps made because a flow, or all flows together, held too much. */
  flowLimitHits = 0;
  poolLimitHits = 0;
  readonly #moment: Moment;
  readonly #table: FlowTable;
  readonly #sink: TcpSink;
  readonly #pool: HoldPool;
  readonly #probe: DataView = new DataView(new ArrayBuffer(PROBE_BYTES));

  constructor(moment: Moment, table: FlowTable, sink: TcpSink, pool: HoldPool = new HoldPool()) {
    this.#moment = moment;
    this.#table = table;
    this.#sink = sink;
    this.#pool = pool;
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
    return this.#freshAmongHeld(flow, ahead, bytes);
  }

  #freshAmongHeld(flow: number, ahead: number, bytes: number): number {
    const pool = this.#pool;
    const delivered = this.#table.doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0;
    const from = delivered + Math.max(0, ahead);
    const to = delivered + ahead + bytes;
    let fresh = Math.max(0, to - from);
    let node = this.#table.flows[flowRow(flow) + FLOW.heldHead] ?? 0;
    while (node !== 0) {
      const start = pool.offset[node] ?? 0;
      if (start >= to) break;
      const end = start + (pool.bytes[node] ?? 0);
      if (end > from) fresh -= Math.min(end, to) - Math.max(start, from);
      node = pool.next[node] ?? 0;
    }
    return fresh;
  }

  /** Takes one segment's payload. `labels` tell probes, whose byte never enters the stream (RFC 1122 §4.2.3.6). */
  accept(flow: number, segment: Segment, labels: number, view: DataView): void {
    if ((segment.flags & FLAG.rst) !== 0 || (labels & LABEL.keepAlive) !== 0) return;
    const flows = this.#table.flows;
    const at = flowRow(flow);
    if ((labels & LABEL.zeroWindowProbe) !== 0) {
      this.#keepProbeByte(flow, segment, view);
      return;
    }
    if (((flows[at + FLOW.flags] ?? 0) & FLOW_FLAG.started) === 0) this.#start(flow, segment);
    const ahead = seqDiff(flows[at + FLOW.deliveredSeq] ?? 0, payloadSeq(segment));
    if (ahead === 0 && (flows[at + FLOW.heldCount] ?? 0) === 0) {
      flows[at + FLOW.probeByte] = 0;
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
    this.flush(flow, GAP.lost);
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
    const pool = this.#pool;
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    const offset = doublesRow(flow) + DOUBLE.delivered;
    const begin = (doubles[offset] ?? 0) - from;
    flows[at + FLOW.probeByte] = 0;
    for (;;) {
      const done = (doubles[offset] ?? 0) - begin;
      const left = segment.payloadBytes - done;
      const head = flows[at + FLOW.heldHead] ?? 0;
      if (left <= 0) break;
      const room = head === 0 ? left : Math.min(left, (pool.offset[head] ?? 0) - (doubles[offset] ?? 0));
      if (room > 0) {
        const start = Math.min(segment.payloadAt + done, segment.payloadEnd);
        this.#deliver(flow, view, start, Math.min(start + room, segment.payloadEnd), room);
      } else {
        this.#compare(flow, head, begin, segment, view);
        this.#deliverHead(flow);
      }
    }
    this.#drain(flow);
  }

  /** Copies the parts of an early segment that nothing held covers yet. */
  #hold(flow: number, ahead: number, segment: Segment, view: DataView): void {
    const delivered = this.#table.doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0;
    const start = delivered + ahead;
    const end = start + segment.payloadBytes;
    const at = flowRow(flow);
    if ((this.#table.flows[at + FLOW.heldCount] ?? 0) === 0) this.#openHole(flow);
    let previous = this.#before(flow, start);
    let from = previous === 0 ? start : Math.max(start, this.#nodeEnd(previous));
    if (from > start) this.#compare(flow, previous, start, segment, view);
    while (from < end) {
      const next = this.#after(flow, previous);
      const until = next === 0 ? end : Math.min(end, this.#pool.offset[next] ?? 0);
      if (from < until) {
        const node = this.#insert(flow, previous, from, until, from - start, segment, view);
        if (node === 0) {
          this.#overflow(flow, start, segment, view);
          return;
        }
        previous = node;
        from = this.#nodeEnd(node);
      } else {
        this.#compare(flow, next, start, segment, view);
        previous = next;
        from = Math.max(from, this.#nodeEnd(next));
      }
    }
    this.#giveUpOldHole(flow);
  }

  /** Counts a segment's payload, which begins at stream offset `start`, where captured bytes of it are not those that the node holds. */
  #compare(flow: number, node: number, start: number, segment: Segment, view: DataView): void {
    const pool = this.#pool;
    const nodeStart = pool.offset[node] ?? 0;
    const captured = segment.payloadEnd - segment.payloadAt;
    const end = Math.min(nodeStart + (pool.held[node] ?? 0), start + captured);
    const inNode = node * NODE_BYTES - nodeStart;
    const inView = segment.payloadAt - start;
    for (let at = Math.max(nodeStart, start); at < end; at++) {
      if (pool.view.getUint8(inNode + at) === view.getUint8(inView + at)) continue;
      const column = flowRow(flow) + FLOW.differingOverlaps;
      this.#table.flows[column] = (this.#table.flows[column] ?? 0) + 1;
      return;
    }
  }

  #openHole(flow: number): void {
    const doubles = this.#table.doubles;
    const row = doublesRow(flow);
    doubles[row + DOUBLE.holeNs] = this.#moment.ns[0] ?? 0;
    doubles[row + DOUBLE.holeAckedNs] = Number.NaN;
  }

  #nodeEnd(node: number): number {
    return (this.#pool.offset[node] ?? 0) + (this.#pool.bytes[node] ?? 0);
  }

  /** The last held node that begins at or before `offset`; 0 where none does. The tail first: most early segments come in order. */
  #before(flow: number, offset: number): number {
    const pool = this.#pool;
    const at = flowRow(flow);
    const tail = this.#table.flows[at + FLOW.heldTail] ?? 0;
    if (tail !== 0 && (pool.offset[tail] ?? 0) <= offset) return tail;
    let before = 0;
    let node = this.#table.flows[at + FLOW.heldHead] ?? 0;
    while (node !== 0 && (pool.offset[node] ?? 0) <= offset) {
      before = node;
      node = pool.next[node] ?? 0;
    }
    return before;
  }

  #after(flow: number, node: number): number {
    return (node === 0 ? this.#table.flows[flowRow(flow) + FLOW.heldHead] : this.#pool.next[node]) ?? 0;
  }

  /**
   * One node for as much of [from, until) as fits, behind `previous`.
   * @param skipped  bytes of the segment's payload before `from`
   * @returns the node; 0 where a limit is hit
   */
  #insert(
    flow: number,
    previous: number,
    from: number,
    until: number,
    skipped: number,
    segment: Segment,
    view: DataView,
  ): number {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const count = flows[at + FLOW.heldCount] ?? 0;
    const node = count < FLOW_HELD_NODES_MAX ? this.#pool.take(flow) : 0;
    if (node === 0) return 0;
    const pool = this.#pool;
    const captured = Math.max(0, Math.min(segment.payloadEnd - segment.payloadAt - skipped, until - from));
    const held = Math.min(captured, NODE_BYTES);
    pool.offset[node] = from;
    pool.bytes[node] = held < captured ? held : until - from;
    pool.held[node] = held;
    if (held > 0) pool.copy(node, view, segment.payloadAt + skipped, held);
    const next = this.#after(flow, previous);
    pool.next[node] = next;
    if (previous === 0) flows[at + FLOW.heldHead] = node;
    else pool.next[previous] = node;
    if (next === 0) flows[at + FLOW.heldTail] = node;
    flows[at + FLOW.heldCount] = count + 1;
    return node;
  }

  /** No room to hold the segment: give up this flow's holes, or another flow's where all are full, and go on from here. */
  #overflow(flow: number, start: number, segment: Segment, view: DataView): void {
    const doubles = this.#table.doubles;
    const offset = doublesRow(flow) + DOUBLE.delivered;
    if ((this.#table.flows[flowRow(flow) + FLOW.heldCount] ?? 0) >= FLOW_HELD_NODES_MAX) this.flowLimitHits++;
    else {
      this.poolLimitHits++;
      const victim = this.#pool.victim();
      if (victim >= 0 && victim !== flow) this.flush(victim, GAP.limit);
    }
    this.flush(flow, GAP.limit);
    const missing = start - (doubles[offset] ?? 0);
    if (missing > 0) this.#skip(flow, missing, GAP.limit);
    const from = (doubles[offset] ?? 0) - start;
    if (from < segment.payloadBytes) this.#fill(flow, from, segment, view);
  }

  #giveUpOldHole(flow: number): void {
    const doubles = this.#table.doubles;
    const age = (this.#moment.ns[0] ?? 0) - (doubles[doublesRow(flow) + DOUBLE.holeNs] ?? 0);
    if (age > HOLE_UNACKED_NS) this.#giveUpHole(flow);
  }

  /**
   * The peer acknowledged, so what it acknowledged arrived: a hole below that was lost by the capture alone.
   * @param all  nothing more can come (RST, or all up to the FIN is acknowledged)
   */
  acknowledged(flow: number, all: boolean): void {
    const doubles = this.#table.doubles;
    const row = doublesRow(flow);
    while ((this.#table.flows[flowRow(flow) + FLOW.heldCount] ?? 0) > 0) {
      if (!all) {
        if ((doubles[row + DOUBLE.acked] ?? 0) <= (doubles[row + DOUBLE.delivered] ?? 0)) return;
        const now = this.#moment.ns[0] ?? 0;
        const since = doubles[row + DOUBLE.holeAckedNs] ?? 0;
        if (since !== since) doubles[row + DOUBLE.holeAckedNs] = now;
        if (!(now - since >= HOLE_GRACE_NS)) return;
      }
      this.#giveUpHole(flow);
    }
  }

  #giveUpHole(flow: number): void {
    const head = this.#table.flows[flowRow(flow) + FLOW.heldHead] ?? 0;
    const delivered = this.#table.doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0;
    if (head === 0) return;
    if (!this.#releaseProbeByte(flow)) this.#skip(flow, (this.#pool.offset[head] ?? 0) - delivered, GAP.lost);
    this.#drain(flow);
  }

  /** Gives up every hole of a flow and delivers what it holds. */
  flush(flow: number, reason: GapReason): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    while ((flows[at + FLOW.heldHead] ?? 0) !== 0) {
      const start = this.#pool.offset[flows[at + FLOW.heldHead] ?? 0] ?? 0;
      const missing = start - (doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0);
      if (missing > 0) this.#skip(flow, missing, reason);
      this.#deliverHead(flow);
    }
  }

  /** The end of the capture: nothing will fill a hole any more. */
  finish(): void {
    for (let flow = 0; flow < this.#table.count * 2; flow++) {
      if ((this.#table.flows[flowRow(flow) + FLOW.heldCount] ?? 0) > 0) this.flush(flow, GAP.lost);
    }
  }

  /** Delivers held nodes while they continue the stream. */
  #drain(flow: number): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const at = flowRow(flow);
    for (;;) {
      const head = flows[at + FLOW.heldHead] ?? 0;
      if (head === 0) return;
      if ((this.#pool.offset[head] ?? 0) > (doubles[doublesRow(flow) + DOUBLE.delivered] ?? 0)) break;
      this.#deliverHead(flow);
    }
    const row = doublesRow(flow);
    const acked = (doubles[row + DOUBLE.acked] ?? 0) > (doubles[row + DOUBLE.delivered] ?? 0);
    const since = doubles[row + DOUBLE.holeAckedNs] ?? 0;
    this.#openHole(flow);
    if (acked) doubles[row + DOUBLE.holeAckedNs] = since;
  }

  #deliverHead(flow: number): void {
    const pool = this.#pool;
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const head = flows[at + FLOW.heldHead] ?? 0;
    const next = pool.next[head] ?? 0;
    flows[at + FLOW.heldHead] = next;
    if (next === 0) flows[at + FLOW.heldTail] = 0;
    flows[at + FLOW.heldCount] = (flows[at + FLOW.heldCount] ?? 0) - 1;
    const start = head * NODE_BYTES;
    const bytes = pool.bytes[head] ?? 0;
    const held = pool.held[head] ?? 0;
    pool.give(head);
    this.#deliver(flow, pool.view, start, start + held, bytes);
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

  /**
   * A window probe carries the next byte of the stream (RFC 9293 §3.8.6.1), which the sender repeats with more when the window opens.
   * It is kept aside, and used only where the stream goes on behind it.
   */
  #keepProbeByte(flow: number, segment: Segment, view: DataView): void {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    if (segment.payloadEnd <= segment.payloadAt || flows[at + FLOW.deliveredSeq] !== segment.seq) return;
    flows[at + FLOW.probeByte] = view.getUint8(segment.payloadAt) + 1;
  }

  #releaseProbeByte(flow: number): boolean {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const kept = flows[at + FLOW.probeByte] ?? 0;
    if (kept === 0) return false;
    flows[at + FLOW.probeByte] = 0;
    this.#probe.setUint8(0, kept - 1);
    this.#deliver(flow, this.#probe, 0, PROBE_BYTES, PROBE_BYTES);
    return true;
  }
}
