import type { Side } from '../../tcp/index.ts';
import type { Ref } from './values.ts';

/** How a debt ended: acknowledged, or cut off by a RST of either side, or it was still owed when the connection's packets ended. */
export type DebtEnd = 'answered' | 'rst' | 'open';

/**
 * Elicits of one side without an answer of the other. For sequence space the answer is an acknowledgement that moves forward,
 * for a keep-alive probe any packet.
 */
export interface Debt {
  readonly owedBy: Side;
  /** Last packet of `owedBy` before `firstElicit`; null: none was ever seen. */
  readonly lastHeard: Ref | null;
  readonly firstElicit: Ref;
  readonly lastElicit: Ref;
  /** What was sent in vain. `tries` counts retransmissions, probes and SYNs, the first probe and the first SYN among them. */
  readonly elicits: {
    readonly data: number;
    readonly retransmissions: number;
    /** Keep-alive probes; probes of a closed window are counted apart. */
    readonly probes: number;
    readonly windowProbes: number;
    readonly syns: number;
    readonly fins: number;
  };
  readonly tries: number;
  /** The first DEBT_ATTEMPTS_MAX tries. */
  readonly attempts: readonly Ref[];
  /** The debtor was heard all the same: `heard` packets since `firstElicit`, none of which acknowledged anything new. */
  readonly heard: number;
  readonly firstHeardDuring: Ref | null;
  readonly lastHeardDuring: Ref | null;
  /** Tries made after `firstHeardDuring`: a way that heals answers the first of them, a way dead one way none. */
  readonly triesAfterHeard: number;
  /** The bytes had been acknowledged in this capture and were sent again all the same: the acknowledgements do not arrive. */
  readonly acknowledgedInVain: boolean;
  readonly end: DebtEnd;
  /** The packet that ended it; null for `open`. */
  readonly endAt: Ref | null;
}
