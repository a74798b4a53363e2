import { type ConnectionFacts, otherSide, type Side } from '../tcp/index.ts';
import type { FlowNotes } from './flow-notes.ts';

/** How well "received on `near`, passed on over `far`" fits what is known of the two connections. */
export const FORWARDING = { impossible: 0, conceivable: 1, fitting: 2 } as const;
export type Forwarding = (typeof FORWARDING)[keyof typeof FORWARDING];

/**
 * Judges whether the host that got something on one connection may be the one that sent it on another.
 * @param receiver side of `near` that got it
 * @param sender   side of `far` that passed it on
 */
export type JudgeForwarding = (near: number, receiver: Side, far: number, sender: Side) => Forwarding;

/**
 * Told from addresses alone, and from which of them the capturing host itself has.
 * @param fileOf the file of a connection's first packet
 */
export function judgeForwarding(
  tcp: ConnectionFacts,
  notes: FlowNotes,
  fileOf: (connection: number) => number,
): JudgeForwarding {
  return (near, receiver, far, sender) => {
    if (
      tcp.port(near, receiver) === tcp.port(far, otherSide(sender)) &&
      tcp.isSameHost(near, receiver, far, otherSide(sender))
    ) {
      // Nobody forwards a request to the very socket that received it: these are two clients of one server. But a sidecar, to whose own port the
      // kernel redirects what comes in behind the tap, asks the server beside it by the address that was asked, from one that is on no wire.
      const isSidecar = tcp.isLoopback(far, sender) && !tcp.isLoopback(near, otherSide(receiver));
      return isSidecar ? FORWARDING.fitting : FORWARDING.impossible;
    }
    if (tcp.isSameHost(near, receiver, far, sender)) return FORWARDING.fitting;
    const nearLocal = notes.localSide(near);
    const farLocal = notes.localSide(far);
    const nearOwn = isOrBoth(nearLocal, receiver) || tcp.isLoopback(near, receiver);
    const farOwn = isOrBoth(farLocal, sender) || tcp.isLoopback(far, sender);
    if (nearOwn && farOwn) return FORWARDING.fitting;
    // Taken on the forwarding host, a capture says so of both connections. Two captures of its neighbours say it of neither.
    if (nearOwn || farOwn) return FORWARDING.impossible;
    const saysNothing = nearLocal === null && farLocal === null;
    if (!saysNothing && fileOf(near) === fileOf(far)) return FORWARDING.impossible;
    // The same host on both far ends asks two servers the same: no gateway between.
    return tcp.isSameHost(near, otherSide(receiver), far, sender) ? FORWARDING.impossible : FORWARDING.conceivable;
  };
}

function isOrBoth(local: Side | 'both' | null, side: Side): boolean {
  return local === side || local === 'both';
}
