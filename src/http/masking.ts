import { FIELD, type FieldKind } from './headers.ts';

/**
 * Query parameters of the Kubernetes API whose values are kept: they say what the request does, not about whom.
 * Selectors name labels and fields, which the path's own names already match in kind. Not here, so masked: `continue`
 * (an opaque token), `command` (may hold a password), and everything that Kubernetes does not define.
 */
const KEPT_PARAMETERS: readonly string[] = [
  'watch',
  'timeoutSeconds',
  'timeout',
  'resourceVersion',
  'resourceVersionMatch',
  'allowWatchBookmarks',
  'sendInitialEvents',
  'labelSelector',
  'fieldSelector',
  'limit',
  'pretty',
  'container',
  'stdin',
  'stdout',
  'stderr',
  'tty',
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'timestamps',
  'ports',
  'dryRun',
  'force',
  'fieldManager',
  'fieldValidation',
  'gracePeriodSeconds',
  'propagationPolicy',
  'includeUninitialized',
];

const parametersByLength: readonly (readonly string[])[] = Array.from(
  { length: Math.max(...KEPT_PARAMETERS.map((name) => name.length)) + 1 },
  (_, length) => KEPT_PARAMETERS.filter((name) => name.length === length),
);

/** Stands for a masked value. */
const MASK = '***';
const PERCENT = 0x25;
const ESCAPE_BYTES = '%3D'.length;
/** RFC 3986 §3.2.1, of a target that is not in origin form: it may be a password. */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i;
/** A value of a parameter inside a path (RFC 3986 §3.3), such as a session's number, and a fragment, which has no business on the wire. */
const PATH_VALUE = /(;[^;=#/?]*=|#)[^;/?]+/g;

/** What the value of a kept parameter may hold, escaped or not; all else could begin a parameter by somebody else's rules. */
const HARMLESS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+,:/ ()[]{}*'";
const harmless: Uint8Array = characters(HARMLESS);
/** A selector compares, too. */
const harmlessInSelector: Uint8Array = characters(`${HARMLESS}=!<>`);

/** By character code: 1 for those of a text. */
function characters(allowed: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let at = 0; at < allowed.length; at++) table[allowed.charCodeAt(at)] = 1;
  return table;
}

/** Which form of masking a kind's values get, from 0: equal bytes of two forms are two values. */
export const MASKING = { none: 0, path: 1, authority: 2 } as const;
export type Masking = (typeof MASKING)[keyof typeof MASKING];

export function maskingOf(kind: FieldKind): Masking {
  if (kind === FIELD.path) return MASKING.path;
  return kind === FIELD.authority ? MASKING.authority : MASKING.none;
}

/** A value as it may be kept. */
export function mask(value: string, masking: Masking): string {
  switch (masking) {
    case MASKING.path:
      return maskPath(value);
    case MASKING.authority:
      return maskAuthority(value);
    default:
      return value;
  }
}

/** An authority without the user and password that RFC 9110 §4.2.4 forbids before its host. */
export function maskAuthority(authority: string): string {
  return authority.slice(authority.lastIndexOf('@') + 1);
}

/**
 * A :path without a password, with the values of all query parameters masked but those of Kubernetes' own, in a path of its API.
 * A path that asks the API server to pass a request on to somebody else is not one of them.
 */
export function maskPath(path: string): string {
  const query = path.indexOf('?');
  if (query < 0) return maskPlain(path);
  const start = path.slice(0, query);
  const plain = maskPlain(start);
  const masked = maskQuery(path, query, isOfApi(plain));
  return plain === start && masked === null ? path : plain + (masked ?? path.slice(query));
}

function isOfApi(plain: string): boolean {
  if (!plain.startsWith('/api/') && !plain.startsWith('/apis/')) return false;
  return !plain.includes('/proxy/') && !plain.endsWith('/proxy');
}

/**
 * @param query  offset of its question mark
 * @returns the query with it; null where nothing of it has to be hidden
 */
function maskQuery(path: string, query: number, isKubernetes: boolean): string | null {
  let masked = '';
  let copied = query;
  for (let at = query + 1; at < path.length;) {
    const next = path.indexOf('&', at);
    const end = next < 0 ? path.length : next;
    const hidden = hiddenFrom(path, at, end, isKubernetes);
    if (hidden < end) {
      masked += path.slice(copied, hidden) + MASK;
      copied = end;
    }
    at = end + 1;
  }
  return copied === query ? null : masked + path.slice(copied);
}

function maskPlain(path: string): string {
  const anonymous = path.startsWith('/') ? path : path.replace(USER, '$1');
  // The expression costs ten times as much as a look for what its matches begin with.
  const hasValue = anonymous.includes(';') || anonymous.includes('#');
  return hasValue ? anonymous.replaceAll(PATH_VALUE, `$1${MASK}`) : anonymous;
}

/** @returns where in a parameter, which is [at, end) of the path, begins what has to be hidden; `end` where nothing has */
function hiddenFrom(path: string, at: number, end: number, isKubernetes: boolean): number {
  const equals = path.indexOf('=', at);
  // Without "=", or with nothing but "=" behind, which pads base64, it cannot be told name from value: a bare token must not pass.
  if (equals < 0 || equals >= end) return isKeptParameter(path, at, end) ? end : at;
  const isKept = isKubernetes && isKeptParameter(path, at, equals) && isHarmless(path, at, equals, end);
  if (isKept) return end;
  return /^=*$/.test(path.slice(equals + 1, end)) ? at : equals + 1;
}

/** Compared in place: to cut a name out and look it up costs twice as much. */
function isKeptParameter(path: string, at: number, end: number): boolean {
  for (const name of parametersByLength[end - at] ?? []) if (path.startsWith(name, at)) return true;
  return false;
}

const SELECTOR = 'Selector';

/** Of a parameter in [at, end) whose name ends at `equals`. */
function isHarmless(path: string, at: number, equals: number, end: number): boolean {
  const isSelector = equals - at > SELECTOR.length && path.startsWith(SELECTOR, equals - SELECTOR.length);
  const allowed = isSelector ? harmlessInSelector : harmless;
  for (let next = equals + 1; next < end; next++) {
    let code = path.charCodeAt(next);
    if (code === PERCENT) {
      code = escaped(path, next, end);
      next += ESCAPE_BYTES - 1;
    }
    if (allowed[code] !== 1) return false;
  }
  return true;
}

/** What a percent-encoded octet stands for (RFC 3986 §2.1), -1 where it is none. */
function escaped(text: string, at: number, end: number): number {
  const digits = text.slice(at + 1, Math.min(at + ESCAPE_BYTES, end));
  return /^[\da-f]{2}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
}
