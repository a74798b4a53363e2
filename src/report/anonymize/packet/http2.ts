import type { PacketCopy } from './copy.ts';
import { copyFieldBlock } from './field-block.ts';
import type { Framing } from './framed-flow.ts';
import type { Likeness } from './likeness.ts';

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

/** Frames of HTTP/2 in clear: their headers stay, and of what they carry numbers of the protocol; fields and data do not. */
export class Http2Framing implements Framing {
  readonly headerBytes: number = HEADER_BYTES;
  readonly #likeness: Likeness;

  constructor(likeness: Likeness) {
    this.#likeness = likeness;
  }

  prefaceBytes({ from }: PacketCopy, at: number, end: number): number {
    return end - at >= PREFACE.length && PREFACE.every((byte, i) => from.getUint8(at + i) === byte)
      ? PREFACE.length
      : 0;
  }

  unitBytes(from: DataView, at: number): number {
    const bytes = from.getUint32(at) >>> 8;
    return isFrame(from, at, bytes) ? HEADER_BYTES + bytes : 0;
  }

  copyUnit(copy: PacketCopy, at: number, bytes: number, end: number): void {
    copyFrame(copy, at, bytes - HEADER_BYTES, end, this.#likeness);
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

function copyFrame(copy: PacketCopy, at: number, bytes: number, end: number, likeness: Likeness): void {
  copy.keep(at, HEADER_BYTES);
  const type = copy.from.getUint8(at + TYPE);
  const kind = KINDS.get(type);
  if (kind === undefined) return;
  const payloadAt = at + HEADER_BYTES;
  const payloadEnd = payloadAt + bytes;
  const flags = copy.from.getUint8(at + FLAGS);
  // What the length of padding is, is told by its first byte; without that nothing is.
  const hasPadding = kind.hasFields && (flags & FLAG.padded) !== 0;
  if (hasPadding && payloadAt >= Math.min(end, payloadEnd)) return;
  copy.keep(payloadAt, Math.min(hasPadding ? 1 : kind.kept, bytes, Math.max(end - payloadAt, 0)));
  const contentAt = payloadAt + (hasPadding ? 1 : 0);
  const contentEnd = payloadEnd - (hasPadding ? copy.from.getUint8(payloadAt) : 0);
  if (type === FRAME.data || type === FRAME.ping) likeness.copy(copy, contentAt, contentEnd - contentAt, end);
  if (type === FRAME.continuation) copyFieldBlock(copy, contentAt, contentEnd, end, false);
  if (type !== FRAME.headers) return;
  const priorityBytes = (flags & FLAG.priority) === 0 ? 0 : PRIORITY_BYTES;
  copyFieldBlock(copy, contentAt + priorityBytes, contentEnd, end, true);
}
