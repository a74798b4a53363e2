import { ReasonReader, SAYS } from '../reason-reader.ts';
import type { HttpSink } from '../sink.ts';
import type { CollectorPool } from './collector.ts';
import { fingerprintOf } from './fingerprint.ts';
import { PHASE, type Flow } from './flow.ts';
import { FRAME_FLAG } from './frame.ts';

/** No DATA frame is like this: its padding is as long as its payload or longer (RFC 9113 §6.1). */
export const ILLEGAL = -1;

/** Reads DATA frames (RFC 9113 §6.1). What they hold is counted; only what may say why something failed is looked at. */
export class DataFrames {
  private readonly sink: HttpSink;
  private readonly reasons: ReasonReader;

  constructor(sink: HttpSink, collectors: CollectorPool) {
    this.sink = sink;
    this.reasons = new ReasonReader(sink, collectors);
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
    if (isFirst && next < end) this.first(flow, view, next, end);
    if (flow.says !== SAYS.nothing) this.say(flow, view, next, end);
    const taken = Math.min(flow.remaining, end - next);
    flow.remaining -= taken;
    return next + taken;
  }

  /** Bytes of its payload are missing. */
  gap(flow: Flow): void {
    if (flow.padBytes < 0) flow.padBytes = 1; // how much padding is not known
    this.drop(flow);
  }

  /** What it may say is not followed any more. */
  drop(flow: Flow): void {
    if (flow.says !== SAYS.nothing) this.reasons.drop(flow);
  }

  /** The whole payload went by. */
  end(flow: Flow): void {
    flow.phase = PHASE.header;
    const endStream = (flow.flags & FRAME_FLAG.END_STREAM) !== 0;
    const dataBytes = flow.length - flow.padBytes;
    this.sink.data(flow.connection.number, flow.side, flow.streamId, dataBytes, flow.fingerprint, endStream);
  }

  /** The first bytes of its data. */
  private first(flow: Flow, view: DataView, at: number, end: number): void {
    const { connection, side, streamId } = flow;
    if (this.sink.wantsPayload(connection.number, side, streamId)) {
      flow.fingerprint = fingerprintOf(view, at, end, flow.length - flow.padBytes);
    }
    const isError = streamId === flow.errorStreamId;
    if (isError) flow.errorStreamId = 0;
    this.reasons.expect(flow, isError, view, at, end);
  }

  private say(flow: Flow, view: DataView, at: number, end: number): void {
    const rest = at + flow.remaining - Math.max(0, flow.padBytes - 1);
    const to = Math.min(end, rest);
    this.reasons.take(flow, flow.connection.number, flow.streamId, view, at, to, to === rest);
  }
}
