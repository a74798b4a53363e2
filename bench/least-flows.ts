import { FLAG, type Segment } from '../src/decode/index.ts';

const FLOWS_MAX = 4096;
const SLOTS: number = 4 * FLOWS_MAX;
const KEY_WORDS = 4;
const PRIME = 0x9e3779b1;

/** Takes bytes of a flow in order; `view` is not kept. */
export type TakeBytes = (flow: number, view: DataView, at: number, end: number) => void;

/**
 * Flows of IPv4 by their addresses and ports, each one's bytes in order, and nothing else of TCP: no labels, no lost bytes, no end.
 * The two flows of a connection have the numbers 2n and 2n + 1.
 */
export class LeastFlows {
  readonly #take: TakeBytes;
  /** A slot: both addresses, both ports, and the flow's number plus one, 0 where it is free. */
  readonly #slots = new Int32Array(SLOTS * KEY_WORDS);
  readonly #nextSeq = new Int32Array(FLOWS_MAX);
  /** Early payloads by their sequence number. */
  readonly #early: Map<number, Uint8Array>[] = [];
  #count = 0;

  constructor(take: TakeBytes) {
    this.#take = take;
  }

  segment(segment: Segment, view: DataView): void {
    const { src3, dst3, srcPort, dstPort, seq, payloadAt, payloadEnd } = segment;
    const flow = this.#flowOf(src3, dst3, (srcPort << 16) | dstPort) ?? this.#open(segment);
    const ahead = (segment.flags & FLAG.syn) === 0 ? (seq - (this.#nextSeq[flow] ?? 0)) | 0 : 0;
    if (ahead === 0) this.#inOrder(flow, segment, view);
    else if (ahead > 0)
      this.#early[flow]?.set(seq, new Uint8Array(view.buffer, payloadAt, payloadEnd - payloadAt).slice());
  }

  #inOrder(flow: number, { seq, flags, payloadAt, payloadEnd }: Segment, view: DataView): void {
    const nextSeq = (seq + payloadEnd - payloadAt + ((flags & FLAG.syn) === 0 ? 0 : 1)) | 0;
    this.#nextSeq[flow] = nextSeq;
    if (payloadEnd > payloadAt) this.#take(flow, view, payloadAt, payloadEnd);
    const early = this.#early[flow];
    if (early === undefined || early.size === 0) return;
    for (let at = nextSeq, payload = early.get(at); payload !== undefined; payload = early.get(at)) {
      early.delete(at);
      at = this.#nextSeq[flow] = (at + payload.length) | 0;
      this.#take(flow, new DataView(payload.buffer), 0, payload.length);
    }
  }

  #open({ src3, dst3, srcPort, dstPort }: Segment): number {
    if (this.#count + 2 > FLOWS_MAX) throw new Error('more connections than the benchmark makes');
    const flow = this.#count;
    this.#count += 2;
    this.#early.push(new Map(), new Map());
    this.#enter(src3, dst3, (srcPort << 16) | dstPort, flow);
    this.#enter(dst3, src3, (dstPort << 16) | srcPort, flow + 1);
    return flow;
  }

  #enter(from: number, to: number, ports: number, flow: number): void {
    let slot = slotOf(from, to, ports);
    while ((this.#slots[slot + 3] ?? 0) !== 0) slot = (slot + KEY_WORDS) & (this.#slots.length - 1);
    this.#slots.set([from, to, ports, flow + 1], slot);
  }

  #flowOf(from: number, to: number, ports: number): number | undefined {
    const slots = this.#slots;
    for (let slot = slotOf(from, to, ports); slots[slot + 3] !== 0; slot = (slot + KEY_WORDS) & (slots.length - 1))
      if (slots[slot] === from && slots[slot + 1] === to && slots[slot + 2] === ports)
        return (slots[slot + 3] ?? 0) - 1;
    return undefined;
  }
}

function slotOf(from: number, to: number, ports: number): number {
  const hash = Math.imul(Math.imul(from ^ Math.imul(to, PRIME), PRIME) ^ ports, PRIME);
  return ((hash >>> 16) & (SLOTS - 1)) * KEY_WORDS;
}
