import type { HttpCounters } from '../counters.ts';
import type { FrameObserver, HttpSink } from '../sink.ts';
import type { TunnelBook } from '../tunnels.ts';
import type { CollectorPool } from './collector.ts';
import { tellControl } from './control.ts';
import { DataFrames, ILLEGAL } from './data-frames.ts';
import { FieldBlocks } from './field-blocks.ts';
import { PHASE, otherFlow, type Flow } from './flow.ts';
import { FRAME, FRAME_AT, FRAME_FLAG, FRAME_HEADER_BYTES, FRAME_UNANNOUNCED_BYTES, MASK_31, isLegal } from './frame.ts';

/**
 * Follows the frames of flows that stand on a frame boundary or inside a frame (RFC 9113 §4), and tells them to the sink.
 * One reader serves all flows of a pass.
 */
export class FrameReader {
  readonly blocks: FieldBlocks;
  private readonly sink: HttpSink;
  private readonly counters: HttpCounters;
  private readonly dataFrames: DataFrames;
  private readonly collectors: CollectorPool;
  private readonly observer: FrameObserver | null;
  private readonly tunnels: TunnelBook;

  constructor(
    sink: HttpSink,
    counters: HttpCounters,
    collectors: CollectorPool,
    tunnels: TunnelBook,
    observer: FrameObserver | null,
  ) {
    this.sink = sink;
    this.counters = counters;
    this.collectors = collectors;
    this.tunnels = tunnels;
    this.blocks = new FieldBlocks(sink, counters, collectors, tunnels);
    this.dataFrames = new DataFrames(sink, counters, collectors, tunnels);
    this.observer = observer;
  }

  /** @returns `end`, or where synchronisation was lost: `flow.phase` is then PHASE.search */
  read(flow: Flow, view: DataView, at: number, end: number): number {
    let next = at;
    while (next < end) {
      switch (flow.phase) {
        case PHASE.header:
          next = this.header(flow, view, next, end);
          break;
        case PHASE.data:
          next = this.data(flow, view, next, end);
          break;
        case PHASE.payload:
          next = this.payload(flow, view, next, end);
          break;
        case PHASE.skip:
          next = this.skip(flow, next, end);
          break;
        default:
          return next;
      }
    }
    return next;
  }

  /**
   * Bytes are missing. Where they all lie inside one payload, its end is still known and the flow stays synchronised.
   */
  gap(flow: Flow, lostBytes: number): void {
    const inside = flow.phase >= PHASE.data && lostBytes <= flow.remaining;
    if (!inside) {
      this.lose(flow);
      return;
    }
    this.counters.gapsInsideFrames++;
    if (flow.phase === PHASE.payload) this.breakPayload(flow);
    if (flow.phase === PHASE.data) this.dataFrames.gap(flow, lostBytes);
    flow.remaining -= lostBytes;
    if (flow.remaining > 0) return;
    if (flow.phase === PHASE.data) this.endData(flow);
    else this.endSkip(flow);
  }

  /** Forgets all that the flow's frames had built up, and says so. */
  lose(flow: Flow): void {
    this.release(flow);
    flow.table.forget();
    flow.phase = PHASE.search;
    flow.cutHeaderBytes = 0;
    flow.blockStreamId = 0;
    // A SETTINGS_MAX_FRAME_SIZE for the other flow may be among what is missing.
    flow.sawSettings = true;
    const other = otherFlow(flow);
    other.maxFrameBytes = Math.max(other.maxFrameBytes, FRAME_UNANNOUNCED_BYTES);
    this.counters.lost++;
    this.tunnels.lose(flow);
    this.sink.lost(flow.connection.number, flow.side);
  }

  /** Gives back what the flow holds of shared buffers. */
  release(flow: Flow): void {
    this.collectors.release(flow);
    flow.blockBytes = 0;
    this.dataFrames.drop(flow);
  }

  private header(flow: Flow, view: DataView, at: number, end: number): number {
    if (flow.cutHeaderBytes === 0 && end - at >= FRAME_HEADER_BYTES) {
      const isHeaders = view.getUint8(at + FRAME_AT.type) === FRAME.HEADERS;
      const next = isHeaders ? this.wholeBlock(flow, view, at, end) : 0;
      if (next > 0) return next;
      this.begin(flow, view, at);
      return at + FRAME_HEADER_BYTES;
    }
    const cut = (flow.cutHeader ??= new DataView(new ArrayBuffer(FRAME_HEADER_BYTES)));
    let next = at;
    while (next < end && flow.cutHeaderBytes < FRAME_HEADER_BYTES) {
      cut.setUint8(flow.cutHeaderBytes++, view.getUint8(next++));
    }
    if (flow.cutHeaderBytes === FRAME_HEADER_BYTES) {
      flow.cutHeaderBytes = 0;
      this.begin(flow, cut, 0);
    }
    return next;
  }

  /**
   * The way that nearly all field blocks take: in one HEADERS frame, whole in the segment, without padding or priority.
   * @param at  of the header of a HEADERS frame
   * @returns the offset after the frame; 0 where it is not such a one, and nothing was done
   */
  private wholeBlock(flow: Flow, view: DataView, at: number, end: number): number {
    const length = view.getInt32(at) >>> 8;
    const flags = view.getUint8(at + FRAME_AT.flags);
    const streamId = view.getInt32(at + FRAME_AT.stream) & MASK_31;
    const from = at + FRAME_HEADER_BYTES;
    const isPlain =
      (flags & (FRAME_FLAG.END_HEADERS | FRAME_FLAG.PADDED | FRAME_FLAG.PRIORITY)) === FRAME_FLAG.END_HEADERS;
    if (!isPlain || length > end - from || length === 0 || length > flow.maxFrameBytes) return 0;
    if (streamId === 0 || flow.blockStreamId !== 0) return 0;
    flow.streamId = streamId;
    flow.blockTold = true;
    flow.blockEndStream = (flags & FRAME_FLAG.END_STREAM) !== 0;
    if (!this.blocks.end(flow, view, from, from + length)) this.lose(flow);
    if (this.observer !== null && isFollowed(flow))
      this.observer.frame(flow.connection.number, flow.side, FRAME.HEADERS, flags, streamId, length);
    return from + length;
  }

  /** RFC 9113 §4.1. */
  private begin(flow: Flow, view: DataView, at: number): void {
    const lengthAndType = view.getInt32(at);
    const length = lengthAndType >>> 8;
    const type = lengthAndType & 0xff;
    const streamId = view.getInt32(at + FRAME_AT.stream) & MASK_31;
    flow.type = type;
    flow.flags = view.getUint8(at + FRAME_AT.flags);
    flow.streamId = streamId;
    flow.length = flow.remaining = length;
    if (length > flow.maxFrameBytes) {
      this.counters.longFrames++;
      this.lose(flow);
      return;
    }
    if (!isLegal(type, streamId, length) || !followsBlock(flow)) {
      this.refuse(flow);
      return;
    }
    if (type === FRAME.DATA) this.beginData(flow);
    else if (type === FRAME.PRIORITY || type > FRAME.CONTINUATION) this.beginSkip(flow);
    else this.beginPayload(flow, view, at + FRAME_HEADER_BYTES);
  }

  private refuse(flow: Flow): void {
    this.counters.illegalFrames++;
    this.lose(flow);
  }

  private beginData(flow: Flow): void {
    if (!this.dataFrames.begin(flow)) this.refuse(flow);
    else if (flow.length === 0) this.endData(flow);
  }

  private data(flow: Flow, view: DataView, at: number, end: number): number {
    const next = this.dataFrames.read(flow, view, at, end);
    if (next === ILLEGAL) {
      this.refuse(flow);
      return at + 1; // the length of the padding
    }
    if (flow.remaining === 0) this.endData(flow);
    return next;
  }

  private endData(flow: Flow): void {
    this.dataFrames.end(flow);
    this.observe(flow);
  }

  private observe(flow: Flow): void {
    const { connection, side, type, flags, streamId, length } = flow;
    this.observer?.frame(connection.number, side, type, flags, streamId, length);
  }

  private beginSkip(flow: Flow): void {
    flow.phase = PHASE.skip;
    if (flow.length === 0) this.endSkip(flow);
  }

  private skip(flow: Flow, at: number, end: number): number {
    const taken = Math.min(flow.remaining, end - at);
    flow.remaining -= taken;
    if (flow.remaining === 0) this.endSkip(flow);
    return at + taken;
  }

  private endSkip(flow: Flow): void {
    flow.phase = PHASE.header;
    if (isBlockFrame(flow.type) && (flow.flags & FRAME_FLAG.END_HEADERS) !== 0) this.blocks.endBroken(flow);
    this.observe(flow);
  }

  private beginPayload(flow: Flow, view: DataView, at: number): void {
    flow.phase = PHASE.payload;
    if (flow.type === FRAME.HEADERS || flow.type === FRAME.PUSH_PROMISE) {
      flow.blockTold = flow.type === FRAME.HEADERS;
      flow.blockEndStream = flow.blockTold && (flow.flags & FRAME_FLAG.END_STREAM) !== 0;
      flow.blockBroken = false;
    }
    if (isBlockFrame(flow.type)) {
      flow.blockStreamId = (flow.flags & FRAME_FLAG.END_HEADERS) === 0 ? flow.streamId : 0;
    }
    if (flow.blockBroken && flow.type === FRAME.CONTINUATION) {
      flow.phase = PHASE.skip;
      if (flow.length === 0) this.endSkip(flow);
    } else if (flow.length === 0) {
      this.endPayload(flow, view, at, at, false);
    }
  }

  private payload(flow: Flow, view: DataView, at: number, end: number): number {
    const taken = Math.min(flow.remaining, end - at);
    const next = at + taken;
    const isWhole = taken === flow.length;
    flow.remaining -= taken;
    if (isWhole) {
      this.endPayload(flow, view, at, next, false);
    } else if (!this.collect(flow, view, at, next)) {
      return next;
    } else if (flow.remaining === 0 && flow.collector !== null) {
      const { collector } = flow;
      this.endPayload(flow, collector.view, flow.blockBytes, collector.bytes, true);
    }
    return next;
  }

  /** @returns false where a bound was hit; the flow is lost then */
  private collect(flow: Flow, view: DataView, at: number, end: number): boolean {
    if (this.collectors.collect(flow, view, at, end)) return true;
    this.counters.collectLimit++;
    this.lose(flow);
    return false;
  }

  /** @param collected  whether `view` is the collector's */
  private endPayload(flow: Flow, view: DataView, at: number, end: number, collected: boolean): void {
    flow.phase = PHASE.header;
    if (isBlockFrame(flow.type)) {
      if (!this.blocks.fragment(flow, view, at, end, collected)) this.lose(flow);
    } else {
      tellControl(this.sink, flow, view, at, end);
      if (flow.type === FRAME.RST_STREAM) this.reset(flow);
      if (collected) this.release(flow);
    }
    if (isFollowed(flow)) this.observe(flow);
  }

  private breakPayload(flow: Flow): void {
    this.release(flow);
    flow.phase = PHASE.skip;
    if (flow.type === FRAME.SETTINGS) flow.sawSettings = true;
    if (!isBlockFrame(flow.type)) return;
    flow.blockBroken = true;
    flow.table.forget();
    this.sink.broken?.(flow.connection.number, flow.side);
  }

  private reset({ connection, streamId }: Flow): void {
    this.tunnels.close(connection, streamId);
    connection.flow0.errors?.take(streamId);
    connection.flow1.errors?.take(streamId);
  }
}

/** It did not leave synchronisation just now. */
function isFollowed({ phase }: Flow): boolean {
  return phase !== PHASE.search;
}

function isBlockFrame(type: number): boolean {
  return type === FRAME.HEADERS || type === FRAME.CONTINUATION || type === FRAME.PUSH_PROMISE;
}

/** RFC 9113 §6.10: a field block is contiguous, nothing else comes in between. */
function followsBlock(flow: Flow): boolean {
  if (flow.blockStreamId === 0) return flow.type !== FRAME.CONTINUATION;
  return flow.type === FRAME.CONTINUATION && flow.streamId === flow.blockStreamId;
}
