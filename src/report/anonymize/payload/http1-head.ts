import { isKnownMethod } from '../vocabulary.ts';
import { fieldStandIn, isKnownField } from './field-value.ts';
import type { SizedNames } from './sized-names.ts';

/** A message's head with stand-ins (RFC 9112 §2.1), and how its body is framed. */
export interface ToldHead {
  readonly text: string;
  readonly isRequest: boolean;
  readonly method: string;
  /** 0 for a request. */
  readonly status: number;
  readonly contentLength: number | null;
  readonly isChunked: boolean;
  readonly hasTransferEncoding: boolean;
}

const REQUEST = /^([A-Z][A-Z_-]*) (.+) (HTTP\/1\.\d)$/s;
const RESPONSE = /^(HTTP\/1\.\d [1-9]\d\d)(.*)$/s;
const SPACE = /\s/;
const ABSOLUTE = /^(https?:\/\/)([^/?#]*)(.*)$/is;

/** Whether a line is the first of a message. */
export function beginsHead(line: string): boolean {
  const start = bare(line.endsWith('\n') ? line.slice(0, -1) : line);
  return REQUEST.test(start) || RESPONSE.test(start);
}

/** @param text  whole lines of latin1, the empty one perhaps missing. @returns null where it is no head */
export function headStandIn(text: string, names: SizedNames): ToldHead | null {
  const [start = '', ...lines] = text.split('\n');
  const line = bare(start);
  const isResponse = line.startsWith('HTTP/');
  const toldStart = isResponse ? statusLine(line) : requestLine(line, names);
  if (toldStart === null) return null;
  const fields = new Map<string, string>();
  const toldLines = lines.map((each) => fieldLine(bare(each), names, fields) + tail(each));
  const length = fields.get('content-length')?.split(',').at(-1)?.trim();
  const coding = fields.get('transfer-encoding');
  return {
    text: [toldStart + tail(start), ...toldLines].join('\n'),
    isRequest: !isResponse,
    method: isResponse ? '' : (REQUEST.exec(line)?.[1] ?? ''),
    status: isResponse ? Number(line.slice('HTTP/1.1 '.length).slice(0, 3)) : 0,
    contentLength: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : null,
    isChunked: coding !== undefined && /(?:^|,)[ \t]*chunked$/i.test(coding),
    hasTransferEncoding: coding !== undefined,
  };
}

/** Lines of fields behind a body (RFC 9112 §7.1.2), each with its line end. */
export function trailerStandIn(text: string, names: SizedNames): string {
  return text
    .split('\n')
    .map((each) => fieldLine(bare(each), names, new Map()) + tail(each))
    .join('\n');
}

function bare(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function tail(line: string): string {
  return line.endsWith('\r') ? '\r' : '';
}

function requestLine(line: string, names: SizedNames): string | null {
  const [, method = '', target = '', version = ''] = REQUEST.exec(line) ?? [];
  if (version === '') return null;
  const toldMethod = isKnownMethod(method) ? method : 'X'.repeat(method.length);
  return `${toldMethod} ${targetStandIn(target, names)} ${version}`;
}

function targetStandIn(target: string, names: SizedNames): string {
  const [, scheme = '', authority = '', path = ''] = ABSOLUTE.exec(target) ?? [];
  if (scheme === '') return told(':path', target, names);
  return scheme + told(':authority', authority, names) + (path === '' ? '' : told(':path', path, names));
}

/** What the status is called says no more than its number. */
function statusLine(line: string): string | null {
  const [, status = '', reason = ''] = RESPONSE.exec(line) ?? [];
  return status === '' ? null : status + reason.replaceAll(/[^ ]/g, 'x');
}

/** A line that goes on with the value before (RFC 9112 §5.2), or is no field, stays nothing but a line. */
function fieldLine(line: string, names: SizedNames, fields: Map<string, string>): string {
  if (line === '') return '';
  const colonAt = line.indexOf(':');
  const name = line.slice(0, Math.max(colonAt, 0));
  if (name === '' || SPACE.test(name)) return line.replaceAll(/[^ \t]/g, 'x');
  const [valueAt, valueEnd] = withoutBlanks(line, colonAt + 1);
  const value = line.slice(valueAt, valueEnd);
  const lower = name.toLowerCase();
  fields.set(lower, value);
  const toldName = isKnownField(lower) ? name : 'x'.repeat(name.length);
  return toldName + line.slice(colonAt, valueAt) + told(lower, value, names) + line.slice(valueEnd);
}

/** RFC 9112 §5: what stands around a value. By hand, since an expression for blanks at the end tries at each blank of a long line. */
function withoutBlanks(line: string, from: number): readonly [at: number, end: number] {
  let at = from;
  while (at < line.length && isBlank(line, at)) at++;
  let end = line.length;
  while (end > at && isBlank(line, end - 1)) end--;
  return [at, end];
}

function isBlank(line: string, at: number): boolean {
  return line[at] === ' ' || line[at] === '\t';
}

function told(name: string, value: string, names: SizedNames): string {
  return fieldStandIn(name, value, names) ?? 'x'.repeat(value.length);
}
