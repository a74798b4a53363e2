import { otherSide, type Side } from '../tcp/index.ts';
import type { Stall, TraceStream } from '../trace/index.ts';
import type { Leg } from './model.ts';

/** When a stall ended for the one it stopped: when its window opened, at the latest when the connection or the capture ended. */
export function stallEndNs({ to }: Stall, leg: Leg): number {
  return to?.timeNs ?? leg.closed.at?.timeNs ?? leg.watchedToNs;
}

/**
 * The side may not send on this stream at the end, whatever it has to say: its reader gives no window, of HTTP/2 (RFC 9113 §6.9) or of
 * TCP. Its silence then says nothing of it.
 */
export function isHeldBack(leg: Leg, { windowSpent }: TraceStream, sender: Side): boolean {
  const { flows } = leg.trace;
  const lasting = [windowSpent[sender], flows[sender].windowSpent];
  return lasting.some((stall) => stall?.to === null) || flows[otherSide(sender)].zeroWindowSince !== null;
}

/** When the side could last not send for want of a window; -Infinity: it always could. */
export function heldBackUntilNs(leg: Leg, { windowSpent }: TraceStream, sender: Side): number {
  const stalls = [windowSpent[sender], leg.trace.flows[sender].windowSpent].filter((stall) => stall !== null);
  return stalls.reduce((lastNs, stall) => Math.max(lastNs, stallEndNs(stall, leg)), -Infinity);
}
