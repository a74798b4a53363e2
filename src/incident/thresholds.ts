/** What turns episodes into states. Named, with reasons, and shown in the report (contract §3). */
export interface Thresholds {
  /** Unanswered tries (retransmissions, probes, SYNs) from which a side counts as dead. */
  readonly deadTries: number;
  /** And for how long nothing must have answered them: from the first elicit to the answer, or to the capture's end. Nanoseconds. */
  readonly deadAfterNs: number;
  /** Silence with nothing owed from which a connection is idle. */
  readonly idleAfterNs: number;
  /** How long a client stream must have waited for an upstream that came back, to be called a window and not recovered loss. */
  readonly healedWaitNs: number;
  /** How soon after giving an upstream up a gateway must act on the client's streams for the two to be linked by timing. */
  readonly actsWithinNs: number;
  /** Loss below this span or number of tries is no finding (a lone tail-loss probe is usual). */
  readonly lossSpanNs: number;
  readonly lossTries: number;
  /** How long a request that the upstream has acknowledged at TCP may be without a response. */
  readonly responseGraceNs: number;
  /** How far past `timeoutSeconds` a watch may be open. */
  readonly watchGraceNs: number;
}

const SECOND_NS = 1e9;

export const DEFAULT_THRESHOLDS: Thresholds = {
  deadTries: 3,
  deadAfterNs: 3 * SECOND_NS,
  idleAfterNs: 10 * SECOND_NS,
  healedWaitNs: 30 * SECOND_NS,
  actsWithinNs: 1 * SECOND_NS,
  lossSpanNs: 1 * SECOND_NS,
  lossTries: 3,
  // Twice a slow LIST of a large cluster; the apiserver itself gives up after 60 s (--request-timeout).
  responseGraceNs: 30 * SECOND_NS,
  // The apiserver ends a watch at its deadline; a minute covers its bookmark just before and a slow path.
  watchGraceNs: 60 * SECOND_NS,
};
