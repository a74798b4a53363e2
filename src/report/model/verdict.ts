import type { Args } from './values.ts';

export type VerdictState = 'half-dead' | 'suspect' | 'healthy' | 'inconclusive';

export type Confidence = 'confirmed' | 'probable' | 'possible';

export interface Verdict {
  state: VerdictState;
  /** Null for healthy and inconclusive. */
  confidence: Confidence | null;
  /** One sentence. */
  summary: string;
  /**
   * Why the state is what it is, as a word.
   * @default "unknown"
   */
  reason: VerdictReason;
  /**
   * What the reason is about.
   * @default {}
   */
  args: Args;
}

export type VerdictReason =
  | 'windows'
  | 'dead-upstream-unlinked'
  | 'stalled-upstream'
  | 'cancel-unseen'
  | 'probes-unseen'
  | 'no-window'
  | 'no-gateway'
  | 'hints-unfit'
  | 'no-tcp'
  | 'no-client-leg'
  | 'no-upstream-leg'
  | 'requests-unseen'
  | 'payload-blanked'
  | 'one-sided'
  | 'clock-step'
  | 'filtered'
  | 'no-bare-acks'
  | 'too-short'
  | 'too-early'
  | 'unread'
  /** In a report of a version that did not say. */
  | 'unknown';
