export type VerdictState = 'half-dead' | 'suspect' | 'healthy' | 'inconclusive';

export type Confidence = 'confirmed' | 'probable' | 'possible';

export interface Verdict {
  readonly state: VerdictState;
  /** Null for healthy and inconclusive. */
  readonly confidence: Confidence | null;
  readonly reason: VerdictReason;
}

/** Why the state is what it is; the report makes the sentence. */
export type VerdictReason =
  | { readonly kind: 'windows'; readonly count: number }
  | { readonly kind: 'dead-upstream-unlinked'; readonly connection: string }
  | { readonly kind: 'stalled-upstream'; readonly connection: string }
  /** The gateway reset a client's stream and is not seen to cancel it on the upstream connection that carried it. */
  | { readonly kind: 'cancel-unseen'; readonly connection: string }
  /** The gateway probed this upstream connection when it was idle, and is not seen to any more. */
  | { readonly kind: 'probes-unseen'; readonly connection: string; readonly by: 'probe' | 'ping' }
  | { readonly kind: 'no-window'; readonly clients: number; readonly upstreams: number; readonly links: number }
  | { readonly kind: 'no-gateway'; readonly connections: number }
  /** What the reader said of the gateway leaves so many of its connections; without that, the capture shows both sides. */
  | { readonly kind: 'hints-unfit'; readonly clients: number; readonly upstreams: number }
  | { readonly kind: 'no-tcp' }
  | { readonly kind: 'no-client-leg' }
  | { readonly kind: 'no-upstream-leg' }
  /** A client waits for requests that no upstream connection of the capture took. */
  | { readonly kind: 'requests-unseen'; readonly connection: string; readonly count: number }
  /** Payloads were taken away before the capture was handed on. */
  | { readonly kind: 'payload-blanked'; readonly count: number }
  | { readonly kind: 'one-sided'; readonly connections: readonly string[] }
  /** Times go backward: spans of silence cannot be told. */
  | { readonly kind: 'clock-step'; readonly count: number }
  /** Packets that must have been there are missing on every leg. */
  | { readonly kind: 'filtered' }
  /** The capture has nothing that carries no payload: so often data were sent again, and whether they were acknowledged cannot be told. */
  | { readonly kind: 'no-bare-acks'; readonly count: number }
  /** Shorter than a death takes to show. */
  | { readonly kind: 'too-short' }
  /** What would tell whether this client was left waiting by a connection that ended is not in the capture, which lost packets. */
  | { readonly kind: 'unread'; readonly connection: string }
  /** An upstream had begun to owe an answer when the capture ended. */
  | { readonly kind: 'too-early'; readonly connection: string };
