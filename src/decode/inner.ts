import type { ETHER_TYPE } from './ether-type.ts';
import { type Segment, type Tunnel, TUNNEL } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

/**
 * Headers inside headers. A reader that finds another header behind its own writes down where, and returns STOP.inner; the
 * loop in packet.ts goes on from there. So no reader calls another to its left, nothing recurses, and one bound holds for all.
 */

/** What stands inside is said by its EtherType, or by this and a LINKTYPE_ number. */
export const INNER_LINK_BASE: number = 0x10000;

/** @returns STOP.inner */
export function goInside(
  at: number,
  end: number,
  wireEnd: number,
  innerType: number,
  into: Segment,
): typeof STOP.inner {
  into.innerAt = at;
  into.innerEnd = end;
  into.innerWireEnd = wireEnd;
  into.innerType = innerType;
  return STOP.inner;
}

/** Notes that the packet at hand carries another one; the outermost addresses are kept. */
export function enterTunnel(tunnel: Tunnel, id: number, into: Segment): void {
  if (into.tunnels === 0) keepOuter(into);
  into.tunnels++;
  into.tunnel = tunnel;
  into.tunnelId = id;
}

function keepOuter(into: Segment): void {
  into.outerIpVersion = into.ipVersion;
  into.outerSrc0 = into.src0;
  into.outerSrc1 = into.src1;
  into.outerSrc2 = into.src2;
  into.outerSrc3 = into.src3;
  into.outerDst0 = into.dst0;
  into.outerDst1 = into.dst1;
  into.outerDst2 = into.dst2;
  into.outerDst3 = into.dst3;
}

/** IP in IP (RFC 2003, RFC 2473, RFC 4213 §3). */
export function enterIp(
  at: number,
  end: number,
  wireEnd: number,
  innerType: typeof ETHER_TYPE.ipv4 | typeof ETHER_TYPE.ipv6,
  into: Segment,
): StopCode {
  enterTunnel(TUNNEL.ipInIp, 0, into);
  return goInside(at, end, wireEnd, innerType, into);
}
