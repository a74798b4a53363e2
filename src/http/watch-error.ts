import { bodyText, isGzip, LOOKED_AT_BYTES } from './body-text.ts';
import { cborText, cborValue } from './cbor.ts';
import { CBOR_START, statusOf, statusReason, type StatusReason } from './kubernetes-status.ts';
import { latin1Of } from './latin1.ts';
import { bytesField } from './protobuf.ts';

/** How a watch tells that it cannot go on: an event of this type, with a Status (metav1.WatchEvent). */
const ERROR_TYPE = 'ERROR';
const JSON_EVENT = '{"type":"ERROR","object":';
/** In protobuf the message stands behind its length in four bytes; its fields, and that of its RawExtension. */
const PROTOBUF_LENGTH_BYTES = 4;
const FIELD = { type: 1, object: 2, rawExtension: 1 } as const;
/** In CBOR it is a map of two, in any order: here one that begins with the object. */
const CBOR_OBJECT_FIRST = `${CBOR_START}\xa2\x46object`;

/** By its first byte: what else tells it at its start, a word in its first START_BYTES. */
const FIRST_BYTE = { json: 0x7b, protobuf: 0, cbor: 0xd9, gzip: 0x1f } as const;
const START_BYTES = 12;
/** `"ERR` */
const JSON_WORD = 0x22455252;
const JSON_WORD_AT = 8;
/** Tag and length of the type, `ER` */
const PROTOBUF_WORD = 0x0a054552;
/** Of a map that begins with the type: the end of its key, its length, `ER` */
const CBOR_WORD = 0x65454552;
const CBOR_WORD_AT = 8;
/** The same as text of so many bytes, for a start that is cut; where it may be anything, as the length in protobuf, there is a question mark. */
const ANY = '?';
const STARTS: readonly string[] = [
  JSON_EVENT,
  `\0???\n\x05ERROR?`,
  `${CBOR_START}\xa2\x44type\x45ER`,
  '\x1f\x8b\x08\0????????',
];

/** What tells it at its end: a code and `}}` in a line of JSON, where other events say no number last; the type that comes last in CBOR. */
const LAST_BYTES = 4;
const CODE_LINE = 0x307d7d0a;
const ANY_DIGIT: number = ~0x0f000000;
const RROR = 0x52524f52;

/**
 * A cheap look at the first bytes of a DATA frame or a chunk: may it be an ERROR event?
 * @param isCut  more of it comes behind `end`
 */
export function mayBeWatchError(view: DataView, at: number, end: number, isCut: boolean): boolean {
  if (end - at < START_BYTES) return isCut && mayBecomeWatchError(latin1Of(view, at, end));
  switch (view.getUint8(at)) {
    case FIRST_BYTE.json:
      return view.getInt32(at + JSON_WORD_AT) === JSON_WORD;
    case FIRST_BYTE.protobuf:
      return view.getInt32(at + PROTOBUF_LENGTH_BYTES) === PROTOBUF_WORD;
    case FIRST_BYTE.cbor:
      return view.getInt32(at + CBOR_WORD_AT) === CBOR_WORD;
    case FIRST_BYTE.gzip:
      return isGzip(view, at, end);
    default:
      return false;
  }
}

function mayBecomeWatchError(text: string): boolean {
  return STARTS.some((start) => Array.from(text).every((byte, i) => start[i] === ANY || start[i] === byte));
}

/**
 * The reason that the ERROR event of a watch gives, from its start, which is [at, end); null where it is none. Of what is coded by gzip only
 * the first event can be read: a later one needs all before it.
 */
export function watchErrorReason(view: DataView, at: number, end: number): StatusReason | null {
  return mayBeWatchError(view, at, end, false) ? reasonOf(bodyText(view, at, end)) : null;
}

/**
 * The same of an event behind others, that is the last of a DATA frame or chunk, as it always is: after it the server ends the watch.
 * @param at  of the bytes before `end`, the frame's or chunk's, that lie in one segment
 */
export function lastWatchErrorReason(view: DataView, at: number, end: number): StatusReason | null {
  if (end - at < START_BYTES) return null;
  const last = view.getInt32(end - LAST_BYTES);
  if (last === RROR) return lastOf(view, at, end, CBOR_OBJECT_FIRST, 0);
  return (last & ANY_DIGIT) === CODE_LINE ? lastOf(view, at, end, `\n${JSON_EVENT}`, 1) : null;
}

/** @param skipped  bytes of `start` that stand before the event */
function lastOf(view: DataView, at: number, end: number, start: string, skipped: number): StatusReason | null {
  const text = latin1Of(view, Math.max(at, end - LOOKED_AT_BYTES), end);
  const startAt = text.lastIndexOf(start);
  return startAt < 0 ? null : reasonOf(text.slice(startAt + skipped));
}

function reasonOf(event: string): StatusReason | null {
  if (event.startsWith(JSON_EVENT)) return statusReason(event.slice(JSON_EVENT.length));
  return event.startsWith(CBOR_START) ? ofCbor(event) : ofProtobuf(event.slice(PROTOBUF_LENGTH_BYTES));
}

function ofCbor(event: string): StatusReason | null {
  if (cborText(cborValue(event, 'type') ?? '') !== ERROR_TYPE) return null;
  return statusReason(cborValue(event, 'object') ?? '');
}

function ofProtobuf(event: string): StatusReason | null {
  if (bytesField(event, FIELD.type) !== ERROR_TYPE) return null;
  return statusReason(bytesField(bytesField(event, FIELD.object) ?? '', FIELD.rawExtension) ?? '');
}

/** The shortest event from which this reason is read. */
export function watchErrorOf(reason: StatusReason): string {
  return `${JSON_EVENT}${statusOf(reason)}}`;
}
