import { UNKNOWN_BYTES } from '../../tls/index.ts';
import type { HttpCounters } from '../counters.ts';
import { ReasonReader, SAYS } from '../reason-reader.ts';
import type { HttpSink } from '../sink.ts';
import type { TunnelBook } from '../tunnels.ts';
import type { CollectorPool } from './collector.ts';
import { fingerprintOf } from './fingerprint.ts';
import { PHASE, type Flow } from './flow.ts';
import { FRAME_FLAG } from './frame.ts';

/** No DATA frame is like this: its padding is as long as its payload or longer (RFC 9113 §6.1). */
export const ILLEGAL = -1;

/** Reads DATA frames (RFC 9113 §6.1). What they hold is counted, or goes on to its tunnel; else only what may say why something failed is looked at. */
export class DataFrames {
  private readonly sink: HttpSink;
  private readonly reasons: ReasonReader;
  private readonly tunnels: TunnelBook;

  constructor(sink: HttpSink, counters: HttpCounters, collectors: CollectorPool, tunnels: TunnelBook) {
    this.sink = sink;
    this.tunnels = tunnels;
    this.reasons = new ReasonReader(sink, counters, collectors);
  }

  /** The flow's frame is DATA, and its payload comes next. @returns false where it is illegal */
  begin(flow: Flow): boolean {
    const padded = (flow.flags & FRAME_FLAG.PADDED) !== 0;
    flow.padBytes = padded ? -1 : 0;
    flow.fingerprint = 0;
    flow.phase = PHASE.data;
    const { tunnels, unseenBelow } = flow.connection;
    flow.tunnel = tunnels === null && flow.streamId >= unseenBelow ? null : this.tunnels.of(flow);
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
    const { tunnel } = flow;
    if (isFirst && next < end && tunnel?.isTold !== true) this.first(flow, view, next, end);
    if (flow.says !== SAYS.nothing) this.say(flow, view, next, end);
    const taken = Math.min(flow.remaining, end - next);
    const dataEnd = Math.min(end, next + unpaddedBytes(flow));
    if (tunnel !== null) this.tunnels.bytes(tunnel, flow.side, view, next, dataEnd);
    if (tunnel?.isTold !== true && taken === flow.remaining)
      this.reasons.last(flow.connection.number, flow.streamId, view, next, dataEnd);
    flow.remaining -= taken;
    return next + taken;
  }

  /** Bytes of its payload are missing. Call before they are taken off what remains of it. */
  gap(flow: Flow, lostBytes: number): void {
    if (flow.tunnel !== null) {
      // Where the length of the padding is among what is missing, so may be any part of the data.
      const lost = flow.padBytes < 0 ? UNKNOWN_BYTES : Math.min(lostBytes, unpaddedBytes(flow));
      if (lost > 0) this.tunnels.gap(flow.tunnel, flow.side, lost);
    }
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
    const endsTunnel = endStream && flow.tunnel !== null;
    if (endsTunnel) this.tunnels.finish(flow);
    // It has no body.
    if (endStream) flow.errors?.take(flow.streamId);
    this.sink.data(flow.connection.number, flow.side, flow.streamId, dataBytes, flow.fingerprint, endStream);
    if (endsTunnel) this.tunnels.settle(flow);
  }

  /** The first bytes of its data. */
  private first(flow: Flow, view: DataView, at: number, end: number): void {
    const { connection, side, streamId } = flow;
    const dataBytes = unpaddedBytes(flow);
    if (dataBytes <= 0) return;
    if (this.sink.wantsPayload(connection.number, side, streamId)) {
      flow.fingerprint = fingerprintOf(view, at, end, dataBytes);
    }
    const isError = flow.errors?.take(streamId) ?? false;
    this.reasons.expect(flow, isError, view, at, Math.min(end, at + dataBytes), end - at < dataBytes);
  }

  private say(flow: Flow, view: DataView, at: number, end: number): void {
    const rest = at + unpaddedBytes(flow);
    const to = Math.min(end, rest);
    this.reasons.take(flow, flow.connection.number, flow.streamId, view, at, to, to === rest);
  }
}

/** What remains of its data, without the padding behind them. */
function unpaddedBytes({ remaining, padBytes }: Flow): number {
  return remaining - Math.max(0, padBytes - 1);
}
