import { HEADER_BLOCK_MAX_BYTES } from './frame.ts';

/** Bytes that all collectors of a pass may hold; beyond, what is being collected is given up. */
const COLLECTED_TOTAL_MAX_BYTES: number = 64 * HEADER_BLOCK_MAX_BYTES;
const FIRST_BYTES = 1024;
/** Collectors kept for the next cut frame; larger ones are let go. */
const SPARE_MAX = 64;
const SPARE_MAX_BYTES: number = 64 * FIRST_BYTES;

/**
 * Puts together what segments cut: a frame's payload, a field block over its CONTINUATIONs.
 * Grows with the bytes that came, never by a length that the wire claims.
 */
export class Collector {
  bytes = 0;
  octets: Uint8Array = new Uint8Array(FIRST_BYTES);
  view: DataView = new DataView(this.octets.buffer);

  /** Leaves only the bytes `from`..`to` of those after `keep`. */
  trim(keep: number, from: number, to: number): void {
    this.octets.copyWithin(keep, from, to);
    this.bytes = keep + to - from;
  }
}

/** The collectors of a pass. Few flows have a cut frame at one moment, so they share. */
export class CollectorPool {
  private readonly spare: Collector[] = [];
  private heldBytes = 0;

  /** @returns null where all collectors together are at their bound */
  take(): Collector | null {
    const spare = this.spare.pop();
    if (spare !== undefined) return spare;
    if (this.heldBytes + FIRST_BYTES > COLLECTED_TOTAL_MAX_BYTES) return null;
    this.heldBytes += FIRST_BYTES;
    return new Collector();
  }

  give(collector: Collector): void {
    collector.bytes = 0;
    if (this.spare.length < SPARE_MAX && collector.octets.length <= SPARE_MAX_BYTES) this.spare.push(collector);
    else this.heldBytes -= collector.octets.length;
  }

  /** Adds bytes to what somebody's collector holds. @returns false where a bound is reached */
  collect(holder: { collector: Collector | null }, view: DataView, at: number, end: number): boolean {
    holder.collector ??= this.take();
    return holder.collector !== null && this.append(holder.collector, view, at, end);
  }

  /** Takes back what somebody had collected. */
  release(holder: { collector: Collector | null }): void {
    if (holder.collector !== null) this.give(holder.collector);
    holder.collector = null;
  }

  /** @returns false where a bound is reached: HEADER_BLOCK_MAX_BYTES in one, or what all may hold together */
  append(collector: Collector, view: DataView, at: number, end: number): boolean {
    const bytes = collector.bytes + end - at;
    if (bytes > collector.octets.length && !this.grow(collector, bytes)) return false;
    for (let from = at, to = collector.bytes; from < end; from++, to++) collector.octets[to] = view.getUint8(from);
    collector.bytes = bytes;
    return true;
  }

  private grow(collector: Collector, bytes: number): boolean {
    if (bytes > HEADER_BLOCK_MAX_BYTES) return false;
    const old = collector.octets;
    let size = old.length;
    while (size < bytes) size *= 2;
    if (this.heldBytes + size - old.length > COLLECTED_TOTAL_MAX_BYTES) return false;
    this.heldBytes += size - old.length;
    collector.octets = new Uint8Array(size);
    collector.octets.set(old.subarray(0, collector.bytes));
    collector.view = new DataView(collector.octets.buffer);
    return true;
  }
}
