import { bodyText } from './body-text.ts';
import { STATUS_REASONS, isStatusReason, statusOf, statusReason, type StatusReason } from './kubernetes-status.ts';

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

/** Why a server failed: the reason of a Kubernetes Status, or which of the usual words of gateways. */
export type ErrorReason = StatusReason | (typeof GATEWAY_WORDS)[number][1];

export const ERROR_REASONS: readonly ErrorReason[] = [...STATUS_REASONS, ...GATEWAY_WORDS.map(([, reason]) => reason)];

/**
 * Why a server failed, from the first bytes of its error response, also where a gateway coded them by gzip (kube-apiserver codes no body under
 * 128 kB). Words of an allow-list only: what else a body says is never kept.
 *
 * @returns null where they are neither a Status nor usual words
 */
export function errorReason(view: DataView, at: number, end: number): ErrorReason | null {
  const text = bodyText(view, at, end);
  const status = statusReason(text);
  if (status !== null || text.startsWith('{')) return status;
  return GATEWAY_WORDS.find(([words]) => text.includes(words))?.[1] ?? null;
}

/** The gateway found no connection to its upstream: what failed so never waited on one that was open. */
export function isConnectFailure(reason: ErrorReason | null): boolean {
  return reason === 'upstream-connect-timeout' || reason === 'upstream-connect-failure';
}

/** The shortest body from which `errorReason` reads this reason. */
export function wordsOf(reason: ErrorReason): string {
  if (isStatusReason(reason)) return statusOf(reason);
  return GATEWAY_WORDS.find(([, known]) => known === reason)?.[0] ?? '';
}
