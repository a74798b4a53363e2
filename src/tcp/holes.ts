import type { Moment } from '../capture/index.ts';
import { DOUBLE, doublesRow, FLOW, FLOW_FLAG, flowRow } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';

/**
 * File order is not time order: a packet may stand in the file behind the acknowledgement that covers it. A hole is given up only
 * when its acknowledgement is this old; the time is Wireshark's bound between disorder and retransmission.
 */
const GRACE_NS = 3 * 1_000_000;
/**
 * Where the peer's acknowledgements are not captured: a sender whose hole were not acknowledged would have sent it again by
 * then (RFC 6298 §2.1: the first timeout is 1 s; ten times that).
 */
const UNACKED_NS = 10 * 1_000_000_000;
/**
 * A receiver whose acknowledgements so long after a hole was first seen still stand at it lacks the bytes as well: what it has, it acknowledges
 * within 0.5 s (RFC 9293 §3.8.6.3); the rest is room for captures of two hosts.
 */
const UNRECEIVED_NS = 1_000_000_000;

/** What became of the bytes in front of those that a flow holds: on their way, lost by the capture alone, or lost to the peer as well. */
export class Holes {
  readonly #moment: Moment;
  readonly #table: FlowTable;

  constructor(moment: Moment, table: FlowTable) {
    this.#moment = moment;
    this.#table = table;
  }

  /** The flow's next byte is missing from now on. */
  open(flow: number): void {
    const flows = this.#table.flows;
    const doubles = this.#table.doubles;
    const row = doublesRow(flow);
    doubles[row + DOUBLE.holeNs] = this.#moment.ns[0] ?? 0;
    doubles[row + DOUBLE.holeAckedNs] = Number.NaN;
    flows[flowRow(flow) + FLOW.flags] = (flows[flowRow(flow) + FLOW.flags] ?? 0) & ~FLOW_FLAG.unreceived;
  }

  /** The hole before was filled or given up, and there is another one behind it, which the same acknowledgement may cover. */
  next(flow: number): void {
    const doubles = this.#table.doubles;
    const row = doublesRow(flow);
    const since = doubles[row + DOUBLE.holeAckedNs] ?? 0;
    this.open(flow);
    if (this.#isAcked(flow)) doubles[row + DOUBLE.holeAckedNs] = since;
  }

  /** The peer of `flow`, which holds something, sent an acknowledgement: it tells whether it lacks the bytes, too. */
  noteAck(flow: number): void {
    const flows = this.#table.flows;
    const at = flowRow(flow) + FLOW.flags;
    const age = this.#ageNs(flow);
    if (age >= UNRECEIVED_NS && !this.#isAcked(flow)) flows[at] = (flows[at] ?? 0) | FLOW_FLAG.unreceived;
  }

  /** The hole was lost on the way and not by the capture: the peer went on acknowledging, and not past it. */
  isUnreceived(flow: number): boolean {
    const flags = this.#table.flows[flowRow(flow) + FLOW.flags] ?? 0;
    return (flags & FLOW_FLAG.unreceived) !== 0 && !this.#isAcked(flow);
  }

  /** Whether the peer acknowledged bytes behind the hole, longer ago than files are out of order: the capture lost them. */
  isLost(flow: number): boolean {
    if (!this.#isAcked(flow)) return false;
    const doubles = this.#table.doubles;
    const row = doublesRow(flow);
    const now = this.#moment.ns[0] ?? 0;
    const since = doubles[row + DOUBLE.holeAckedNs] ?? 0;
    if (since !== since) doubles[row + DOUBLE.holeAckedNs] = now;
    return now - since >= GRACE_NS;
  }

  /** Whether its sender would have filled it by now, were it not acknowledged. */
  isOverdue(flow: number): boolean {
    return this.#ageNs(flow) > UNACKED_NS && !this.isUnreceived(flow);
  }

  #isAcked(flow: number): boolean {
    const doubles = this.#table.doubles;
    const row = doublesRow(flow);
    return (doubles[row + DOUBLE.acked] ?? 0) > (doubles[row + DOUBLE.delivered] ?? 0);
  }

  #ageNs(flow: number): number {
    return (this.#moment.ns[0] ?? 0) - (this.#table.doubles[doublesRow(flow) + DOUBLE.holeNs] ?? 0);
  }
}
