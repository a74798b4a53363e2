import type { Leg } from './model.ts';
import { overAt } from './stream-fate.ts';

/**
 * The connection could take no request at that time: HTTP/1.1 carries one exchange after the other (RFC 9112 §9.3), and gateways do not
 * pipeline. HTTP/2 always has room here.
 */
export function isBusy(leg: Leg, atNs: number): boolean {
  return isBusyThroughout(leg, atNs, atNs);
}

/** One exchange took up the connection from the first moment to the last. */
export function isBusyThroughout(leg: Leg, fromNs: number, toNs: number): boolean {
  if (leg.trace.protocol !== 'http1') return false;
  return leg.streams.some(
    (stream) => stream.opened.timeNs <= fromNs && (overAt(stream, leg.serverSide)?.timeNs ?? Infinity) > toNs,
  );
}
