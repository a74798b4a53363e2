import { isKnownDebug } from '../vocabulary.ts';
import type { ByteCopy } from '../packet/copy.ts';
import { copyFieldBlock } from './filler-block.ts';
import { FramedFlow, type Framing } from './framed-flow.ts';
import { FieldBlocks } from './field-blocks.ts';
import type { Likeness } from './likeness.ts';
import type { SizedNames } from './sized-names.ts';

// RFC 9113 §4.1: length, type, flags, a reserved bit and the stream
const TYPE = 3;
const FLAGS = 4;
const STREAM = 5;
const HEADER_BYTES = 9;
const STREAM_MASK = 0x7fffffff;
const FLAG = { endStream: 0x01, ack: 0x01, endHeaders: 0x04, padded: 0x08, priority: 0x20 } as const;
const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
/** RFC 9113 §4.2: the default bound of a frame's payload; few raise it. */
const FRAME_MAX_BYTES = 1024 * 1024;
const SETTING_BYTES = 6;
const SETTINGS_MAX_BYTES = 32 * SETTING_BYTES;
const PRIORITY_BYTES = 5;
/** Frames that one block comes in; more are a flood. */
const SPANS_MAX = 64;
/** No known debug text is longer. */
const DEBUG_MAX_BYTES = 64;
/** RFC 9113 §3.4. */
const PREFACE = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

type OnStream = 'zero' | 'some' | 'any';

interface Kind {
  /** Flags that are defined, and stay. */
  readonly flags: number;
  readonly stream: OnStream;
  /** Least and most bytes of payload. */
  readonly least: number;
  readonly most: number;
  /** Bytes of payload that stay, from its beginning: numbers that the protocol gives a meaning. */
  readonly kept: number;
  /** It has data or fields, and may be padded. */
  readonly hasFields?: boolean;
}

const KINDS: ReadonlyMap<number, Kind> = new Map([
  [
    FRAME.data,
    { flags: FLAG.endStream | FLAG.padded, stream: 'some', least: 0, most: FRAME_MAX_BYTES, kept: 0, hasFields: true },
  ],
  [
    FRAME.headers,
    {
      flags: FLAG.endStream | FLAG.endHeaders | FLAG.padded | FLAG.priority,
      stream: 'some',
      least: 0,
      most: FRAME_MAX_BYTES,
      kept: 0,
      hasFields: true,
    },
  ],
  [FRAME.priority, { flags: 0, stream: 'some', least: PRIORITY_BYTES, most: PRIORITY_BYTES, kept: PRIORITY_BYTES }],
  [FRAME.rstStream, { flags: 0, stream: 'some', least: 4, most: 4, kept: 4 }],
  [FRAME.settings, { flags: FLAG.ack, stream: 'zero', least: 0, most: SETTINGS_MAX_BYTES, kept: SETTINGS_MAX_BYTES }],
  [FRAME.ping, { flags: FLAG.ack, stream: 'zero', least: 8, most: 8, kept: 0 }],
  // Last stream and code; what follows is debug data.
  [FRAME.goaway, { flags: 0, stream: 'zero', least: 8, most: FRAME_MAX_BYTES, kept: 8 }],
  [FRAME.windowUpdate, { flags: 0, stream: 'any', least: 4, most: 4, kept: 4 }],
  [FRAME.continuation, { flags: FLAG.endHeaders, stream: 'some', least: 0, most: FRAME_MAX_BYTES, kept: 0 }],
]);

/** A block of fields in several frames, as far as it came. */
interface OpenBlock {
  readonly copy: ByteCopy;
  readonly spans: readonly { readonly at: number; readonly end: number }[];
}

/** One direction of what runs in a tunnel, and how much of it was there so far. */
interface Inner {
  readonly flow: FramedFlow;
  bytes: number;
}

/**
 * Frames of HTTP/2 of one direction: their headers stay, and of what they carry numbers of the protocol; fields and data have stand-ins. In the DATA of
 * a tunnel the same goes for frames that run there, where it is sure that they are some: from a preface on, or where a DATA frame is frames from
 * end to end. Of anything else there nothing stays.
 */
export class Http2Framing implements Framing {
  readonly headerBytes: number = HEADER_BYTES;
  readonly #likeness: Likeness;
  readonly #blocks: FieldBlocks;
  readonly #inner: ReadonlyMap<number, Inner>;
  #open: OpenBlock | null = null;

  /**
   * @param names   for fields
   * @param tunnels streams in which others run
   */
  constructor(likeness: Likeness, names: SizedNames, tunnels: Iterable<number> = []) {
    this.#likeness = likeness;
    this.#blocks = new FieldBlocks(names);
    const inner = (): Inner => ({ flow: new FramedFlow(new Http2Framing(likeness, names)), bytes: 0 });
    this.#inner = new Map(Array.from(tunnels, (stream) => [stream, inner()]));
  }

  /** What runs in tunnels may lack frames, too. */
  lose(): void {
    for (const { flow } of this.#inner.values()) flow.lose();
  }

  prefaceBytes({ from }: ByteCopy, at: number, end: number): number {
    return end - at >= PREFACE.length && PREFACE.every((byte, i) => from.getUint8(at + i) === byte)
      ? PREFACE.length
      : 0;
  }

  unitBytes(from: DataView, at: number): number {
    const bytes = from.getUint32(at) >>> 8;
    return isFrame(from, at, bytes) ? HEADER_BYTES + bytes : 0;
  }

  copyUnit(copy: ByteCopy, at: number, bytes: number, end: number): void {
    copy.keep(at, HEADER_BYTES);
    const type = copy.from.getUint8(at + TYPE);
    const kind = KINDS.get(type);
    if (kind === undefined) return;
    const payloadAt = at + HEADER_BYTES;
    const payloadEnd = at + bytes;
    const flags = copy.from.getUint8(at + FLAGS);
    // What the length of padding is, is told by its first byte; without that nothing is.
    const hasPadding = kind.hasFields === true && (flags & FLAG.padded) !== 0;
    if (hasPadding && payloadAt >= Math.min(end, payloadEnd)) return;
    const keptBytes = Math.min(hasPadding ? 1 : kind.kept, payloadEnd - payloadAt, Math.max(end - payloadAt, 0));
    copy.keep(payloadAt, keptBytes);
    const contentAt = payloadAt + (hasPadding ? 1 : 0);
    const contentEnd = payloadEnd - (hasPadding ? copy.from.getUint8(payloadAt) : 0);
    if (type === FRAME.goaway) keepKnownDebug(copy, payloadAt + kind.kept, Math.min(payloadEnd, end), payloadEnd);
    else if (type === FRAME.data) this.#copyData(copy, at, contentAt, contentEnd, end);
    else if (type === FRAME.ping) this.#likeness.copy(copy, contentAt, contentEnd - contentAt, end);
    else if (type === FRAME.headers) {
      this.#open = { copy, spans: [] };
      const priorityBytes = (flags & FLAG.priority) === 0 ? 0 : PRIORITY_BYTES;
      this.#copyFields(copy, contentAt + priorityBytes, contentEnd, end, flags);
    } else if (type === FRAME.continuation) this.#copyFields(copy, contentAt, contentEnd, end, flags);
  }

  #copyData(copy: ByteCopy, at: number, contentAt: number, contentEnd: number, end: number): void {
    const inner = this.#inner.get(copy.from.getUint32(at + STREAM));
    if (inner === undefined) {
      this.#likeness.copy(copy, contentAt, contentEnd - contentAt, end);
      return;
    }
    const seq = inner.bytes;
    inner.bytes = (seq + Math.max(contentEnd - contentAt, 0)) >>> 0;
    if (contentEnd > contentAt)
      inner.flow.copy(copy, { at: contentAt, end: Math.min(end, contentEnd), wireEnd: contentEnd, seq });
  }

  /** A block that is there whole has stand-ins; of another a filler takes the place until, or unless, the rest comes. */
  #copyFields(copy: ByteCopy, at: number, fieldsEnd: number, capturedEnd: number, flags: number): void {
    const before = this.#open;
    copyFieldBlock(copy, at, fieldsEnd, capturedEnd, before?.spans.length === 0);
    if (before === null || before.copy !== copy || fieldsEnd > capturedEnd || fieldsEnd < at) {
      this.#loseBlock();
      return;
    }
    const spans = [...before.spans, { at, end: fieldsEnd }];
    this.#open = { copy, spans };
    if ((flags & FLAG.endHeaders) === 0 && spans.length < SPANS_MAX) return;
    this.#open = null;
    const told = this.#blocks.rewritten(joined(copy.from, spans));
    if (told === null) this.#loseBlock();
    else scatter(told, copy.to, spans);
  }

  #loseBlock(): void {
    this.#open = null;
    this.#blocks.lose();
  }
}

/** Texts that programs put there say why, and nothing of whose. */
function keepKnownDebug(copy: ByteCopy, at: number, capturedEnd: number, end: number): void {
  if (capturedEnd < end || end - at > DEBUG_MAX_BYTES) return;
  let text = '';
  for (let next = at; next < end; next++) text += String.fromCharCode(copy.from.getUint8(next));
  if (isKnownDebug(text)) copy.keep(at, end - at);
}

type Spans = OpenBlock['spans'];

function joined(from: DataView, spans: Spans): Uint8Array {
  const whole = new Uint8Array(spans.reduce((sum, { at, end }) => sum + end - at, 0));
  let next = 0;
  for (const { at, end } of spans) {
    whole.set(new Uint8Array(from.buffer, from.byteOffset + at, end - at), next);
    next += end - at;
  }
  return whole;
}

function scatter(bytes: Uint8Array, to: DataView, spans: Spans): void {
  let next = 0;
  for (const { at, end } of spans) {
    new Uint8Array(to.buffer, to.byteOffset + at, end - at).set(bytes.subarray(next, next + end - at));
    next += end - at;
  }
}

function isFrame(from: DataView, at: number, bytes: number): boolean {
  const type = from.getUint8(at + TYPE);
  const kind = KINDS.get(type);
  if (kind === undefined || bytes < kind.least || bytes > kind.most) return false;
  if ((from.getUint8(at + FLAGS) & ~kind.flags) !== 0) return false;
  if (type === FRAME.settings && bytes % SETTING_BYTES !== 0) return false;
  const stream = from.getUint32(at + STREAM);
  if (stream > STREAM_MASK) return false;
  return kind.stream === 'any' || (kind.stream === 'zero') === (stream === 0);
}
