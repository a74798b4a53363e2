import type { Ref, StreamName } from '../../trace/index.ts';
import type { Checks, Meanwhile } from './during.ts';
import type { Evidence } from './finding.ts';
import type { Confidence } from './verdict.ts';

export type Cause =
  | 'peer-silent'
  | 'path-one-way'
  | 'reset'
  | 'refused'
  | 'goaway-ignored'
  | 'connect-unanswered'
  | 'closed-not-propagated';

export type WindowEnd =
  'gateway-closed' | 'upstream-closed' | 'healed' | 'rerouted' | 'client-reconnected' | 'client-gone' | 'capture-end';

export type Outcome = 'hung' | 'gateway-error' | 'reset' | 'finished';

/** An interval in which a client connection was alive while the upstream connection that carried its streams was dead. */
export interface Window {
  readonly id: string;
  readonly client: string;
  readonly upstream: string;
  /** Index into `Incident.links`. */
  readonly link: number;
  readonly confidence: Confidence;
  /** Why it is not surer; none: confirmed. */
  readonly doubts: readonly Doubt[];
  /** That the two belong together, and who waited, is inferred from sizes and times of what could not be read. */
  readonly isInferred: boolean;
  readonly fromNs: number;
  /** Null: still so when the capture ends. */
  readonly toNs: number | null;
  /** To `toNs`, or to the end of the capture. */
  readonly durationNs: number;
  readonly onset: { readonly lastHeardNs: number | null; readonly firstUnansweredNs: number };
  readonly cause: Cause;
  /**
   * How `path-one-way` shows itself: the gateway acknowledges nothing any more; it is not seen to probe an idle connection as it did, nor to cancel
   * what it gives up; both are heard and nothing is acknowledged; or it is, in vain.
   */
  readonly oneWay: 'gateway-mute' | 'gateway-unseen' | 'unacknowledged' | 'acknowledged-in-vain' | null;
  readonly end: { readonly how: WindowEnd; readonly at: Ref | null };
  readonly streams: readonly HurtStream[];
  readonly alternatives: readonly Alternative[];
  readonly meanwhile: Meanwhile;
  readonly checks: Checks;
  readonly evidence: readonly Evidence[];
}

/**
 * Why a window is no surer: only time links the two connections; only sizes and times do; several requests were alike and their order alone
 * tells them apart; few payloads were alike; the upstream left fewer tries unanswered than a death takes, and the gateway gave it up; that
 * a request waits for it is supposed.
 */
export type Doubt = 'by-timing' | 'by-sizes' | 'by-order' | 'few-payloads' | 'given-up-early' | 'wait-supposed';

/** An upstream connection to another server that was open and alive at some time of the window. */
export interface Alternative {
  readonly upstream: string;
  readonly requestsDuring: number;
  /**
   * It could have served (same port and protocol, there all the time, with room), and its server got no request on any connection. Of what
   * cannot be read nobody knows.
   */
  readonly unused: boolean;
}

export interface HurtStream extends StreamName {
  readonly kind: string;
  readonly path: string | null;
  /** What for, whatever the object's name: `pods`, `pods/exec`, `leases.coordination.k8s.io`; the path of what is none of Kubernetes'. */
  readonly resource: string | null;
  readonly userAgent: string | null;
  readonly upstreamStream: StreamName | null;
  /** Since when nothing of the upstream reached the client on it. */
  readonly silentSinceNs: number;
  readonly outcome: Outcome;
  /** Status that the client got; null where none was seen or it is not knowable. */
  readonly status: number | null;
  /** The error that its trailers told, where the call is gRPC's; null: none. */
  readonly grpcStatus: number | null;
  readonly recoveredBy: { readonly stream: StreamName; readonly upstream: string | null } | null;
}
