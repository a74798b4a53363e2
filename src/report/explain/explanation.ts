import type { FindingCode } from '../../incident/index.ts';

/** Findings that explain or exonerate; all others are of something broken. */
export type ExplainingCode = Extract<
  FindingCode,
  | 'idle-timeout-cut'
  | 'middlebox-idle-drop'
  | 'reset-not-from-peer'
  | 'too-many-pings'
  | 'ping-answered-by-gateway'
  | 'ping-unanswered'
  | 'client-gone'
  | 'recovered-loss'
  | 'retry-refused-stream'
  | 'zero-window-stall'
  | 'flow-control-stall'
  | 'icmp-error'
  | 'capture-trust'
>;

/** What `watchpcap explain CODE` says of a finding. Sentences without line breaks; the renderer wraps them. */
export interface Explanation {
  /** What it means that this was found. */
  readonly meaning: string;
  /** Which packets it rests on. */
  readonly evidence: string;
  /** What to do, most useful first. */
  readonly todo: readonly string[];
  /** Public threads in which people met it: `owner/repository#number`, to be looked up on GitHub. Empty: none known. */
  readonly seenIn: readonly string[];
  /** What the finding cannot tell, or when it would mislead. */
  readonly caveats: readonly string[];
}
