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
