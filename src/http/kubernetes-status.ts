import { cborNumber, cborText, cborValue } from './cbor.ts';
import { bytesField, varintField } from './protobuf.ts';

const KIND = /"kind"\s*:\s*"Status"/;
/** Its causes have reasons of their own. */
const DETAILS = /"details"\s*:/;
const REASON = /"reason"\s*:\s*"([A-Za-z]{1,32})"/;
/** The last that a Status says, whatever it is wrapped in. */
const CODE = /"code"\s*:\s*([45]\d\d)[\s}]*$/;
/** Kubernetes' protobuf bodies begin with these four bytes (runtime/serializer/protobuf). */
const PROTOBUF_START = 'k8s\0';
/** Fields of the messages in it: runtime.Unknown and its TypeMeta, metav1.Status. */
const FIELD = { typeMeta: 1, raw: 2, kind: 2, reason: 4, code: 6 } as const;
/** And its CBOR bodies with the tag of what is CBOR (RFC 8949 §3.4.6; runtime/serializer/cbor). */
export const CBOR_START = '\xd9\xd9\xf7';

/** metav1.StatusReason, whole. `Unknown`: a Status that gives none of these. */
export const STATUS_REASONS = [
  'Unknown',
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'AlreadyExists',
  'Conflict',
  'Gone',
  'Invalid',
  'ServerTimeout',
  'StoreReadError',
  'Timeout',
  'TooManyRequests',
  'BadRequest',
  'MethodNotAllowed',
  'NotAcceptable',
  'RequestEntityTooLarge',
  'UnsupportedMediaType',
  'InternalError',
  'Expired',
  'ServiceUnavailable',
] as const;

export type StatusReason = (typeof STATUS_REASONS)[number];

/** What a Status without a reason that is known means, by its code: the rule of client-go (apimachinery's api/errors). */
const REASON_OF_CODE: ReadonlyMap<number, StatusReason> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [406, 'NotAcceptable'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

/** Whether such a word is a reason of Kubernetes. */
export function isStatusReason(reason: string): reason is StatusReason {
  return STATUS_REASONS.some((known) => known === reason);
}

/** The reason of a Kubernetes Status in JSON, protobuf or CBOR, from the start of its text (latin1); null where it is none. */
export function statusReason(text: string): StatusReason | null {
  if (text.startsWith(PROTOBUF_START)) return ofProtobuf(text.slice(PROTOBUF_START.length));
  if (text.startsWith(CBOR_START)) return ofCbor(text);
  if (!text.startsWith('{') || !KIND.test(text)) return null;
  return reasonOf(REASON.exec(beforeDetails(text))?.[1], Number(CODE.exec(text)?.[1]));
}

function beforeDetails(text: string): string {
  const details = text.search(DETAILS);
  return details < 0 ? text : text.slice(0, details);
}

function ofProtobuf(unknown: string): StatusReason | null {
  const kind = bytesField(bytesField(unknown, FIELD.typeMeta) ?? '', FIELD.kind);
  if (kind !== 'Status') return null;
  const status = bytesField(unknown, FIELD.raw) ?? '';
  return reasonOf(bytesField(status, FIELD.reason), varintField(status, FIELD.code));
}

function ofCbor(status: string): StatusReason | null {
  const textAt = (key: string): string | undefined => cborText(cborValue(status, key) ?? '');
  if (textAt('kind') !== 'Status') return null;
  return reasonOf(textAt('reason'), cborNumber(cborValue(status, 'code') ?? ''));
}

function reasonOf(word: string | undefined, code: number | undefined): StatusReason {
  const known = STATUS_REASONS.find((reason) => reason === word && reason !== 'Unknown');
  return known ?? reasonByStatus(code);
}

/** What a Status whose own reason was not read, as where its body goes on in a later frame, means by the status of its response. */
export function reasonByStatus(status: number | null | undefined): StatusReason {
  return REASON_OF_CODE.get(status ?? 0) ?? 'Unknown';
}

/** The shortest body from which this reason is read. */
export function statusOf(reason: StatusReason): string {
  return `{"kind":"Status","reason":"${reason}"}`;
}
