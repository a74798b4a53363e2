import type { Segment } from '../decode/index.ts';
import { FLOW, flowRow } from './flow-columns.ts';
import { type FlowTable } from './flow-table.ts';
import { NODE_BYTES, type HoldPool } from './hold-pool.ts';

/** What one flow may hold behind a hole: 4 MiB, a generous receive window. */
export const FLOW_HELD_NODES_MAX: number = 2 ** 11;

/** What each flow holds behind a hole: nodes of the pool by ascending stream offset, no two of which overlap. */
export class Held {
  readonly #table: FlowTable;
  readonly #pool: HoldPool;

  constructor(table: FlowTable, pool: HoldPool) {
    this.#table = table;
    this.#pool = pool;
  }

  /** How many nodes the flow holds. */
  count(flow: number): number {
    return this.#table.flows[flowRow(flow) + FLOW.heldCount] ?? 0;
  }

  /** The flow's first node, 0 where it holds nothing. */
  head(flow: number): number {
    return this.#table.flows[flowRow(flow) + FLOW.heldHead] ?? 0;
  }

  /** Stream offset of a node's first byte. */
  start(node: number): number {
    return this.#pool.offset[node] ?? 0;
  }

  /** How many of the stream bytes [from, to) no node has. */
  missing(flow: number, from: number, to: number): number {
    let missing = Math.max(0, to - from);
    for (let node = this.head(flow); node !== 0; node = this.#pool.next[node] ?? 0) {
      const start = this.start(node);
      if (start >= to) break;
      const end = this.#end(node);
      if (end > from) missing -= Math.min(end, to) - Math.max(start, from);
    }
    return missing;
  }

  /**
   * Copies the parts of an early segment that nothing held covers yet; its payload begins at stream offset `start`.
   * @returns false where a limit is hit; the parts before are held
   */
  add(flow: number, start: number, segment: Segment, view: DataView): boolean {
    const end = start + segment.payloadBytes;
    let previous = this.#before(flow, start);
    let from = previous === 0 ? start : Math.max(start, this.#end(previous));
    if (from > start) this.compare(flow, previous, start, segment, view);
    while (from < end) {
      const next = this.#after(flow, previous);
      const until = next === 0 ? end : Math.min(end, this.start(next));
      if (from < until) {
        const node = this.#insert(flow, previous, from, until, from - start, segment, view);
        if (node === 0) return false;
        previous = node;
        from = this.#end(node);
      } else {
        this.compare(flow, next, start, segment, view);
        previous = next;
        from = Math.max(from, this.#end(next));
      }
    }
    return true;
  }

  /** Takes the first node from a flow that has one. @returns it: its bytes stay until the next `add` */
  removeHead(flow: number): number {
    const flows = this.#table.flows;
    const at = flowRow(flow);
    const head = flows[at + FLOW.heldHead] ?? 0;
    const next = this.#pool.next[head] ?? 0;
    flows[at + FLOW.heldHead] = next;
    if (next === 0) flows[at + FLOW.heldTail] = 0;
    flows[at + FLOW.heldCount] = (flows[at + FLOW.heldCount] ?? 0) - 1;
    this.#pool.give(head);
    return head;
  }

  /** Counts a segment's payload, which begins at stream offset `start`, where captured bytes of it are not those that the node holds. */
  compare(flow: number, node: number, start: number, segment: Segment, view: DataView): void {
    const pool = this.#pool;
    const nodeStart = this.start(node);
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

  #end(node: number): number {
    return this.start(node) + (this.#pool.bytes[node] ?? 0);
  }

  /** The last held node that begins at or before `offset`; 0 where none does. The tail first: most early segments come in order. */
  #before(flow: number, offset: number): number {
    const tail = this.#table.flows[flowRow(flow) + FLOW.heldTail] ?? 0;
    if (tail !== 0 && this.start(tail) <= offset) return tail;
    let before = 0;
    for (let node = this.head(flow); node !== 0 && this.start(node) <= offset; node = this.#pool.next[node] ?? 0)
      before = node;
    return before;
  }

  #after(flow: number, node: number): number {
    return node === 0 ? this.head(flow) : (this.#pool.next[node] ?? 0);
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
}
