import { latin1Of } from './latin1.ts';
import { bytesField, varintField } from './protobuf.ts';

/** What of a body is looked at: a Status of kube-apiserver is mostly shorter, a gateway's words stand at the start. */
export const LOOKED_AT_BYTES = 1024;

const KIND = /"kind"\s*:\s*"Status"/;
/** Its causes have reasons of their own. */
const DETAILS = /"details"\s*:/;
const REASON = /"reason"\s*:\s*"([A-Za-z]{1,32})"/;
/** The last that a Status says, whatever it is wrapped in. */
const CODE = /"code"\s*:\s*([45]\d\d)[\s}]*$/;
/** Kubernetes' protobuf bodies begin with these four bytes (runtime/serializer/protobuf). */
const PROTOBUF_START = 'k8s\0';
/** Fields of the messages in it: runtime.Unknown and its TypeMeta, metav1.Status; metav1.WatchEvent and its RawExtension. */
const FIELD = { typeMeta: 1, raw: 2, kind: 2, reason: 4, code: 6, object: 2, rawExtension: 1 } as const;

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

/** The reason of a Kubernetes Status in JSON or protobuf, from the start of its text (latin1); null where it is none. */
export function statusReason(text: string): StatusReason | null {
  if (text.startsWith(PROTOBUF_START)) return ofProtobuf(text.slice(PROTOBUF_START.length));
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

function reasonOf(word: string | undefined, code: number | undefined): StatusReason {
  const known = STATUS_REASONS.find((reason) => reason === word && reason !== 'Unknown');
  return known ?? REASON_OF_CODE.get(code ?? 0) ?? 'Unknown';
}

/** How a watch tells that it cannot go on: an event of this type, with a Status (metav1.WatchEvent). */
const WATCH_ERROR = '{"type":"ERROR","object":';
const WATCH_ERROR_BYTES = 15;
/** `"ERR` of it, and where. */
const JSON_MARK = 0x22455252;
const JSON_MARK_AT = 8;
/** In protobuf the message stands behind its length in four bytes, and begins with its type, field 1: tag, length, `ER`. */
const PROTOBUF_MARK = 0x0a054552;
const PROTOBUF_LENGTH_BYTES = 4;

/** A cheap look at the first bytes of a DATA frame or a chunk: may it be an ERROR event? */
export function mayBeWatchError(view: DataView, at: number, end: number): boolean {
  if (end - at < WATCH_ERROR_BYTES) return false;
  return view.getInt32(at + JSON_MARK_AT) === JSON_MARK || view.getInt32(at + PROTOBUF_LENGTH_BYTES) === PROTOBUF_MARK;
}

/** The reason that the ERROR event of a watch gives, from its start, which is [at, end); null where it is none. */
export function watchErrorReason(view: DataView, at: number, end: number): StatusReason | null {
  if (!mayBeWatchError(view, at, end)) return null;
  const text = latin1Of(view, at, Math.min(end, at + LOOKED_AT_BYTES));
  if (text.startsWith(WATCH_ERROR)) return statusReason(text.slice(WATCH_ERROR.length));
  const event = text.slice(PROTOBUF_LENGTH_BYTES);
  if (bytesField(event, 1) !== 'ERROR') return null;
  return statusReason(bytesField(bytesField(event, FIELD.object) ?? '', FIELD.rawExtension) ?? '');
}

/** The shortest body from which this reason is read. */
export function statusOf(reason: StatusReason): string {
  return `{"kind":"Status","reason":"${reason}"}`;
}

/** The shortest event from which this reason is read. */
export function watchErrorOf(reason: StatusReason): string {
  return `${WATCH_ERROR}${statusOf(reason)}}`;
}
