import type { ErrorReason } from '../../http/index.ts';
import type { Party } from '../model.ts';

/**
 * What each finding's sentence needs. The codes are part of the contract: spelled exactly so, none renamed.
 * Connections are leg ids (`u1`); times are nanoseconds, `…Ns` spans or instants since the capture's base time.
 */
export interface FindingArgs {
  readonly 'upstream-unanswered': {
    readonly retransmissions: number;
    readonly spanNs: number;
    readonly stillOpen: boolean;
  };
  readonly 'upstream-mute-gateway': {
    readonly upstreamPackets: number;
    readonly spanNs: number;
    readonly lastGatewayPacketNs: number;
  };
  /** `by`: who sends again what was acknowledged. */
  readonly 'acknowledged-in-vain': { readonly by: Party; readonly retransmissions: number; readonly spanNs: number };
  /**
   * `deadBeside`: another connection to the same server that is dead. `heldRequests`: what clients wait for at the gateway and is passed on
   * to nobody; `heldBytes`: what one wrote into a tunnel and is not passed on; `rhythm`: what the upstream itself sent every `everyNs` while the connection was
   * idle. Null and 0: bookmarks are missing.
   */
  readonly 'upstream-silent': {
    readonly quietNs: number;
    readonly deadBeside: string | null;
    readonly heldRequests: number;
    readonly heldBytes: number;
    readonly rhythm: 'probe' | 'ping' | null;
    readonly everyNs: number | null;
  };
  readonly 'upstream-probes-unanswered': {
    readonly probes: number;
    readonly intervalNs: number | null;
    readonly thenClosed: boolean;
  };
  /** `toldBy`, `toldAfterNs`: the first word to a client whose stream it carried, and how long after the RST. */
  readonly 'upstream-reset': {
    readonly openStreams: number;
    readonly clientTold: boolean;
    readonly toldBy: Telling | null;
    readonly toldAfterNs: number | null;
  };
  readonly 'upstream-closed': { readonly streams: number; readonly waitedNs: number };
  readonly 'upstream-refused': { readonly attempts: number };
  /** `answeredInVain`: the capture has the answer, and it does not get through to the gateway. */
  readonly 'connect-unanswered': {
    readonly syns: number;
    readonly spanNs: number;
    readonly answeredInVain: boolean;
  };
  readonly 'goaway-not-propagated': {
    readonly lastStreamId: number;
    readonly waitedNs: number;
    readonly streams: number;
  };
  readonly 'streams-on-dead-connection': { readonly requests: number };
  readonly 'alternative-unused': { readonly alternative: string; readonly windowNs: number };
  /**
   * `grpcStatus`: the error of a gRPC call, whose status is 200 all the same; null: none. `reason`: why, in a word for what the gateway wrote in
   * the body; null where it wrote nothing that is known.
   */
  readonly 'gateway-made-response': {
    readonly status: number;
    readonly grpcStatus: number | null;
    readonly count: number;
    readonly reason: ErrorReason | null;
  };
  /** `timeoutSeconds`: what it asked for and got no end by. `bookmarksQuietNs`: how long none came, where they had. Null: not overdue by that. */
  readonly 'watch-overdue': {
    readonly timeoutSeconds: number | null;
    readonly openNs: number;
    readonly bookmarksQuietNs: number | null;
  };
  /** `unanswered`: requests taken and not answered; 0 where bookmarks stopped. */
  readonly 'stale-but-alive': {
    readonly quietNs: number;
    readonly unanswered: number;
    /** Responses that began and stopped. */
    readonly unfinished: number;
  };
  readonly 'idle-timeout-cut': { readonly quietNs: number; readonly by: 'rst-stream' | 'goaway' };
  readonly 'ping-answered-by-gateway': { readonly pings: number; readonly windowNs: number };
  readonly 'ping-unanswered': { readonly pings: number; readonly thenClosed: boolean };
  readonly 'client-gone': { readonly tries: number };
  readonly 'recovered-loss': { readonly retransmissions: number; readonly spanNs: number };
  readonly 'retry-refused-stream': { readonly streams: number; readonly retried: number };
  readonly 'zero-window-stall': { readonly spanNs: number };
  /** `reader`: who gave the sender no more. `streams`: open ones that it held back, where it is the connection's window. */
  readonly 'flow-control-stall': {
    readonly reader: Party;
    readonly window: 'stream' | 'connection';
    readonly streams: number;
    readonly spanNs: number;
    readonly stillOpen: boolean;
  };
  /** `survivedNs`: the longest earlier silence on it that hurt nothing. */
  readonly 'middlebox-idle-drop': {
    readonly gapNs: number;
    readonly survivedNs: number;
    readonly met: 'reset' | 'unanswered';
  };
  readonly 'too-many-pings': { readonly debug: string };
  /** `ipId`, `lastIpId`: IPv4 identification of the RST and of the peer's last packet before it; null: not known. */
  readonly 'reset-not-from-peer': {
    readonly ttl: number;
    readonly usualTtl: number;
    readonly ipId: number | null;
    readonly lastIpId: number | null;
    readonly window: number | null;
    readonly timestamps: boolean | null;
    readonly usualTimestamps: boolean | null;
    /** How long after it its side still sent; null: it did not, as far as the capture shows. */
    readonly spokeOnNs: number | null;
  };
  /** `about`: who had sent what was not delivered. `type` and `icmpCode` of the first error. */
  readonly 'icmp-error': {
    readonly count: number;
    readonly ipVersion: 4 | 6;
    readonly type: number;
    readonly icmpCode: number;
    readonly about: Party;
  };
  readonly 'capture-trust': { readonly weakness: string; readonly count: number };
}

/** How a gateway tells a client that a stream came to nothing: an error response, RST_STREAM, an end without more, or by closing the connection. */
export type Telling = 'response' | 'rst-stream' | 'end-stream' | 'closed';

export type FindingCode = keyof FindingArgs;
