import { errorReason } from '../error-reason.ts';
import type { HttpSink } from '../sink.ts';
import { fingerprintOf } from './fingerprint.ts';
import { PHASE, type Flow } from './flow.ts';
import { FRAME_FLAG } from './frame.ts';

/** No DATA frame is like this: its padding is as long as its payload or longer (RFC 9113 §6.1). */
export const ILLEGAL = -1;

/** Reads DATA frames (RFC 9113 §6.1). What they hold is counted, never copied. */
export class DataFrames {
  private readonly sink: HttpSink;

  constructor(sink: HttpSink) {
    this.sink = sink;
  }

  /** The flow's frame is DATA, and its payload comes next. @returns false where it is illegal */
  begin(flow: Flow): boolean {
    const padded = (flow.flags & FRAME_FLAG.PADDED) !== 0;
    flow.padBytes = padded ? -1 : 0;
    flow.fingerprint = 0;
    flow.phase = PHASE.data;
    return flow.length > 0 || !padded;
  }

  /** @returns the offset after what was read, at most `end`; ILLEGAL after the byte that says so */
  read(flow: Flow, view: DataView, at: number, end: number): number {
    let next = at;
    if (flow.padBytes < 0) {
      flow.padBytes = view.getUint8(next++) + 1;
      flow.remaining--;
      if (flow.padBytes > flow.length) return ILLEGAL;
    }
    const isFirst = flow.remaining === flow.length - (flow.padBytes > 0 ? 1 : 0);
    if (isFirst && next < end && this.sink.wantsPayload(flow.connection.number, flow.side, flow.streamId)) {
      flow.fingerprint = fingerprintOf(view, next, end, flow.length - flow.padBytes);
    }
    if (flow.streamId === flow.errorStreamId && next < end) this.tellReason(flow, view, next, end);
    const taken = Math.min(flow.remaining, end - next);
    flow.remaining -= taken;
    return next + taken;
  }

  /** Bytes of its payload are missing. */
  gap(flow: Flow): void {
    if (flow.padBytes < 0) flow.padBytes = 1; // how much padding is not known
  }

  /** The whole payload went by. */
  end(flow: Flow): void {
    flow.phase = PHASE.header;
    const endStream = (flow.flags & FRAME_FLAG.END_STREAM) !== 0;
    const dataBytes = flow.length - flow.padBytes;
    this.sink.data(flow.connection.number, flow.side, flow.streamId, dataBytes, flow.fingerprint, endStream);
  }

  private tellReason(flow: Flow, view: DataView, at: number, end: number): void {
    flow.errorStreamId = 0;
    const reason = errorReason(view, at, Math.min(end, at + flow.remaining));
    if (reason !== null) this.sink.reason?.(flow.connection.number, flow.streamId, reason);
  }
}
