import { latin1Of } from './latin1.ts';

/** What of a body is looked at: a Status of kube-apiserver is mostly shorter, a gateway's words stand at the start. */
const LOOKED_AT_BYTES = 1024;
const KIND = /"kind"\s*:\s*"Status"/;
/** Its causes have reasons of their own. */
const DETAILS = /"details"\s*:/;
const REASON = /"reason"\s*:\s*"([A-Za-z]{1,32})"/;
/** Kubernetes' protobuf bodies begin with these four bytes (runtime/serializer/protobuf). */
const PROTOBUF_START = 'k8s\0';
/** Fields of the messages in it: runtime.Unknown and its TypeMeta, metav1.Status. */
const FIELD = { typeMeta: 1, raw: 2, kind: 2, reason: 4 } as const;
const WIRE = { varint: 0, bytes: 2 } as const;

/** metav1.StatusReason, whole. `Unknown`: a Status that gives none of these. */
const STATUS_REASONS = [
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

/** Words of bodies that gateways write themselves. */
const GATEWAY_WORDS = [
  // Envoy, whose reset reason tells whether there was a connection at all
  ['reset reason: connection timeout', 'upstream-connect-timeout'],
  ['reset reason: connection failure', 'upstream-connect-failure'],
  ['reset reason: local connection failure', 'upstream-connect-failure'],
  ['reset reason: remote connection failure', 'upstream-connect-failure'],
  ['upstream connect error or disconnect/reset before headers', 'upstream-reset-before-headers'],
  ['no healthy upstream', 'no-healthy-upstream'],
  ['upstream request timeout', 'upstream-request-timeout'],
  ['upstream per try timeout', 'upstream-request-timeout'],
  ['upstream max stream duration reached', 'upstream-max-duration'],
  ['stream timeout', 'stream-timeout'],
  // HAProxy
  ['No server is available to handle this request', 'no-server-available'],
  ['The server returned an invalid or incomplete response', 'incomplete-upstream-response'],
  ["The server didn't respond in time", 'upstream-response-timeout'],
  // nginx and nghttpx
  ['<title>502 Bad Gateway</title>', 'bad-gateway-page'],
  ['<title>503 Service Temporarily Unavailable</title>', 'service-unavailable-page'],
  ['<title>503 Service Unavailable</title>', 'service-unavailable-page'],
  ['<title>504 Gateway Time-out</title>', 'gateway-timeout-page'],
  ['<title>504 Gateway Timeout</title>', 'gateway-timeout-page'],
] as const;

export type StatusReason = (typeof STATUS_REASONS)[number];
/** Why a server failed: the reason of a Kubernetes Status, or which of the usual words of gateways. */
export type ErrorReason = StatusReason | (typeof GATEWAY_WORDS)[number][1];

export const ERROR_REASONS: readonly ErrorReason[] = [...STATUS_REASONS, ...GATEWAY_WORDS.map(([, reason]) => reason)];

/**
 * Why a server failed, from the first bytes of its error response. Words of an allow-list only: what else a body says is never kept.
 *
 * @returns null where they are neither a Status nor usual words
 */
export function errorReason(view: DataView, at: number, end: number): ErrorReason | null {
  const text = latin1Of(view, at, Math.min(end, at + LOOKED_AT_BYTES));
  if (text.startsWith(PROTOBUF_START)) return protobufReason(text.slice(PROTOBUF_START.length));
  if (text.startsWith('{')) return KIND.test(text) ? statusReason(REASON.exec(beforeDetails(text))?.[1]) : null;
  return GATEWAY_WORDS.find(([words]) => text.includes(words))?.[1] ?? null;
}

/** The gateway found no connection to its upstream: what failed so never waited on one that was open. */
export function isConnectFailure(reason: ErrorReason | null): boolean {
  return reason === 'upstream-connect-timeout' || reason === 'upstream-connect-failure';
}

/** Whether such a reason is a Kubernetes Status', which no gateway writes. */
export function isStatusReason(reason: ErrorReason): reason is StatusReason {
  return STATUS_REASONS.some((known) => known === reason);
}

/** The shortest body from which `errorReason` reads this reason. */
export function wordsOf(reason: ErrorReason): string {
  if (isStatusReason(reason)) return `{"kind":"Status","reason":"${reason}"}`;
  return GATEWAY_WORDS.find(([, known]) => known === reason)?.[0] ?? '';
}

function beforeDetails(text: string): string {
  const details = text.search(DETAILS);
  return details < 0 ? text : text.slice(0, details);
}

function statusReason(word: string | undefined): StatusReason {
  return STATUS_REASONS.find((known) => known === word) ?? 'Unknown';
}

function protobufReason(unknown: string): StatusReason | null {
  const kind = fieldOf(fieldOf(unknown, FIELD.typeMeta) ?? '', FIELD.kind);
  if (kind !== 'Status') return null;
  return statusReason(fieldOf(fieldOf(unknown, FIELD.raw) ?? '', FIELD.reason));
}

/** A length-delimited field of a protobuf message, which may be cut. */
function fieldOf(message: string, wanted: number): string | undefined {
  let at = 0;
  while (at < message.length) {
    const tag = message.charCodeAt(at++);
    const [value, next] = varint(message, at);
    if ((tag & 7) === WIRE.varint) {
      at = next;
      continue;
    }
    if ((tag & 7) !== WIRE.bytes) return undefined;
    if (tag >> 3 === wanted) return message.slice(next, next + value);
    at = next + value;
  }
  return undefined;
}

function varint(message: string, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 1, next = at; shift < 2 ** 35; shift *= 128) {
    const byte = message.charCodeAt(next++);
    if (Number.isNaN(byte)) break;
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return [value, next];
  }
  return [message.length, message.length];
}
