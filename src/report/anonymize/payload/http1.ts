import { beginsChunks, beginsMessage, beginsResponse, endOfHead, hexDigit } from '../../../http/index.ts';
import { absurd } from '../../../trace/index.ts';
import { beginsHead, headStandIn, type ToldHead, trailerStandIn } from './http1-head.ts';
import type { Likeness } from './likeness.ts';
import { type Run, RunCopy, type RunRewriter } from './run.ts';
import type { SizedNames } from './sized-names.ts';

const CR = 0x0d;
const LF = 0x0a;
/** 2^40 bytes in one chunk are more than anybody sends. */
const SIZE_DIGITS_MAX = 10;
/** Extensions of a chunk are short, where there are any; servers refuse heads of more than 8 to 64 kB. What is longer is none. */
const SIZE_LINE_MAX_BYTES = 256;
const HEAD_MAX_BYTES: number = 64 * 1024;
const START_LINE_MAX_BYTES: number = 8 * 1024;

type Part = 'lost' | 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'rest' | 'tunnel';

/** What was asked on a connection, in its order, and not answered yet. */
export type Asked = Pick<ToldHead, 'method'>[];

/** Messages of HTTP/1.1 of one direction (RFC 9112): heads with stand-ins, bodies as numbers, framing as it was. */
export class Http1Runs implements RunRewriter {
  readonly #names: SizedNames;
  readonly #likeness: Likeness;
  readonly #asked: Asked;
  readonly #isClient: boolean;
  #part: Part;
  #remaining = 0;
  /** The segment of the run at which messages are looked for next. */
  #nth = 0;
  #isFirst = false;

  /**
   * @param asked    of both directions: the client's has to be rewritten first
   * @param isStart  the first run begins with a message
   */
  constructor(names: SizedNames, likeness: Likeness, asked: Asked, isClient: boolean, isStart: boolean) {
    this.#names = names;
    this.#likeness = likeness;
    this.#asked = asked;
    this.#isClient = isClient;
    this.#part = isStart ? 'head' : 'lost';
  }

  rewrite(run: Run): Uint8Array {
    const copy = new RunCopy(run.bytes);
    this.#nth = 0;
    for (let at = 0; at < run.bytes.length;) at = this.#read(copy, run, at);
    this.#gap(run.lostAfter);
    return copy.bytes;
  }

  /** Where all that is missing lies inside one body or chunk, its end is still known. */
  #gap(lostBytes: number | null): void {
    if (lostBytes === 0 || this.#part === 'rest' || this.#part === 'tunnel') return;
    const isInside = this.#part === 'body' || this.#part === 'chunk';
    if (!isInside || lostBytes === null || lostBytes > this.#remaining) {
      this.#part = 'lost';
      return;
    }
    this.#isFirst = false;
    this.#remaining -= lostBytes;
    if (this.#remaining === 0) this.#part = this.#part === 'chunk' ? 'chunk-end' : 'head';
  }

  /** @returns the offset behind what was read */
  #read(copy: RunCopy, run: Run, at: number): number {
    switch (this.#part) {
      case 'lost':
        return this.#find(copy, run, at);
      case 'head':
        return this.#head(copy, run, at);
      case 'chunk-size':
        return this.#chunkSize(copy, run, at);
      case 'chunk-end':
        return this.#chunkEnd(copy, run, at);
      case 'trailers':
        return this.#trailers(copy, run, at);
      case 'tunnel':
        return run.bytes.length;
      case 'body':
      case 'chunk':
      case 'rest':
        return this.#data(copy, run, at);
      default:
        return absurd(this.#part);
    }
  }

  /** Messages are looked for where a segment begins. @returns where one does, or the run's end */
  #find({ from }: RunCopy, { bytes, starts }: Run, at: number): number {
    for (; this.#nth < starts.length; this.#nth++) {
      const start = starts[this.#nth] ?? bytes.length;
      if (start < at) continue;
      const end = starts[this.#nth + 1] ?? bytes.length;
      if (beginsMessage(from, start, end) && beginsResponse(from, start, end) !== this.#isClient) {
        this.#part = 'head';
        return start;
      }
      if (beginsChunks(from, start, end)) {
        this.#part = 'chunk-size';
        return start;
      }
    }
    return bytes.length;
  }

  #head(copy: RunCopy, run: Run, at: number): number {
    const { bytes } = run;
    const byte = bytes[at];
    if (byte === CR || byte === LF) {
      copy.keep(at, 1);
      return at + 1;
    }
    const head = this.#toldHead(copy.from, bytes, at);
    if (head === null) {
      this.#part = 'lost';
      // Not where it was just read.
      return at + 1;
    }
    write(copy, at, head.told.text);
    // It is answered, or answers, all the same.
    this.#beginBody(head.told);
    if (!head.isWhole) this.#part = 'lost';
    return at + head.told.text.length;
  }

  /** Of a head that is cut, or too long, the whole lines. @returns null where none begins that this side may send */
  #toldHead(
    view: DataView,
    bytes: Uint8Array,
    at: number,
  ): { readonly told: ToldHead; readonly isWhole: boolean } | null {
    const start = bytes.subarray(at, lineEnd(bytes, at, Math.min(bytes.length, at + START_LINE_MAX_BYTES)));
    if (start.at(-1) !== LF || !beginsHead(latin1(start))) return null;
    const last = Math.min(bytes.length, at + HEAD_MAX_BYTES);
    const wholeEnd = endOfHead(view, at, last);
    const end = wholeEnd > 0 ? wholeEnd : at + bytes.subarray(at, last).lastIndexOf(LF) + 1;
    const told = headStandIn(latin1(bytes.subarray(at, end)), this.#names);
    if (told === null || told.text.length !== end - at || told.isRequest !== this.#isClient) return null;
    return { told, isWhole: wholeEnd > 0 };
  }

  /** RFC 9112 §6.3. */
  #beginBody(told: ToldHead): void {
    this.#isFirst = true;
    this.#remaining = told.contentLength ?? 0;
    this.#part = told.isRequest ? this.#requestBody(told) : this.#responseBody(told);
  }

  #requestBody(told: ToldHead): Part {
    this.#asked.push(told);
    if (told.isChunked) return 'chunk-size';
    if (told.hasTransferEncoding) return 'lost';
    return this.#remaining > 0 ? 'body' : 'head';
  }

  #responseBody({ status, isChunked, hasTransferEncoding, contentLength }: ToldHead): Part {
    if (status < 200 && status !== 101) return 'head';
    const method = this.#asked.shift()?.method;
    if (status === 101 || (method === 'CONNECT' && status < 300)) return 'tunnel';
    if (method === 'HEAD' || status === 204 || status === 304) return 'head';
    if (isChunked) return 'chunk-size';
    if (hasTransferEncoding || contentLength === null) return 'rest';
    return contentLength > 0 ? 'body' : 'head';
  }

  #data(copy: RunCopy, { bytes }: Run, at: number): number {
    const end = this.#part === 'rest' ? bytes.length : Math.min(bytes.length, at + this.#remaining);
    if (this.#isFirst) this.#likeness.copy(copy, at, this.#part === 'rest' ? end - at : this.#remaining, end);
    this.#isFirst = false;
    if (this.#part === 'rest') return end;
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#part = this.#part === 'chunk' ? 'chunk-end' : 'head';
    return end;
  }

  /** RFC 9112 §7.1: the digits stay, extensions do not. */
  #chunkSize(copy: RunCopy, { bytes }: Run, at: number): number {
    const end = lineEnd(bytes, at, Math.min(bytes.length, at + SIZE_LINE_MAX_BYTES));
    const line = latin1(bytes.subarray(at, end));
    const digits = /^[0-9a-f]*/i.exec(line)?.[0] ?? '';
    const isSize = digits !== '' && digits.length <= SIZE_DIGITS_MAX && hexDigit(bytes[at] ?? 0) >= 0;
    if (!isSize || !line.endsWith('\n')) {
      this.#part = 'lost';
      return Math.min(at + 1, bytes.length);
    }
    write(copy, at, digits + line.slice(digits.length).replaceAll(/[^\r\n; \t]/g, 'x'));
    this.#remaining = Number.parseInt(digits, 16);
    this.#isFirst = true;
    this.#part = this.#remaining === 0 ? 'trailers' : 'chunk';
    return end;
  }

  #chunkEnd(copy: RunCopy, { bytes }: Run, at: number): number {
    const byte = bytes[at];
    if (byte === CR || byte === LF) copy.keep(at, 1);
    if (byte === LF) this.#part = 'chunk-size';
    else if (byte !== CR) this.#part = 'lost';
    return at + 1;
  }

  #trailers(copy: RunCopy, { bytes }: Run, at: number): number {
    const end = lineEnd(bytes, at, Math.min(bytes.length, at + HEAD_MAX_BYTES));
    const line = latin1(bytes.subarray(at, end));
    write(copy, at, trailerStandIn(line, this.#names));
    if (line === '\r\n' || line === '\n') this.#part = 'head';
    else if (!line.endsWith('\n')) this.#part = 'lost';
    return end;
  }
}

/** Behind the line's end, or `last` where that comes first. */
function lineEnd(bytes: Uint8Array, at: number, last: number): number {
  const line = bytes.subarray(at, last).indexOf(LF);
  return line < 0 ? last : at + line + 1;
}

function write(copy: RunCopy, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) copy.to.setUint8(at + i, text.charCodeAt(i));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
