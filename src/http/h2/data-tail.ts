import type { Side } from '../../tcp/index.ts';
import { PREFACE_BYTES } from '../protocol.ts';
import { evidenceOf, FRAME, FRAME_AT, FRAME_HEADER_BYTES, FRAME_UNANNOUNCED_BYTES, isLegal, MASK_31 } from './frame.ts';

/** The flow's frames are not known. */
export const TAIL_UNKNOWN: number = -1;

/** `PRI `, with which the client's first bytes begin (RFC 9113 §3.4). */
const PREFACE_START = 0x5052_4920;

interface FlowState {
  isFollowed: boolean;
  /** Of a header that is cut by the end of a segment. */
  readonly header: DataView;
  headerBytes: number;
  /** Bytes of the frame's payload that have not come. */
  remaining: number;
  isData: boolean;
}

/**
 * Tells of each packet from where on it has nothing but the data of one DATA frame (RFC 9113 §6.1). What lies there can be missing, and
 * all frames are still found: the gap is inside one payload, whose end its header tells.
 * Much less than `HttpPass`, for few connections: no field block is read.
 */
export class DataTails {
  /** By connection and side. */
  readonly #flows = new Map<number, FlowState>();

  /** A connection begins, or one of the same number. */
  opened(connection: number): void {
    for (const side of [0, 1] as const) this.#flows.delete(2 * connection + side);
  }

  /** Bytes of a flow will not come. */
  gap(connection: number, side: Side): void {
    this.#flows.delete(2 * connection + side);
  }

  /** Whether the flow's frames are known. */
  isFollowed(connection: number, side: Side): boolean {
    return this.#flows.get(2 * connection + side)?.isFollowed ?? false;
  }

  /**
   * Takes the next bytes of a flow.
   * @returns the offset in `view` from which on there is only data of the last frame; `end` where the last is no DATA; TAIL_UNKNOWN
   */
  bytes(connection: number, side: Side, view: DataView, at: number, end: number): number {
    const flow = this.#flowOf(2 * connection + side);
    let next = flow.isFollowed ? at : beginning(view, at, end);
    if (next === TAIL_UNKNOWN) return TAIL_UNKNOWN;
    flow.isFollowed = true;
    let tail = end;
    while (next < end) {
      if (flow.remaining > 0) {
        tail = flow.isData ? next : end;
        const taken = Math.min(flow.remaining, end - next);
        flow.remaining -= taken;
        next += taken;
        continue;
      }
      tail = end;
      next = readHeader(flow, view, next, end);
      if (next !== TAIL_UNKNOWN) continue;
      this.gap(connection, side);
      return TAIL_UNKNOWN;
    }
    return tail;
  }

  #flowOf(key: number): FlowState {
    const known = this.#flows.get(key);
    if (known !== undefined) return known;
    const header = new DataView(new ArrayBuffer(FRAME_HEADER_BYTES));
    const flow = { isFollowed: false, header, headerBytes: 0, remaining: 0, isData: false };
    this.#flows.set(key, flow);
    return flow;
  }
}

/** Takes what there is of a frame's header. @returns the offset after it; TAIL_UNKNOWN where it is none */
function readHeader(flow: FlowState, view: DataView, at: number, end: number): number {
  const { header } = flow;
  let next = at;
  while (next < end && flow.headerBytes < FRAME_HEADER_BYTES)
    header.setUint8(flow.headerBytes++, view.getUint8(next++));
  if (flow.headerBytes < FRAME_HEADER_BYTES) return next;
  flow.headerBytes = 0;
  const { length, type, streamWord } = headerAt(header, 0);
  if (length > FRAME_UNANNOUNCED_BYTES || !isLegal(type, streamWord & MASK_31, length)) return TAIL_UNKNOWN;
  flow.remaining = length;
  flow.isData = type === FRAME.DATA;
  return next;
}

/**
 * Where the frames of a flow begin whose beginning was not seen: behind the preface, or at once where headers that an orderly sender
 * wrote follow each other from the first byte to the last.
 */
function beginning(view: DataView, at: number, end: number): number {
  if (end - at >= PREFACE_BYTES && view.getInt32(at) === PREFACE_START) return at + PREFACE_BYTES;
  let next = at;
  while (end - next >= FRAME_HEADER_BYTES) {
    const { length, type, flags, streamWord } = headerAt(view, next);
    if (evidenceOf(type, flags, streamWord, length) === 0) return TAIL_UNKNOWN;
    next += FRAME_HEADER_BYTES + length;
    if (next === end) return at;
  }
  return TAIL_UNKNOWN;
}

interface Header {
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly streamWord: number;
}

function headerAt(view: DataView, at: number): Header {
  return {
    length: view.getInt32(at) >>> 8,
    type: view.getUint8(at + FRAME_AT.type),
    flags: view.getUint8(at + FRAME_AT.flags),
    streamWord: view.getInt32(at + FRAME_AT.stream),
  };
}
