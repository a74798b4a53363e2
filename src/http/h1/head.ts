import { clearKeptFields, FIELD, fieldKind, FIRST_KEPT, KEPT_NAME_MAX_BYTES, setField } from '../headers.ts';
import { mask, maskAuthority, MASKING, maskingOf, maskPath, type Masking } from '../masking.ts';
import type { KeptFields } from '../sink.ts';
import { CR, findLineFeed } from './line-feed.ts';
import { TextReader } from './text.ts';

/** How long a message's body is (RFC 9112 §6.3). */
export const BODY = {
  none: 0,
  /** `contentLength` bytes. */
  length: 1,
  chunked: 2,
  /** Until the connection closes; of a response only. */
  untilClose: 3,
  /** Its fields contradict each other, or are missing: where the message ends cannot be told. */
  unknown: 4,
} as const;
export type Body = (typeof BODY)[keyof typeof BODY];

/** What one head said beside its kept fields. Reused: valid until the next one is read. */
export class Head {
  isRequest = false;
  /** Of a response, 100 to 999; 0 for a request. */
  status = 0;
  isHead = false;
  isConnect = false;
  /** A request whose body has no meaning (RFC 9110 §9.3.1, §9.3.2): GET or HEAD. */
  hasUsuallyNoBody = false;
  /** The value of Upgrade in lower case; empty where there is none. */
  upgrade = '';
  contentLength = 0;
  hasContentLength = false;
  /** Two lengths, or something that is no length. */
  isLengthBroken = false;
  hasTransferEncoding = false;
  /** The last coding is "chunked". */
  isChunked = false;
  /** Its end is missing, and with it perhaps fields that say how long the body is. */
  isCut = false;

  clear(): void {
    this.isRequest = false;
    this.status = 0;
    this.isHead = false;
    this.isConnect = false;
    this.hasUsuallyNoBody = false;
    this.upgrade = '';
    this.contentLength = 0;
    this.hasContentLength = false;
    this.isLengthBroken = false;
    this.hasTransferEncoding = false;
    this.isChunked = false;
    this.isCut = false;
  }
}

const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const CASE_BIT = 0x20;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const VERSION = bytesOf('HTTP/1.');
const STATUS_AT = 9;
const STATUS_LINE_MIN_BYTES = 12; // "HTTP/1.1 200"
/** Longest method and longest name that means anything here; one byte more tells that a longer one is none. */
const METHOD_MAX_BYTES = 24;
const NAME_MAX_BYTES: number = Math.max(KEPT_NAME_MAX_BYTES, 'transfer-encoding'.length);
/** 2^53 has sixteen digits. */
const LENGTH_MAX_DIGITS = 15;
const DIGITS = /^\d+$/;
const STATUS = /^[1-9]\d\d$/;
/** RFC 9110 §9.1: a token; those in use are of capital letters, M-SEARCH with a hyphen, CCM_POST with an underscore. */
const METHOD = /^[A-Z][A-Z_-]*$/;
/** Where a value goes on in the next line; it stands for a space (RFC 9112 §5.2). */
const FOLD = /[ \t]*\r?\n[ \t]+/g;
const CHUNKED_LAST = /(?:^|,)[ \t]*chunked$/i;
/** RFC 9112 §3.2.2, without the user information that RFC 9110 §4.2.4 forbids and which may be a password. */
const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*)(.*)$/is;

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Reads heads of messages (RFC 9112 §2.1) into kept fields and framing. */
export class HeadReader {
  readonly head: Head = new Head();
  /** Kept fields told as null because they were too long. */
  longValues = 0;
  private readonly texts = new TextReader();
  private readonly name = new Uint8Array(NAME_MAX_BYTES + 1);
  private nameBytes = 0;
  /** The field in hand goes over several lines. */
  private isFolded = false;

  /**
   * Reads a whole head, from its start line to the empty line.
   * @returns false where the start line is neither a request's nor a response's; `fields` and `head` then say nothing
   */
  read(view: DataView, at: number, end: number, fields: KeptFields): boolean {
    clearKeptFields(fields);
    this.head.clear();
    this.isFolded = false;
    const lineEnd = endOfLine(view, at, end);
    const isResponse = startsWith(view, at, lineEnd, VERSION);
    if (!(isResponse ? this.statusLine(view, at, lineEnd, fields) : this.requestLine(view, at, lineEnd, fields)))
      return false;
    for (let from = nextLine(view, lineEnd, end); from < end;) {
      const to = this.endOfField(view, from, end);
      if (to > from) this.field(view, from, to, fields);
      from = nextLine(view, to, end);
    }
    return true;
  }

  /** RFC 9112 §4: `HTTP/1.1 200 OK`. */
  private statusLine(view: DataView, at: number, end: number, fields: KeptFields): boolean {
    if (end - at < STATUS_LINE_MIN_BYTES || view.getUint8(at + STATUS_AT - 1) !== SPACE) return false;
    const status = this.texts.read(view, at + STATUS_AT, at + STATUS_LINE_MIN_BYTES) ?? '';
    if (!STATUS.test(status)) return false;
    this.head.status = Number(status);
    setField(fields, FIELD.status, status);
    return true;
  }

  /** RFC 9112 §3: `GET /path HTTP/1.1`. */
  private requestLine(view: DataView, at: number, end: number, fields: KeptFields): boolean {
    const methodEnd = find(view, at, Math.min(end, at + METHOD_MAX_BYTES), SPACE);
    const targetEnd = end - VERSION.length - 2;
    if (methodEnd <= at || targetEnd <= methodEnd + 1 || view.getUint8(targetEnd) !== SPACE) return false;
    if (!startsWith(view, targetEnd + 1, end, VERSION)) return false;
    const method = this.texts.read(view, at, methodEnd) ?? '';
    if (!METHOD.test(method)) return false;
    this.head.isRequest = true;
    this.head.isHead = method === 'HEAD';
    this.head.isConnect = method === 'CONNECT';
    this.head.hasUsuallyNoBody = method === 'GET' || this.head.isHead;
    setField(fields, FIELD.method, method);
    // RFC 9112 §3.2.3: the target of CONNECT is an authority.
    const masking = this.head.isConnect ? MASKING.authority : MASKING.none;
    const target = this.value(view, methodEnd + 1, targetEnd, masking);
    if (this.head.isConnect) setField(fields, FIELD.authority, target);
    else setField(fields, FIELD.path, target === null ? null : pathOf(target, fields));
    return true;
  }

  /** RFC 9112 §5.2: a line that begins with white space goes on with the value before. */
  private endOfField(view: DataView, at: number, end: number): number {
    let to = endOfLine(view, at, end);
    this.isFolded = false;
    for (let next = nextLine(view, to, end); to > at && next < end && isBlank(view.getUint8(next));) {
      this.isFolded = true;
      to = endOfLine(view, next, end);
      next = nextLine(view, to, end);
    }
    return to;
  }

  private field(view: DataView, at: number, end: number, fields: KeptFields): void {
    const colon = find(view, at, end, COLON);
    if (colon <= at || isBlank(view.getUint8(at))) return;
    let nameEnd = colon;
    // RFC 9112 §5.1: there must be no space before the colon; where there is one, proxies take it out.
    while (isBlank(view.getUint8(nameEnd - 1))) nameEnd--;
    this.readName(view, at, nameEnd);
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(view.getUint8(from))) from++;
    while (to > from && isBlank(view.getUint8(to - 1))) to--;
    this.keep(view, from, to, fields);
  }

  /** In lower case, as far as a name that matters is long. */
  private readName(view: DataView, at: number, end: number): void {
    this.nameBytes = Math.min(end - at, this.name.length);
    for (let i = 0; i < this.nameBytes; i++) {
      const byte = view.getUint8(at + i);
      this.name[i] = byte >= UPPER_A && byte <= UPPER_Z ? byte | CASE_BIT : byte;
    }
  }

  private keep(view: DataView, at: number, end: number, fields: KeptFields): void {
    const kind = fieldKind(this.name, this.nameBytes);
    if (kind >= FIRST_KEPT) setField(fields, kind, this.value(view, at, end, maskingOf(kind)));
    else if (this.isNamed(HOST)) this.host(view, at, end, fields);
    else if (this.isNamed(CONTENT_LENGTH)) this.contentLength(this.text(view, at, end) ?? '');
    else if (this.isNamed(TRANSFER_ENCODING)) this.transferEncoding(this.text(view, at, end) ?? '');
    else if (this.isNamed(UPGRADE)) this.head.upgrade = (this.text(view, at, end) ?? '').toLowerCase();
  }

  private value(view: DataView, at: number, end: number, masking: Masking): string | null {
    const value = this.text(view, at, end);
    if (value !== null) return mask(value, masking);
    this.longValues++;
    return null;
  }

  /** @returns null where it is too long to keep */
  private text(view: DataView, at: number, end: number): string | null {
    const text = this.texts.read(view, at, end);
    return this.isFolded && text !== null ? text.replaceAll(FOLD, ' ').trim() : text;
  }

  /** RFC 9112 §3.2.2: an absolute target's authority counts, and Host is ignored. */
  private host(view: DataView, at: number, end: number, fields: KeptFields): void {
    if (fields.authority === undefined) setField(fields, FIELD.authority, this.value(view, at, end, MASKING.authority));
  }

  /** RFC 9112 §6.3, rule 5: the same number twice is one, two numbers are an error. */
  private contentLength(list: string): void {
    const { head } = this;
    for (const each of list.split(',')) {
      const value = each.trim();
      const isNumber = DIGITS.test(value) && value.length <= LENGTH_MAX_DIGITS;
      if (!isNumber || (head.hasContentLength && head.contentLength !== Number(value))) head.isLengthBroken = true;
      head.hasContentLength = true;
      head.contentLength = isNumber ? Number(value) : 0;
    }
  }

  /** RFC 9112 §6.1: what counts is the coding applied last, the last one of the last such field. */
  private transferEncoding(value: string): void {
    this.head.hasTransferEncoding = true;
    this.head.isChunked = CHUNKED_LAST.test(value);
  }

  private isNamed(name: Uint8Array): boolean {
    if (this.nameBytes !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.name[i] !== name[i]) return false;
    return true;
  }
}

const HOST = bytesOf('host');
const CONTENT_LENGTH = bytesOf('content-length');
const TRANSFER_ENCODING = bytesOf('transfer-encoding');
const UPGRADE = bytesOf('upgrade');

/**
 * How a message's body is framed (RFC 9112 §6.3), in the RFC's order.
 * @param request the head that a response answers; null where it was not seen
 */
export function bodyOf(head: Head, request: { readonly isHead: boolean; readonly isConnect: boolean } | null): Body {
  if (!head.isRequest) {
    const { status } = head;
    if (request?.isHead === true || status < 200 || status === 204 || status === 304) return BODY.none;
    if (request?.isConnect === true && status < 300) return BODY.none;
  }
  if (head.isCut) return head.hasUsuallyNoBody ? BODY.none : BODY.unknown;
  // Rule 3: Transfer-Encoding overrides Content-Length, also a broken one.
  if (head.isChunked) return BODY.chunked;
  if (head.hasTransferEncoding || head.isLengthBroken) return head.isRequest ? BODY.unknown : BODY.untilClose;
  if (head.hasContentLength) return head.contentLength === 0 ? BODY.none : BODY.length;
  return head.isRequest ? BODY.none : BODY.untilClose;
}

/** The origin form of a target (RFC 9112 §3.2), masked; an absolute one names the authority too. */
function pathOf(target: string, fields: KeptFields): string {
  const absolute = target.startsWith('/') ? null : ABSOLUTE_FORM.exec(target);
  if (absolute === null) return maskPath(target);
  const [, authority = '', rest = ''] = absolute;
  setField(fields, FIELD.authority, maskAuthority(authority));
  return maskPath(rest.startsWith('/') ? rest : `/${rest}`);
}

/** Offset of the LF or CRLF that ends the line, or `end`. */
function endOfLine(view: DataView, at: number, end: number): number {
  const lf = findLineFeed(view, at, end);
  if (lf < 0) return end;
  return lf > at && view.getUint8(lf - 1) === CR ? lf - 1 : lf;
}

function nextLine(view: DataView, lineEnd: number, end: number): number {
  let at = lineEnd;
  if (at < end && view.getUint8(at) === CR) at++;
  return at < end ? at + 1 : end;
}

function find(view: DataView, at: number, end: number, byte: number): number {
  for (let next = at; next < end; next++) if (view.getUint8(next) === byte) return next;
  return -1;
}

function startsWith(view: DataView, at: number, end: number, prefix: Uint8Array): boolean {
  if (end - at < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (view.getUint8(at + i) !== prefix[i]) return false;
  return true;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
