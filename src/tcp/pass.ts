import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import { Analysis } from './analysis.ts';
import { Incarnations } from './connection.ts';
import { ConnectionFacts } from './facts.ts';
import { Flight, PROBE } from './flight.ts';
import { Duplicates } from './duplicates.ts';
import { DOUBLE, doublesRow, FLOW, FLOW_FLAG, flowRow, NONE, sideOf } from './flow-columns.ts';
import { FlowTable } from './flow-table.ts';
import { HoldPool } from './hold-pool.ts';
import { Prediction } from './prediction.ts';
import { Probes } from './probes.ts';
import { Reassembly } from './reassembly.ts';
import { DID, isResent, LABEL, NONE_TO_SPARE, RESENT, type Side, type TcpKeeper, type TcpSink } from './sink.ts';

/** How often a limit was hit. */
export interface TcpLimits {
  /** Packets of connections that found no room in the table. */
  readonly ignoredPackets: number;
  /** Times that a flow, or all flows together, held more early segments than allowed; each made gaps. */
  readonly flowHeld: number;
  readonly poolHeld: number;
  /** Packets sent again, in a capture that has copies, which may be copies of some that had to be forgotten. */
  readonly uncompared: number;
}

/** Who gives connections up where all are taken (nobody: those beyond are ignored), and, for tests, smaller bounds than the usual ones. */
export interface TcpOptions {
  readonly keeper?: TcpKeeper;
  readonly connectionsMax?: number;
  readonly heldNodesMax?: number;
  /** False: every segment takes the general path. Changes no result. */
  readonly predicts?: boolean;
}

const CONTROL = FLAG.syn | FLAG.fin | FLAG.rst;

/** The tcp stage: segments in, labelled segments and in-order bytes out. */
export class TcpPass {
  readonly connections: ConnectionFacts;
  readonly #sink: TcpSink;
  readonly #keeper: TcpKeeper | undefined;
  readonly #table: FlowTable;
  readonly #incarnations: Incarnations;
  readonly #analysis: Analysis;
  readonly #probes: Probes;
  readonly #flight: Flight;
  readonly #reassembly: Reassembly;
  readonly #prediction: Prediction;
  readonly #duplicates: Duplicates;
  readonly #predicts: boolean;
  #ignoredPackets = 0;

  constructor(moment: Moment, sink: TcpSink, options: TcpOptions = {}) {
    const table = new FlowTable(options.connectionsMax);
    this.#sink = sink;
    this.#keeper = options.keeper;
    this.#table = table;
    this.connections = new ConnectionFacts(table);
    this.#incarnations = new Incarnations(table);
    this.#analysis = new Analysis(moment, table);
    this.#probes = new Probes(moment, table);
    this.#flight = new Flight(table);
    this.#reassembly = new Reassembly(moment, table, sink, new HoldPool(options.heldNodesMax));
    this.#prediction = new Prediction(moment, table, sink);
    this.#duplicates = new Duplicates(moment, table);
    this.#predicts = options.predicts ?? true;
  }

  /** Takes the next segment, in capture order; its payload lies in `view`. Tells the sink all that follows from it before it returns. */
  segment(segment: Segment, view: DataView): void {
    let flow = this.#incarnations.flowOf(segment);
    if (flow < 0) flow = this.#makeRoom() ? this.#incarnations.flowOf(segment) : NONE;
    if (flow < 0) {
      this.#ignoredPackets++;
      return;
    }
    const predicted = this.#predicts && this.#prediction.take(flow, segment, view);
    // What the flow expects next is no copy of what it has.
    const isCopy = !predicted && this.#duplicates.isCopy(flow, segment);
    this.#duplicates.note(flow, segment, view, isCopy);
    if (isCopy) this.#sink.copy?.(flow >> 1, sideOf(flow), segment);
    else if (!predicted) this.#take(flow, segment, view);
  }

  /** Gives up the connection that the sink can spare. @returns false where there is none, or where room is not what is missing */
  #makeRoom(): boolean {
    if (!this.#table.isFull) return false;
    const connection = this.#keeper?.spare() ?? NONE_TO_SPARE;
    if (connection === NONE_TO_SPARE) return false;
    this.#reassembly.release(connection * 2);
    this.#reassembly.release(connection * 2 + 1);
    this.#keeper?.released(connection);
    this.#table.remove(connection);
    return true;
  }

  /** The general path. */
  #take(flow: number, segment: Segment, view: DataView): void {
    const connection = flow >> 1;
    if (this.#incarnations.opened) this.#open(connection, segment);
    const fresh = this.#reassembly.freshBytes(flow, segment);
    const labels = this.#probes.relabel(flow, segment, this.#analysis.label(flow, segment, fresh));
    if (segment.payloadBytes > 0) this.#compare(flow, segment, labels);
    const did = this.#judge(flow, segment, labels, fresh);
    this.#count(flow, segment, labels, did, fresh);
    this.#sink.segment(connection, sideOf(flow), labels, did, segment);
    if (segment.payloadBytes > 0) this.#reassembly.accept(flow, segment, labels, view);
    this.#settleHoles(flow, segment, did);
  }

  /**
   * The connection that a segment quoted in an ICMP error belongs to, and the side that had sent it; undefined where none is followed.
   */
  quoted(segment: Segment): { readonly connection: number; readonly side: Side } | undefined {
    const flow = this.#table.find(segment);
    return flow < 0 ? undefined : { connection: flow >> 1, side: sideOf(flow) };
  }

  /** End of the capture: delivers what is still held, with its gaps. */
  finish(): void {
    this.#reassembly.finish();
  }

  /** Packets that were copies of others in the capture. */
  get duplicates(): number {
    return this.#duplicates.count;
  }

  get limits(): TcpLimits {
    return {
      ignoredPackets: this.#ignoredPackets,
      flowHeld: this.#reassembly.flowLimitHits,
      poolHeld: this.#reassembly.poolLimitHits,
      uncompared: this.#duplicates.count > 0 ? this.#duplicates.unsure : 0,
    };
  }

  /** Counts a segment that begins with bytes that were delivered, where those were others; what still waits is compared where it is held. */
  #compare(flow: number, segment: Segment, labels: number): void {
    if ((labels & PROBE) !== 0) this.#duplicates.blank();
    if ((labels & (RESENT | LABEL.outOfOrder)) === 0 || !this.#reassembly.beginsDelivered(flow, segment)) return;
    if (this.#duplicates.isOther(flow, segment)) {
      const column = flowRow(flow) + FLOW.differingOverlaps;
      this.#table.flows[column] = (this.#table.flows[column] ?? 0) + 1;
    }
  }

  /** A new incarnation ends its predecessor: what that one still holds will not be completed. */
  #open(connection: number, segment: Segment): void {
    const previous = this.connections.previous(connection);
    if (previous !== undefined) {
      this.#reassembly.settle(previous * 2, true);
      this.#reassembly.settle(previous * 2 + 1, true);
    }
    this.#sink.opened(connection, segment);
  }

  /** The DID bits; moves the connection's state on. */
  #judge(flow: number, segment: Segment, labels: number, fresh: number): number {
    const incarnations = this.#incarnations;
    if ((segment.flags & CONTROL) === 0) {
      incarnations.stepPlain(flow, segment);
      return this.#flight.advance(flow, segment, labels, fresh, false);
    }
    const reset = (segment.flags & FLAG.rst) !== 0 && incarnations.isResetAccepted(flow, segment);
    const expected = reset && incarnations.isResetExpected(flow, segment);
    const firstFin = incarnations.isFirstFin(flow, segment);
    if (firstFin) incarnations.noteFin(flow, segment);
    const did = this.#flight.advance(flow, segment, labels, fresh, firstFin);
    incarnations.step(flow, segment, firstFin, reset);
    const over = expected || (firstFin && incarnations.hasFin(flow ^ 1));
    return did | (reset ? DID.rstInWindow : 0) | (expected ? DID.rstExpected : 0) | (over ? DID.over : 0);
  }

  #count(flow: number, segment: Segment, labels: number, did: number, fresh: number): void {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    flows[at + FLOW.packets] = (flows[at + FLOW.packets] ?? 0) + 1;
    if (fresh > 0 && (labels & PROBE) === 0) {
      const row = doublesRow(flow) + DOUBLE.payloadBytes;
      this.#table.doubles[row] = (this.#table.doubles[row] ?? 0) + fresh;
    }
    const flags = flows[at + FLOW.flags] ?? 0;
    const zero = segment.window === 0 && (segment.flags & CONTROL) === 0;
    flows[at + FLOW.flags] =
      (zero ? flags | FLOW_FLAG.zeroWindow : flags & ~FLOW_FLAG.zeroWindow) |
      ((did & DID.rstInWindow) !== 0 ? FLOW_FLAG.reset : 0);
    if ((labels & LABEL.zeroWindowProbe) !== 0)
      flows[at + FLOW.windowProbes] = (flows[at + FLOW.windowProbes] ?? 0) + 1;
    if (isResent(labels, did)) flows[at + FLOW.retransmissions] = (flows[at + FLOW.retransmissions] ?? 0) + 1;
    const peer = flowRow(flow ^ 1) + FLOW.flags;
    if (((flows[peer] ?? 0) & FLOW_FLAG.probePending) !== 0) this.#countAnswer(flow, segment, labels);
    if ((labels & LABEL.keepAlive) !== 0) this.#countProbe(flow);
  }

  /** Linux probes a zero window with the keep-alive's form; the label stays Wireshark's, the counter is another (contract §3). */
  #countProbe(flow: number): void {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    if (((flows[flowRow(flow ^ 1) + FLOW.flags] ?? 0) & FLOW_FLAG.zeroWindow) !== 0) {
      flows[at + FLOW.windowProbes] = (flows[at + FLOW.windowProbes] ?? 0) + 1;
      return;
    }
    flows[at + FLOW.keepAliveProbes] = (flows[at + FLOW.keepAliveProbes] ?? 0) + 1;
    flows[at + FLOW.flags] = (flows[at + FLOW.flags] ?? 0) | FLOW_FLAG.probePending;
  }

  /** The first segment of the other side that acknowledges all, and is no probe itself, answers the probes before it. */
  #countAnswer(flow: number, segment: Segment, labels: number): void {
    const flows = this.#table.flows;
    const peer = flowRow(flow ^ 1);
    if ((labels & LABEL.keepAlive) !== 0 || (segment.flags & (FLAG.ack | FLAG.rst)) !== FLAG.ack) return;
    flows[peer + FLOW.flags] = (flows[peer + FLOW.flags] ?? 0) & ~FLOW_FLAG.probePending;
    if (segment.ack === flows[peer + FLOW.sentSeq])
      flows[peer + FLOW.keepAlivesAnswered] = (flows[peer + FLOW.keepAlivesAnswered] ?? 0) + 1;
  }

  /** Gives up holes that this segment shows to be the capture's own, in either direction. */
  #settleHoles(flow: number, segment: Segment, did: number): void {
    const flows = this.#table.flows;
    const over = (did & DID.rstInWindow) !== 0;
    const peer = flow ^ 1;
    if ((flows[flowRow(peer) + FLOW.heldCount] ?? 0) > 0) {
      if ((segment.flags & (FLAG.ack | FLAG.rst)) === FLAG.ack) this.#reassembly.noteAck(peer);
      this.#reassembly.settle(peer, over || this.#incarnations.isFinAcked(peer));
    }
    if ((flows[flowRow(flow) + FLOW.heldCount] ?? 0) > 0)
      this.#reassembly.settle(flow, over || this.#incarnations.isFinAcked(flow));
  }
}
