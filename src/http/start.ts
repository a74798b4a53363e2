import { PROXY_HEADER, PROXY_HEADER_MAX_BYTES, ProxiedClient, readProxyHeader } from '../tcp/index.ts';
import { PHASE, type Flow } from './h2/flow.ts';
import { isBlanked, PREFACE_BYTES, recogniseStart, SPEAKS, type Speaks } from './protocol.ts';
import type { HttpSink } from './sink.ts';

/** Reads the first bytes of flows until they tell what speaks there, over a PROXY header if they begin with one. */
export class StartReader {
  /** Of the flow read last: SPEAKS.more while it is not known. */
  speaks: Speaks = SPEAKS.more;
  /** Where that is known, and the first bytes are still to be read as it: those that came in earlier segments. */
  kept: DataView | null = null;
  keptBytes = 0;
  private readonly sink: HttpSink;
  private readonly client = new ProxiedClient();

  constructor(sink: HttpSink) {
    this.sink = sink;
  }

  /** @returns the offset after what was read; where `speaks` is known, what follows is to be read as that, behind what was kept */
  read(flow: Flow, view: DataView, at: number, end: number): number {
    this.kept = null;
    if (flow.firstBytesCount > 0) return this.readFurther(flow, view, at, end);
    this.speaks = recogniseStart(view, at, end, flow.connection.fromStart);
    if (this.speaks === SPEAKS.more) return keep(flow, PREFACE_BYTES, view, at, end);
    this.tellBlanked(flow, view, at, end);
    return this.speaks === SPEAKS.preface ? at + PREFACE_BYTES : at;
  }

  /** The same, where the first bytes came in several segments. */
  private readFurther(flow: Flow, view: DataView, at: number, end: number): number {
    const next = keep(flow, PREFACE_BYTES, view, at, end);
    const { firstBytes, firstBytesCount } = flow;
    this.speaks = firstBytes === null ? SPEAKS.more : recogniseStart(firstBytes, 0, firstBytesCount, true);
    if (firstBytes === null || this.speaks === SPEAKS.more) return next;
    forget(flow);
    this.tellBlanked(flow, firstBytes, 0, firstBytesCount);
    if (this.speaks !== SPEAKS.preface) this.kept = firstBytes;
    this.keptBytes = firstBytesCount;
    return next;
  }

  private tellBlanked(flow: Flow, view: DataView, at: number, end: number): void {
    const { number } = flow.connection;
    if (this.speaks === SPEAKS.other && number >= 0 && isBlanked(view, at, end)) this.sink.blanked?.(number, flow.side);
  }

  /**
   * Steps over a PROXY header; the flow stands at its start again then.
   * @returns the offset after what was read; `flow.phase` is PHASE.search where it is no such header
   */
  readProxyHeader(flow: Flow, view: DataView, at: number, end: number): number {
    const before = flow.firstBytesCount;
    const kept = flow.firstBytes;
    if (kept !== null) keep(flow, PROXY_HEADER_MAX_BYTES, view, at, end);
    const bytes =
      kept === null
        ? readProxyHeader(view, at, end, this.client)
        : readProxyHeader(kept, 0, flow.firstBytesCount, this.client);
    if (bytes === PROXY_HEADER.cut) {
      if (kept === null) keep(flow, PROXY_HEADER_MAX_BYTES, view, at, end);
      return end;
    }
    forget(flow);
    if (bytes === PROXY_HEADER.none) {
      flow.phase = PHASE.search;
      return at;
    }
    flow.phase = PHASE.start;
    const { number } = flow.connection;
    if (this.client.ipVersion !== 0 && number >= 0) this.sink.proxied?.(number, flow.side, this.client);
    return at + bytes - before;
  }
}

/** Keeps bytes behind the first that are kept, as far as `room` goes. @returns the offset after them */
function keep(flow: Flow, room: number, view: DataView, at: number, end: number): number {
  const kept = (flow.firstBytes ??= new DataView(new ArrayBuffer(room)));
  const taken = Math.min(end - at, kept.byteLength - flow.firstBytesCount);
  for (let i = 0; i < taken; i++) kept.setUint8(flow.firstBytesCount + i, view.getUint8(at + i));
  flow.firstBytesCount += taken;
  return at + taken;
}

function forget(flow: Flow): void {
  flow.firstBytes = null;
  flow.firstBytesCount = 0;
}
