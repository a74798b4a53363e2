/**
 * Copies of segments that came before their turn: nodes of a fixed size in one buffer, chained per flow by ascending offset.
 * Invariant: the nodes of a chain never overlap. Node 0 is never used, so 0 means none.
 */
export const NODE_BYTES: number = 2048;
/** 32 MiB for all flows together. */
export const POOL_NODES_MAX: number = 2 ** 14;
const POOL_NODES_MIN = 64;
/** A full segment takes 500 to 1,000 ns word by word and below 100 by `set`; somewhere from 64 to 512 bytes they are even. */
const COPY_BY_WORD_MAX_BYTES = 256;

export class HoldPool {
  /** The nodes' bytes; node n begins at n * NODE_BYTES. Replaced when the pool grows. */
  view: DataView;
  /** Stream offset of a node's first byte. */
  offset: Float64Array = new Float64Array(POOL_NODES_MIN);
  /** Stream bytes that a node stands for. */
  bytes: Int32Array = new Int32Array(POOL_NODES_MIN);
  /** Bytes that it holds, at most NODE_BYTES; fewer than `bytes` where the snap length cut the packet. */
  held: Int32Array = new Int32Array(POOL_NODES_MIN);
  next: Int32Array = new Int32Array(POOL_NODES_MIN);
  /** Flow that a node belongs to, plus 1; 0: free. */
  owner: Int32Array = new Int32Array(POOL_NODES_MIN);
  #bytes: Uint8Array;
  /** Over the buffer that was copied from last: the one block, as a rule. */
  #source: Uint8Array;
  readonly #max: number;
  #nodes = POOL_NODES_MIN;
  /** Nodes from here on were never used. */
  #fresh = 1;
  #free = 0;
  #hand = 0;

  /** @param nodesMax  the most nodes, at most POOL_NODES_MAX */
  constructor(nodesMax: number = POOL_NODES_MAX) {
    this.#max = Math.min(nodesMax, POOL_NODES_MAX);
    this.#bytes = new Uint8Array(POOL_NODES_MIN * NODE_BYTES);
    this.#source = this.#bytes;
    this.view = new DataView(this.#bytes.buffer);
  }

  /** A free node, now owned by `flow`; 0 where the pool is full. */
  take(flow: number): number {
    let node = this.#free;
    if (node !== 0) this.#free = this.next[node] ?? 0;
    else {
      if (this.#fresh >= this.#max) return 0;
      if (this.#fresh === this.#nodes) this.#grow();
      node = this.#fresh++;
    }
    this.owner[node] = flow + 1;
    this.next[node] = 0;
    return node;
  }

  give(node: number): void {
    this.owner[node] = 0;
    this.next[node] = this.#free;
    this.#free = node;
  }

  /** A flow that holds nodes, another one at each call; -1 where none does. */
  victim(): number {
    for (let tried = 0; tried < this.#fresh; tried++) {
      this.#hand = this.#hand + 1 < this.#fresh ? this.#hand + 1 : 0;
      const owner = this.owner[this.#hand] ?? 0;
      if (owner !== 0) return owner - 1;
    }
    return -1;
  }

  /** Copies `bytes` bytes of `view` into a node: word by word, or where that would take longer, at the cost of one object. */
  copy(node: number, view: DataView, at: number, bytes: number): void {
    const start = node * NODE_BYTES;
    if (bytes > COPY_BY_WORD_MAX_BYTES) {
      if (this.#source.buffer !== view.buffer) this.#source = new Uint8Array(view.buffer);
      const from = view.byteOffset + at;
      this.#bytes.set(this.#source.subarray(from, from + bytes), start);
      return;
    }
    const into = this.view;
    const words = bytes & ~3;
    for (let done = 0; done < words; done += 4) into.setInt32(start + done, view.getInt32(at + done));
    for (let done = words; done < bytes; done++) into.setUint8(start + done, view.getUint8(at + done));
  }

  #grow(): void {
    this.#nodes *= 2;
    const bytes = new Uint8Array(this.#nodes * NODE_BYTES);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.offset = grownFloat64(this.offset, this.#nodes);
    this.bytes = grownInt32(this.bytes, this.#nodes);
    this.held = grownInt32(this.held, this.#nodes);
    this.next = grownInt32(this.next, this.#nodes);
    this.owner = grownInt32(this.owner, this.#nodes);
  }
}

function grownInt32(old: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length);
  grown.set(old);
  return grown;
}

function grownFloat64(old: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length);
  grown.set(old);
  return grown;
}
