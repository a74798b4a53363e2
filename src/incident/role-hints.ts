/** What the reader knows better than the capture tells. */
export interface RoleHints {
  /** The addresses of the one gateway to look at; none: gateways are found. */
  readonly gateways: readonly string[];
  /** The port at which the gateway accepts clients; null: any. */
  readonly clientPort: number | null;
  /** The port of the upstream servers; null: any. */
  readonly upstreamPort: number | null;
}

export const NO_HINTS: RoleHints = { gateways: [], clientPort: null, upstreamPort: null };
