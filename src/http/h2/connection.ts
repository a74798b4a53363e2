import type { HttpCounters } from '../counters.ts';
import { clearKeptFields, createKeptFields } from '../headers.ts';
import { FieldDecoder } from '../hpack/decode.ts';
import type { FrameObserver, HttpSink, KeptFields } from '../sink.ts';
import type { CollectorPool } from './collector.ts';
import { applySettings, debugText, initialWindowOf } from './control.ts';
import { errorReason } from '../error-reason.ts';
import { isErrorStatus } from '../status.ts';
import { fingerprintOf } from './fingerprint.ts';
import { PHASE, otherFlow, type Flow } from './flow.ts';
import {
  FRAME,
  FRAME_FLAG,
  FRAME_HEADER_BYTES,
  FRAME_UNANNOUNCED_BYTES,
  MASK_31,
  PRIORITY_FIELDS_BYTES,
  PROMISED_STREAM_BYTES,
  isLegal,
} from './frame.ts';
import { inferUnknown, learnClient } from './infer.ts';

/**
 * Follows the frames of flows that stand on a frame boundary or inside a frame (RFC 9113 §4), and tells them to the sink.
 * One reader serves all flows of a pass. DATA is counted, never copied.
 */
export class FrameReader {
  readonly decoder: FieldDecoder = new FieldDecoder();
  private readonly sink: HttpSink;
  private readonly counters: HttpCounters;
  private readonly fields: KeptFields = createKeptFields();
  private readonly collectors: CollectorPool;
  private readonly observer: FrameObserver | null;

  constructor(sink: HttpSink, counters: HttpCounters, collectors: CollectorPool, observer: FrameObserver | null) {
    this.sink = sink;
    this.counters = counters;
    this.collectors = collectors;
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
    if (flow.phase === PHASE.data && flow.padBytes < 0) flow.padBytes = 1; // how much padding is not known
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
    this.sink.lost(flow.connection.number, flow.side);
  }

  /** Gives back what the flow holds of shared buffers. */
  release(flow: Flow): void {
    if (flow.collector !== null) this.collectors.give(flow.collector);
    flow.collector = null;
    flow.blockBytes = 0;
  }

  private header(flow: Flow, view: DataView, at: number, end: number): number {
    if (flow.cutHeaderBytes === 0 && end - at >= FRAME_HEADER_BYTES) {
      const isHeaders = view.getUint8(at + 3) === FRAME.HEADERS;
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
    const flags = view.getUint8(at + 4);
    const streamId = view.getInt32(at + 5) & MASK_31;
    const from = at + FRAME_HEADER_BYTES;
    const isPlain =
      (flags & (FRAME_FLAG.END_HEADERS | FRAME_FLAG.PADDED | FRAME_FLAG.PRIORITY)) === FRAME_FLAG.END_HEADERS;
    if (!isPlain || length > end - from || length === 0 || length > flow.maxFrameBytes) return 0;
    if (streamId === 0 || flow.blockStreamId !== 0) return 0;
    flow.streamId = streamId;
    flow.blockTold = true;
    flow.blockEndStream = (flags & FRAME_FLAG.END_STREAM) !== 0;
    this.endBlock(flow, view, from, from + length);
    if (this.observer !== null && isFollowed(flow))
      this.observer.frame(flow.connection.number, flow.side, FRAME.HEADERS, flags, streamId, length);
    return from + length;
  }

  /** RFC 9113 §4.1. */
  private begin(flow: Flow, view: DataView, at: number): void {
    const lengthAndType = view.getInt32(at);
    const length = lengthAndType >>> 8;
    const type = lengthAndType & 0xff;
    const streamId = view.getInt32(at + 5) & MASK_31;
    flow.type = type;
    flow.flags = view.getUint8(at + 4);
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
    const padded = (flow.flags & FRAME_FLAG.PADDED) !== 0;
    flow.padBytes = padded ? -1 : 0;
    flow.fingerprint = 0;
    flow.phase = PHASE.data;
    if (flow.length > 0) return;
    if (padded) this.refuse(flow);
    else this.endData(flow);
  }

  private data(flow: Flow, view: DataView, at: number, end: number): number {
    let next = at;
    if (flow.padBytes < 0) {
      flow.padBytes = view.getUint8(next++) + 1;
      flow.remaining--;
      if (flow.padBytes > flow.length) {
        this.refuse(flow); // RFC 9113 §6.1: padding as long as the payload or longer
        return next;
      }
    }
    const isFirst = flow.remaining === flow.length - (flow.padBytes > 0 ? 1 : 0);
    if (isFirst && next < end && this.sink.wantsPayload(flow.connection.number, flow.side, flow.streamId)) {
      flow.fingerprint = fingerprintOf(view, next, end, flow.length - flow.padBytes);
    }
    if (flow.streamId === flow.errorStreamId && next < end) this.tellReason(flow, view, next, end);
    const taken = Math.min(flow.remaining, end - next);
    flow.remaining -= taken;
    if (flow.remaining === 0) this.endData(flow);
    return next + taken;
  }

  private tellReason(flow: Flow, view: DataView, at: number, end: number): void {
    flow.errorStreamId = 0;
    const reason = errorReason(view, at, Math.min(end, at + flow.remaining));
    if (reason !== null) this.sink.reason?.(flow.connection.number, flow.streamId, reason);
  }

  private endData(flow: Flow): void {
    flow.phase = PHASE.header;
    const endStream = (flow.flags & FRAME_FLAG.END_STREAM) !== 0;
    const dataBytes = flow.length - flow.padBytes;
    this.sink.data(flow.connection.number, flow.side, flow.streamId, dataBytes, flow.fingerprint, endStream);
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
    if (isBlockFrame(flow.type) && (flow.flags & FRAME_FLAG.END_HEADERS) !== 0) this.endBrokenBlock(flow);
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
    flow.collector ??= this.collectors.take();
    if (flow.collector !== null && this.collectors.append(flow.collector, view, at, end)) return true;
    this.counters.collectLimit++;
    this.lose(flow);
    return false;
  }

  /** @param collected  whether `view` is the collector's */
  private endPayload(flow: Flow, view: DataView, at: number, end: number, collected: boolean): void {
    flow.phase = PHASE.header;
    if (isBlockFrame(flow.type)) {
      this.fragment(flow, view, at, end, collected);
    } else {
      this.control(flow, view, at, end);
      if (collected) this.release(flow);
    }
    if (isFollowed(flow)) this.observe(flow);
  }

  /** Takes the field block's part out of HEADERS, PUSH_PROMISE or CONTINUATION (RFC 9113 §6.2, §6.6, §6.10). */
  private fragment(flow: Flow, view: DataView, at: number, end: number, collected: boolean): void {
    const { flags, type } = flow;
    const padded = type !== FRAME.CONTINUATION && (flags & FRAME_FLAG.PADDED) !== 0;
    let from = padded ? at + 1 : at;
    if (type === FRAME.PUSH_PROMISE) from += PROMISED_STREAM_BYTES;
    if (type === FRAME.HEADERS && (flags & FRAME_FLAG.PRIORITY) !== 0) from += PRIORITY_FIELDS_BYTES;
    const to = padded ? end - view.getUint8(at) : end;
    if (from > to) {
      this.refuse(flow);
      return;
    }
    const isLast = (flags & FRAME_FLAG.END_HEADERS) !== 0;
    if (isLast && flow.blockBytes === 0) {
      this.endBlock(flow, view, from, to);
      return;
    }
    if (collected) flow.collector?.trim(flow.blockBytes, from, to);
    else if (!this.collect(flow, view, from, to)) return;
    const bytes = flow.collector?.bytes ?? 0;
    flow.blockBytes = bytes;
    if (isLast && flow.collector !== null) this.endBlock(flow, flow.collector.view, 0, bytes);
  }

  private endBlock(flow: Flow, view: DataView, at: number, end: number): void {
    const { fields } = this;
    clearKeptFields(fields);
    const decoded = this.decoder.decode(flow.table, view, at, end, fields);
    this.release(flow);
    if (!decoded) {
      this.counters.hpackErrors++;
      this.lose(flow);
      return;
    }
    learnClient(flow, fields, this.decoder.sawScheme);
    if (fields.unknownNames > 0) inferUnknown(flow, fields, this.decoder.sawScheme);
    this.tellBlock(flow);
  }

  /** A part of the block is missing: what it inserted is not known, nor anything inserted before it. */
  private endBrokenBlock(flow: Flow): void {
    clearKeptFields(this.fields);
    this.fields.unknownNames = 1;
    inferUnknown(flow, this.fields, false);
    this.tellBlock(flow);
  }

  private tellBlock(flow: Flow): void {
    if (!flow.blockTold) return;
    if (isErrorStatus(this.fields.status)) flow.errorStreamId = flow.blockEndStream ? 0 : flow.streamId;
    this.sink.headers(flow.connection.number, flow.side, flow.streamId, this.fields, flow.blockEndStream);
  }

  private breakPayload(flow: Flow): void {
    this.release(flow);
    flow.phase = PHASE.skip;
    if (flow.type === FRAME.SETTINGS) flow.sawSettings = true;
    if (!isBlockFrame(flow.type)) return;
    flow.blockBroken = true;
    flow.table.forget();
  }

  private control(flow: Flow, view: DataView, at: number, end: number): void {
    const { number } = flow.connection;
    const { side, streamId } = flow;
    const ack = (flow.flags & FRAME_FLAG.ACK) !== 0;
    switch (flow.type) {
      case FRAME.RST_STREAM:
        this.sink.rstStream(number, side, streamId, view.getUint32(at));
        break;
      case FRAME.SETTINGS:
        if (!ack) applySettings(flow, view, at, end);
        this.sink.settings(number, side, ack, initialWindowOf(view, at, end));
        break;
      case FRAME.PING:
        this.sink.ping(number, side, ack, view.getInt32(at), view.getInt32(at + 4));
        break;
      case FRAME.GOAWAY:
        this.sink.goaway(number, side, view.getInt32(at) & MASK_31, view.getUint32(at + 4), debugText(view, at, end));
        break;
      case FRAME.WINDOW_UPDATE:
        this.sink.windowUpdate(number, side, streamId, view.getInt32(at) & MASK_31);
        break;
      default:
    }
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
