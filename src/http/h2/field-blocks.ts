import type { HttpCounters } from '../counters.ts';
import { clearKeptFields, createKeptFields } from '../headers.ts';
import { FieldDecoder } from '../hpack/decode.ts';
import type { HttpSink, KeptFields } from '../sink.ts';
import { isErrorStatus } from '../status.ts';
import type { TunnelBook } from '../tunnels.ts';
import type { CollectorPool } from './collector.ts';
import { ErrorStreams } from './error-streams.ts';
import type { Flow } from './flow.ts';
import { FRAME, FRAME_FLAG, PRIORITY_FIELDS_BYTES, PROMISED_STREAM_BYTES } from './frame.ts';
import { inferUnknown, learnClient } from './infer.ts';

/** Puts field blocks together from HEADERS, PUSH_PROMISE and CONTINUATION, decodes them and tells them (RFC 9113 §4.3). */
export class FieldBlocks {
  readonly decoder: FieldDecoder = new FieldDecoder();
  private readonly sink: HttpSink;
  private readonly counters: HttpCounters;
  private readonly collectors: CollectorPool;
  private readonly tunnels: TunnelBook;
  private readonly fields: KeptFields = createKeptFields();

  constructor(sink: HttpSink, counters: HttpCounters, collectors: CollectorPool, tunnels: TunnelBook) {
    this.sink = sink;
    this.counters = counters;
    this.collectors = collectors;
    this.tunnels = tunnels;
  }

  /**
   * Takes the field block's part out of a frame's payload (RFC 9113 §6.2, §6.6, §6.10).
   * @param collected  whether `view` is that of the flow's collector
   * @returns false where the flow's frames cannot be followed any more, which is counted
   */
  fragment(flow: Flow, view: DataView, at: number, end: number, collected: boolean): boolean {
    const { flags, type } = flow;
    const padded = type !== FRAME.CONTINUATION && (flags & FRAME_FLAG.PADDED) !== 0;
    let from = padded ? at + 1 : at;
    if (type === FRAME.PUSH_PROMISE) from += PROMISED_STREAM_BYTES;
    if (type === FRAME.HEADERS && (flags & FRAME_FLAG.PRIORITY) !== 0) from += PRIORITY_FIELDS_BYTES;
    // The length of the padding may itself be missing.
    const to = padded && from <= end ? end - view.getUint8(at) : end;
    if (from > to) {
      this.counters.illegalFrames++;
      return false;
    }
    const isLast = (flags & FRAME_FLAG.END_HEADERS) !== 0;
    if (isLast && flow.blockBytes === 0) return this.end(flow, view, from, to);
    if (collected) flow.collector?.trim(flow.blockBytes, from, to);
    else if (!this.collectors.collect(flow, view, from, to)) {
      this.counters.collectLimit++;
      return false;
    }
    const bytes = flow.collector?.bytes ?? 0;
    flow.blockBytes = bytes;
    if (isLast && flow.collector !== null) return this.end(flow, flow.collector.view, 0, bytes);
    return true;
  }

  /** The block is whole, and is [at, end). @returns as `fragment` does */
  end(flow: Flow, view: DataView, at: number, end: number): boolean {
    const { fields } = this;
    clearKeptFields(fields);
    const decoded = this.decoder.decode(flow.table, view, at, end, fields);
    this.collectors.release(flow);
    flow.blockBytes = 0;
    if (!decoded) {
      this.counters.hpackErrors++;
      return false;
    }
    learnClient(flow, fields, this.decoder.sawScheme);
    if (fields.unknownNames > 0) inferUnknown(flow, fields, this.decoder.sawScheme);
    this.tell(flow, this.decoder.sawScheme);
    return true;
  }

  /** A part of the block is missing: what it inserted is not known, nor anything inserted before it. */
  endBroken(flow: Flow): void {
    clearKeptFields(this.fields);
    this.fields.unknownNames = 1;
    inferUnknown(flow, this.fields, false);
    this.tell(flow, false);
  }

  private tell(flow: Flow, sawScheme: boolean): void {
    if (!flow.blockTold) return;
    this.tunnels.headers(flow, this.fields, sawScheme);
    const endsTunnel = flow.blockEndStream && flow.connection.tunnels !== null;
    if (endsTunnel) this.tunnels.finish(flow);
    if (isErrorStatus(this.fields.status) && !flow.blockEndStream) this.awaitBody(flow);
    this.sink.headers(flow.connection.number, flow.side, flow.streamId, this.fields, flow.blockEndStream);
    if (endsTunnel) this.tunnels.settle(flow);
  }

  private awaitBody(flow: Flow): void {
    flow.errors ??= new ErrorStreams();
    if (!flow.errors.add(flow.streamId)) this.counters.errorLimit++;
  }
}
