import type { Side } from '../../tcp/index.ts';
import type { Ref } from './values.ts';

/** Payload of one flow without a longer pause in it. */
export interface LastBurst {
  readonly at: Ref;
  readonly bytes: number;
  /** The other side had spoken shortly before. */
  readonly wasPrompted: boolean;
  /** Bursts of this flow, this one included, for which the other side had not. */
  readonly unprompted: number;
}

/** What is inferred of HTTP/2 in TLS without keys, from the sizes of records alone: never seen. By side that sent it. */
export interface Inferred {
  /** PINGs that were answered by an echo, and where there are such, those that were not. */
  readonly pings: readonly [
    { readonly sent: number; readonly answered: number },
    { readonly sent: number; readonly answered: number },
  ];
  /** RST_STREAM or WINDOW_UPDATE. */
  readonly controls: readonly [number, number];
  /** Records of the client with HEADERS or DATA; null where the handshake does not tell who is the client. */
  readonly requests: number | null;
  readonly lastRequest: Ref | null;
}

/**
 * How often a burst of payload that a host received on one connection was followed at once by one burst of about the same length that it
 * sent on another, and by no other that would fit. Said of one direction; never by itself a proof.
 */
export interface BurstJoin {
  /** Connection ids: on which it was received, on which it was sent. */
  readonly from: number;
  readonly to: number;
  /** Side of `from` and of `to` that is the host between. */
  readonly receiver: Side;
  readonly sender: Side;
  readonly matched: number;
  /** Those of them that a clock which both follow does not explain. */
  readonly anew: number;
  /** How often a burst of `from` fitted that came too early to have been passed on, over BURST_CONTROLS such times: so many matches are chance. */
  readonly control: number;
  /** All bursts that were sent on `to`, and that were received on `from`, as far as they were compared. */
  readonly bursts: number;
  readonly received: number;
  readonly first: Ref;
  readonly last: Ref;
  readonly events: BurstEvents | null;
}

/** Bursts that were passed on though nobody had said anything for a second: events of a watch, or of another stream that stays open. */
export interface BurstEvents {
  readonly count: number;
  readonly firstNs: number;
  readonly last: Ref;
}
