import { beginsProxyHeader, PROXY_START_BYTES } from '../tcp/index.ts';
import { CONTENT, isRecordChain, isRecordStart } from '../tls/index.ts';
import { beginsChunks } from './h1/chunk-size.ts';
import { isLineEnd } from './h1/line-feed.ts';
import { FRAME, FRAME_AT, FRAME_HEADER_BYTES, SETTING_BYTES } from './h2/frame.ts';

/** What a flow's bytes say of its protocol. */
export const SPEAKS = {
  /** Nothing that is known here. */
  other: 0,
  /** Too few bytes to tell. */
  more: 1,
  /** The client's HTTP/2 preface (RFC 9113 §3.4). */
  preface: 2,
  /** The server's: a SETTINGS frame. */
  serverPreface: 3,
  tls: 4,
  http1: 5,
  /** A PROXY header; what follows it is a start of its own. */
  proxyHeader: 6,
} as const;
export type Speaks = (typeof SPEAKS)[keyof typeof SPEAKS];

const PREFACE = bytesOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Length of the client's preface without its SETTINGS; with so many bytes every protocol here can be told. */
export const PREFACE_BYTES: number = PREFACE.length;

/** A response's start (RFC 9112 §4), and methods with what must follow them (§3). */
const RESPONSE_START = bytesOf('HTTP/1.');
const REQUEST_STARTS: readonly Uint8Array[] = [
  'GET /',
  'HEAD /',
  'POST /',
  'PUT /',
  'PATCH /',
  'DELETE /',
  'OPTIONS ',
  'TRACE /',
  'CONNECT ',
  'GET http',
  'POST http',
].map(bytesOf);

const SPACE = 0x20;
const SLASH = 0x2f;
const HYPHEN = 0x2d;
const UNDERSCORE = 0x5f;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const LOWER_H = 0x68;
const CASE_BIT = 0x20;

/** More parameters than a server's first SETTINGS ever had; six are defined. */
const FIRST_SETTINGS_MAX_BYTES: number = 64 * SETTING_BYTES;

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * What the first bytes of a connection's flow say.
 * @param isStart  they are really the first that were sent; else only what cannot be mistaken is told, and never `more`
 */
export function recogniseStart(view: DataView, at: number, end: number, isStart: boolean): Speaks {
  const matched = matchedBytes(view, at, end, PREFACE);
  if (matched === PREFACE_BYTES) return SPEAKS.preface;
  if (!isStart) return recogniseSegment(view, at, end);
  if (matched === end - at || end - at < FRAME_HEADER_BYTES) return SPEAKS.more;
  if (beginsProxyHeader(view, at, end)) return end - at < PROXY_START_BYTES ? SPEAKS.more : SPEAKS.proxyHeader;
  if (isRecordStart(view, at, end) && view.getUint8(at) !== CONTENT.applicationData) return SPEAKS.tls;
  if (beginsMessage(view, at, end) || beginsRareRequest(view, at, end)) return SPEAKS.http1;
  if (isServerPreface(view, at)) return SPEAKS.serverPreface;
  return isLineEnd(view.getUint8(at)) ? recogniseBehindLines(view, at, end) : SPEAKS.other;
}

/** RFC 9112 §2.2: empty lines may stand before a request. */
function recogniseBehindLines(view: DataView, at: number, end: number): Speaks {
  let next = at;
  while (next < end && isLineEnd(view.getUint8(next))) next++;
  if (end - next < FRAME_HEADER_BYTES && end - at < PREFACE_BYTES) return SPEAKS.more;
  return beginsMessage(view, next, end) || beginsRareRequest(view, next, end) ? SPEAKS.http1 : SPEAKS.other;
}

/** Whether there are zeros where every protocol has something: somebody took the payload away. */
export function isBlanked(view: DataView, at: number, end: number): boolean {
  if (end - at < FRAME_HEADER_BYTES) return false;
  for (let next = at; next < Math.min(end, at + PREFACE_BYTES); next++) if (view.getUint8(next) !== 0) return false;
  return true;
}

/** What a segment from the middle of a flow says, if it begins with a message, the chunks of one, or TLS records. */
export function recogniseSegment(view: DataView, at: number, end: number): Speaks {
  if (isRecordChain(view, at, end)) return SPEAKS.tls;
  return beginsMessage(view, at, end) || beginsChunks(view, at, end) ? SPEAKS.http1 : SPEAKS.other;
}

function matchedBytes(view: DataView, at: number, end: number, text: Uint8Array): number {
  const most = Math.min(text.length, end - at);
  let matched = 0;
  while (matched < most && view.getUint8(at + matched) === text[matched]) matched++;
  return matched;
}

/** Whether an HTTP/1.1 message begins here. */
export function beginsMessage(view: DataView, at: number, end: number): boolean {
  if (beginsResponse(view, at, end)) return true;
  for (const start of REQUEST_STARTS) if (matchedBytes(view, at, end, start) === start.length) return true;
  return false;
}

/** Whether it is a response, where a message begins here. */
export function beginsResponse(view: DataView, at: number, end: number): boolean {
  return matchedBytes(view, at, end, RESPONSE_START) === RESPONSE_START.length;
}

/** Any method, and a path or http in any case: enough at a connection's start, where other protocols greet in other ways. */
function beginsRareRequest(view: DataView, at: number, end: number): boolean {
  let next = at;
  while (next < end && isMethodByte(view.getUint8(next))) next++;
  if (next === at || next + 1 >= end || view.getUint8(next) !== SPACE) return false;
  const target = view.getUint8(next + 1);
  return target === SLASH || (target | CASE_BIT) === LOWER_H;
}

function isMethodByte(byte: number): boolean {
  return (byte >= UPPER_A && byte <= UPPER_Z) || byte === UNDERSCORE || byte === HYPHEN;
}

/** RFC 9113 §3.4: the server's first frame is SETTINGS, not an acknowledgement. */
function isServerPreface(view: DataView, at: number): boolean {
  const lengthAndType = view.getInt32(at);
  const length = lengthAndType >>> 8;
  return (
    (lengthAndType & 0xff) === FRAME.SETTINGS &&
    length % SETTING_BYTES === 0 &&
    length <= FIRST_SETTINGS_MAX_BYTES &&
    view.getUint8(at + FRAME_AT.flags) === 0 &&
    view.getInt32(at + FRAME_AT.stream) === 0
  );
}
