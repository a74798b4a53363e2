import type { Segment } from '../decode/index.ts';
import { FLOW, flowRow } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';

export const PROBE_BYTES = 1;

/**
 * A window probe carries the next byte of the stream (RFC 9293 §3.8.6.1), which the sender repeats with more when the window opens.
 * It is kept aside, and used only where the stream goes on behind it.
 */
export class ProbeByte {
  /** The byte taken last: while it waits, it needs a view of its own. */
  readonly view: DataView = new DataView(new ArrayBuffer(PROBE_BYTES));
  readonly #table: FlowTable;

  constructor(table: FlowTable) {
    this.#table = table;
  }

  /** Keeps the payload of a window probe, where it is the flow's next byte. */
  keep(flow: number, segment: Segment, view: DataView): void {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    if (segment.payloadEnd <= segment.payloadAt || flows[at + FLOW.deliveredSeq] !== segment.seq) return;
    flows[at + FLOW.probeByte] = view.getUint8(segment.payloadAt) + 1;
  }

  forget(flow: number): void {
    this.#table.flows[flowRow(flow) + FLOW.probeByte] = 0;
  }

  /** Puts the byte that is kept of a flow into `view`. @returns false where none is */
  take(flow: number): boolean {
    const kept = this.#table.flows[flowRow(flow) + FLOW.probeByte] ?? 0;
    if (kept === 0) return false;
    this.forget(flow);
    this.view.setUint8(0, kept - 1);
    return true;
  }
}
