/** What went on on the client's connection in a window: what its own health check saw, and where its requests went. */
export interface Meanwhile {
  /** The client's PINGs, and how many of them the gateway answered. */
  readonly pings: number;
  readonly pingsAnswered: number;
  /** Its keep-alive probes, and how many of them the gateway's TCP answered. */
  readonly probes: number;
  readonly probesAnswered: number;
  /** Requests that the client sent. */
  readonly requests: number;
  /** Which of these counts are at least so many. */
  readonly atLeast: readonly ('pings' | 'pingsAnswered' | 'probes' | 'probesAnswered' | 'requests')[];
  /** Of those that are kept one by one: passed on into the dead connection, or to others, or seen leaving on none. */
  readonly intoDead: number;
  readonly elsewhere: readonly { readonly upstream: string; readonly requests: number }[];
  readonly unseen: number;
  /** Errors that the gateway made itself, by status; of gRPC calls also by theirs. */
  readonly gatewayErrors: readonly {
    readonly status: number;
    readonly grpcStatus: number | null;
    readonly count: number;
  }[];
}

/** What the gateway did in a window that could have told it that the upstream connection was dead, and what TCP did. */
export interface Checks {
  /** The gateway's keep-alive probes on it, and how many of them were answered. */
  readonly probes: number;
  readonly probesAnswered: number;
  readonly pings: number;
  readonly pingsAnswered: number;
  /** What the gateway sent again. */
  readonly retransmissions: number;
  /** Which of these counts are at least so many. */
  readonly atLeast: readonly ('probes' | 'probesAnswered' | 'pings' | 'pingsAnswered' | 'retransmissions')[];
}
