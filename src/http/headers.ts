import type { KeptFields } from './sink.ts';

/**
 * What a field name means to us. `other`: not on the allow-list, its value is never looked at. `unknown`: the name itself
 * stood in the part of a dynamic table that was not captured. `scheme` only proves a request; its value is not kept.
 */
export const FIELD = {
  other: 0,
  unknown: 1,
  scheme: 2,
  method: 3,
  path: 4,
  authority: 5,
  status: 6,
  userAgent: 7,
  requestId: 8,
  traceparent: 9,
  grpcStatus: 10,
  contentType: 11,
  server: 12,
} as const;
export type FieldKind = (typeof FIELD)[keyof typeof FIELD];

/** Kinds from here on have their value kept. */
export const FIRST_KEPT: FieldKind = FIELD.method;

/** The allow-list of design §4. Credentials, cookies and bodies have no way in: what is not here is never decoded into a string. */
const KEPT_NAMES: readonly (readonly [name: string, kind: FieldKind])[] = [
  [':scheme', FIELD.scheme],
  [':method', FIELD.method],
  [':path', FIELD.path],
  [':authority', FIELD.authority],
  [':status', FIELD.status],
  ['user-agent', FIELD.userAgent],
  ['x-request-id', FIELD.requestId],
  ['traceparent', FIELD.traceparent],
  ['grpc-status', FIELD.grpcStatus],
  ['content-type', FIELD.contentType],
  ['server', FIELD.server],
];

/** No name on the allow-list is longer. */
export const KEPT_NAME_MAX_BYTES: number = Math.max(...KEPT_NAMES.map(([name]) => name.length));

interface Candidate {
  readonly kind: FieldKind;
  readonly bytes: Uint8Array;
}

const byLength: readonly (readonly Candidate[])[] = Array.from({ length: KEPT_NAME_MAX_BYTES + 1 }, (_, length) =>
  KEPT_NAMES.filter(([name]) => name.length === length).map(([name, kind]) => ({
    kind,
    bytes: Uint8Array.from(name, (character) => character.charCodeAt(0)),
  })),
);

/**
 * The kind of a field name, given as bytes in lower case (RFC 9113 §8.2.1).
 * @param length  of the name; `name` may hold fewer bytes where it is longer than KEPT_NAME_MAX_BYTES
 */
export function fieldKind(name: Uint8Array, length: number): FieldKind {
  const candidates = byLength[length];
  if (candidates === undefined) return FIELD.other;
  for (const candidate of candidates) {
    if (startsWith(name, candidate.bytes)) return candidate.kind;
  }
  return FIELD.other;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

/** A fresh set of kept fields; one serves a whole pass. */
export function createKeptFields(): KeptFields {
  return {
    method: undefined,
    path: undefined,
    authority: undefined,
    status: undefined,
    userAgent: undefined,
    requestId: undefined,
    traceparent: undefined,
    grpcStatus: undefined,
    contentType: undefined,
    server: undefined,
    unknownNames: 0,
  };
}

/** Empties a set for the next block. */
export function clearKeptFields(fields: KeptFields): void {
  fields.method = undefined;
  fields.path = undefined;
  fields.authority = undefined;
  fields.status = undefined;
  fields.userAgent = undefined;
  fields.requestId = undefined;
  fields.traceparent = undefined;
  fields.grpcStatus = undefined;
  fields.contentType = undefined;
  fields.server = undefined;
  fields.unknownNames = 0;
}

/** Puts a kept value, masked, in its place; kinds below FIRST_KEPT have none. A null value is one that was too long to keep. */
export function setField(fields: KeptFields, kind: FieldKind, value: string | null): void {
  switch (kind) {
    case FIELD.method:
      fields.method = value;
      break;
    case FIELD.path:
      fields.path = value;
      break;
    case FIELD.authority:
      fields.authority = value;
      break;
    case FIELD.status:
      fields.status = value === null ? 0 : readStatus(value);
      break;
    case FIELD.userAgent:
      fields.userAgent = value;
      break;
    case FIELD.requestId:
      fields.requestId = value;
      break;
    case FIELD.traceparent:
      fields.traceparent = value;
      break;
    case FIELD.grpcStatus:
      fields.grpcStatus = value;
      break;
    case FIELD.contentType:
      fields.contentType = value;
      break;
    case FIELD.server:
      fields.server = value;
      break;
    default:
  }
}

/** Three digits (RFC 9110 §15), else 0. */
function readStatus(value: string): number {
  if (value.length !== 3) return 0;
  let status = 0;
  for (let i = 0; i < 3; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status;
}

/**
 * Query parameters of the Kubernetes API whose values are kept: they say what the request does, not about whom.
 * Selectors name labels and fields, which the path's own names already match in kind. Not here, so masked: `continue`
 * (an opaque token), `command` (may hold a password), and everything that Kubernetes does not define.
 */
const KEPT_PARAMETERS: ReadonlySet<string> = new Set([
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
]);

/** Stands for a masked value. */
const MASK = '***';
const PERCENT = 0x25;
const ESCAPE_BYTES = '%3D'.length;
/** RFC 3986 §3.2.1, of a target that is not in origin form: it may be a password. */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i;
/** A value of a parameter inside a path (RFC 3986 §3.3), such as a session's number, and a fragment, which has no business on the wire. */
const PATH_VALUE = /(;[^;=#/?]*=|#)[^;/?]+/g;

/** What the value of a kept parameter may hold, escaped or not; all else could begin a parameter by somebody else's rules. */
const harmless: Uint8Array = characters(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+,:/ ()[]{}*'",
);
/** A selector compares, too. */
const harmlessInSelector: Uint8Array = harmless.map((allowed, code) => allowed | (characters('=!<>')[code] ?? 0));

function characters(allowed: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (allowed.includes(String.fromCharCode(code)) ? 1 : 0));
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
  const plain = maskPlain(query < 0 ? path : path.slice(0, query));
  if (query < 0) return plain;
  const isKubernetes = (plain.startsWith('/api/') || plain.startsWith('/apis/')) && !`${plain}/`.includes('/proxy/');
  return `${plain}?${path
    .slice(query + 1)
    .split('&')
    .map((parameter) => maskParameter(parameter, isKubernetes))
    .join('&')}`;
}

function maskPlain(path: string): string {
  const anonymous = path.startsWith('/') ? path : path.replace(USER, '$1');
  // The expression costs ten times as much as a look for what its matches begin with.
  const hasValue = anonymous.includes(';') || anonymous.includes('#');
  return hasValue ? anonymous.replaceAll(PATH_VALUE, `$1${MASK}`) : anonymous;
}

function maskParameter(parameter: string, isKubernetes: boolean): string {
  const equals = parameter.indexOf('=');
  // Without "=", or with nothing but "=" behind, which pads base64, it cannot be told name from value: a bare token must not pass.
  if (equals < 0) return KEPT_PARAMETERS.has(parameter) || parameter === '' ? parameter : MASK;
  const name = parameter.slice(0, equals);
  if (isKubernetes && KEPT_PARAMETERS.has(name) && isHarmless(name, parameter, equals + 1)) return parameter;
  return /^=*$/.test(parameter.slice(equals + 1)) ? MASK : `${name}=${MASK}`;
}

function isHarmless(name: string, parameter: string, valueAt: number): boolean {
  const allowed = name.endsWith('Selector') ? harmlessInSelector : harmless;
  for (let at = valueAt; at < parameter.length; at++) {
    let code = parameter.charCodeAt(at);
    if (code === PERCENT) {
      code = escaped(parameter, at);
      at += ESCAPE_BYTES - 1;
    }
    if (allowed[code] !== 1) return false;
  }
  return true;
}

/** What a percent-encoded octet stands for (RFC 3986 §2.1), -1 where it is none. */
function escaped(text: string, at: number): number {
  const digits = text.slice(at + 1, at + ESCAPE_BYTES);
  return /^[\da-f]{2}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
}
