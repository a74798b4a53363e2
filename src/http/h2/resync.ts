import { FRAME, FRAME_AT, FRAME_FLAG, FRAME_HEADER_BYTES, MASK_31, evidenceOf } from './frame.ts';

/**
 * Evidence at which a chain of headers is taken for frames. A lone PING that fills its segment is enough. Tried on other bytes: none in
 * 145 MB of random ones, none in 87 MB of 60 % zeros and small numbers, two in 87 MB of 80 % zeros.
 */
const JOIN_BITS = 32;
/** The same, where the connection is known to speak HTTP/2, so that only a body can be mistaken for frames, and only after a gap. */
const JOIN_BITS_KNOWN = 24;
/** What it proves that a frame begins where a segment begins, or ends where one ends: one offset in a thousand does. */
const EDGE_BITS = 10;
/** What it costs to begin anywhere else: there are a thousand such offsets to one edge. */
const INSIDE_BITS = -10;
/** Evidence of what is no chain of headers. */
const BROKEN_BITS = -1000;
/** What it proves that a frame is of the same stream as the message frame before it. */
const SAME_STREAM_BITS = 4;
/** Headers of one chain that a scan looks at: each proves something, so that many are enough, and the scan stays linear. */
const CHAIN_MAX_HEADERS = 16;
/** A flow whose protocol is unknown is looked into so far. */
export const SEARCH_MAX_BYTES: number = 1024 * 1024;
/** Bytes kept of a flow since the boundary that is suspected, to read them once it is sure. */
export const UNSYNCED_FLOW_BYTES = 4096;
/** The same for all flows of a pass. */
const UNSYNCED_TOTAL_BYTES: number = 8 * 1024 * 1024;

/** Walks from frame header to frame header, over segments, and sums up how convincing the chain is. */
class Walker {
  /** Payload bytes to the next header. */
  remaining = 0;
  bits = 0;
  headers = 0;
  /** Offset of the first header that began in the bytes walked last; -1 where none did. */
  firstHeaderAt = -1;
  private readonly cut = new DataView(new ArrayBuffer(FRAME_HEADER_BYTES));
  private cutBytes = 0;
  private openBlock = 0;
  private endedStream = 0;
  private lastStream = 0;

  begin(bits: number): void {
    this.bits = bits;
    this.remaining = this.headers = this.cutBytes = this.openBlock = this.endedStream = this.lastStream = 0;
  }

  /** @returns false where what should be a header is none */
  walk(view: DataView, at: number, end: number): boolean {
    const headersBefore = this.headers;
    this.firstHeaderAt = -1;
    let next = at;
    while (next < end) {
      if (this.remaining > 0) {
        const taken = Math.min(this.remaining, end - next);
        this.remaining -= taken;
        next += taken;
        continue;
      }
      if (this.cutBytes === 0 && this.firstHeaderAt < 0) this.firstHeaderAt = next;
      if (this.cutBytes === 0 && end - next >= FRAME_HEADER_BYTES) {
        if (!this.header(view, next)) return false;
        next += FRAME_HEADER_BYTES;
        if (this.headers - headersBefore >= CHAIN_MAX_HEADERS) return true;
        continue;
      }
      this.cut.setUint8(this.cutBytes++, view.getUint8(next++));
      if (this.cutBytes < FRAME_HEADER_BYTES) continue;
      this.cutBytes = 0;
      if (!this.header(this.cut, 0)) return false;
    }
    if (this.remaining === 0 && this.cutBytes === 0 && this.headers > headersBefore) this.bits += EDGE_BITS;
    return true;
  }

  private header(view: DataView, at: number): boolean {
    const lengthAndType = view.getInt32(at);
    const type = lengthAndType & 0xff;
    const length = lengthAndType >>> 8;
    const flags = view.getUint8(at + FRAME_AT.flags);
    const streamWord = view.getInt32(at + FRAME_AT.stream);
    const evidence = evidenceOf(type, flags, streamWord, length);
    const streamId = streamWord & MASK_31;
    if (evidence === 0 || !this.fits(type, flags, streamId)) return false;
    this.bits += streamId !== 0 && streamId === this.lastStream ? evidence + SAME_STREAM_BITS : evidence;
    this.lastStream = streamId;
    this.headers++;
    this.remaining = length;
    return true;
  }

  /** Whether the frame may come after those before it; a chain does not begin inside a field block. */
  private fits(type: number, flags: number, streamId: number): boolean {
    // RFC 9113 §6.10
    if ((type === FRAME.CONTINUATION) !== (this.openBlock !== 0)) return false;
    if (this.openBlock !== 0 && streamId !== this.openBlock) return false;
    const isMessage = type === FRAME.DATA || type === FRAME.HEADERS;
    // RFC 9113 §5.1: after END_STREAM this side sends neither on that stream
    if (isMessage && streamId === this.endedStream) return false;
    if (isMessage && (flags & FRAME_FLAG.END_STREAM) !== 0) this.endedStream = streamId;
    const opensBlock = type === FRAME.HEADERS || type === FRAME.PUSH_PROMISE || type === FRAME.CONTINUATION;
    this.openBlock = opensBlock && (flags & FRAME_FLAG.END_HEADERS) === 0 ? streamId : 0;
    return true;
  }
}

/** Buffers for unsynchronised bytes, UNSYNCED_TOTAL_BYTES in all. */
export class UnsyncedPool {
  private readonly spare: DataView[] = [];
  private made = 0;

  take(): DataView | null {
    const spare = this.spare.pop();
    if (spare !== undefined) return spare;
    if ((this.made + 1) * UNSYNCED_FLOW_BYTES > UNSYNCED_TOTAL_BYTES) return null;
    this.made++;
    return new DataView(new ArrayBuffer(UNSYNCED_FLOW_BYTES));
  }

  give(buffer: DataView): void {
    this.spare.push(buffer);
  }
}

const trial = new Walker();

/**
 * Looks for a frame boundary in a flow whose start, or whose middle, is missing: for a chain of plausible headers that is
 * convincing by its length, by frames of a fixed size, and by beginning or ending where segments do.
 */
export class Search {
  /** The bytes since the suspected boundary, where they could be kept, to be read before the segment in hand. */
  kept: DataView | null = null;
  keptBytes = 0;
  /** Times that bytes could not be kept. */
  overflows = 0;
  private readonly pool: UnsyncedPool;
  private readonly walker = new Walker();
  /** A boundary is suspected; the walker goes on from it. */
  private suspects = false;
  /** All bytes since then are in `kept`. */
  private keepsAll = false;
  private searchedBytes = 0;

  constructor(pool: UnsyncedPool) {
    this.pool = pool;
  }

  /** Nothing was found in as many bytes as are worth looking at. */
  get isHopeless(): boolean {
    return !this.suspects && this.searchedBytes > SEARCH_MAX_BYTES;
  }

  /**
   * Looks into the next bytes of the flow.
   * @param atEdge   `at` is where a segment begins
   * @param isHttp2  the connection is known to speak HTTP/2
   * @returns where in `view` a frame begins (`kept` comes before it), or -1 while that is not sure
   */
  look(view: DataView, at: number, end: number, atEdge: boolean, isHttp2: boolean): number {
    const joinBits = isHttp2 ? JOIN_BITS_KNOWN : JOIN_BITS;
    this.searchedBytes += end - at;
    if (this.suspects) {
      const found = this.goOn(view, at, end, joinBits);
      if (found >= 0) return found;
    }
    if (this.suspects) {
      // The suspicion may be wrong and hold for long: a frame that stands proven at the segment's start is better.
      if (!atEdge || bitsAt(view, at, end, EDGE_BITS) < joinBits) return -1;
      this.drop();
      return at;
    }
    return this.scan(view, at, end, atEdge, joinBits);
  }

  /** Bytes are missing. A suspicion survives where they lie inside one payload. */
  gap(lostBytes: number): void {
    if (!this.suspects) return;
    if (lostBytes > this.walker.remaining) {
      this.drop();
      return;
    }
    this.walker.remaining -= lostBytes;
    this.stopKeeping();
  }

  /** Gives the buffer back, forgets the suspicion. */
  drop(): void {
    this.suspects = false;
    this.stopKeeping();
  }

  private goOn(view: DataView, at: number, end: number, joinBits: number): number {
    if (!this.walker.walk(view, at, end)) {
      this.drop();
      return -1;
    }
    if (this.walker.bits >= joinBits) {
      if (this.keepsAll) return at;
      if (this.walker.firstHeaderAt >= 0) return this.walker.firstHeaderAt;
    }
    this.keep(view, at, end);
    return -1;
  }

  private scan(view: DataView, at: number, end: number, atEdge: boolean, joinBits: number): number {
    let best = -1;
    let bestBits = BROKEN_BITS;
    for (let next = at; next <= end - FRAME_HEADER_BYTES; next++) {
      if (view.getUint8(next) !== 0) continue; // a length below 2^16
      const bits = bitsAt(view, next, end, atEdge && next === at ? EDGE_BITS : INSIDE_BITS);
      if (bits >= joinBits) return next;
      if (bits > bestBits) {
        best = next;
        bestBits = bits;
      }
    }
    if (best >= 0) this.suspect(view, best, end, atEdge && best === at ? EDGE_BITS : INSIDE_BITS);
    return -1;
  }

  private suspect(view: DataView, at: number, end: number, bits: number): void {
    this.walker.begin(bits);
    this.walker.walk(view, at, end);
    this.suspects = true;
    this.kept = this.pool.take();
    this.keptBytes = 0;
    this.keepsAll = this.kept !== null;
    this.keep(view, at, end);
  }

  private keep(view: DataView, at: number, end: number): void {
    if (this.kept === null || !this.keepsAll) return;
    if (this.keptBytes + end - at > UNSYNCED_FLOW_BYTES) {
      this.overflows++;
      this.stopKeeping();
      return;
    }
    for (let next = at; next < end; next++) this.kept.setUint8(this.keptBytes++, view.getUint8(next));
  }

  private stopKeeping(): void {
    if (this.kept !== null) this.pool.give(this.kept);
    this.kept = null;
    this.keptBytes = 0;
    this.keepsAll = false;
  }
}

/** Evidence of the chain that begins at `at`; BROKEN_BITS where it breaks before `end`. */
function bitsAt(view: DataView, at: number, end: number, bits: number): number {
  trial.begin(bits);
  return trial.walk(view, at, end) && trial.headers > 0 ? trial.bits : BROKEN_BITS;
}
