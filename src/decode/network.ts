import { readIpv4 } from './ipv4.ts';
import { readIpv6 } from './ipv6.ts';
import type { Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

/** IEEE 802 numbers of the network protocols. */
const ETHER_TYPE = { ipv4: 0x0800, ipv6: 0x86dd } as const;

/**
 * Reads what an EtherType announces at `at`.
 * @returns STOP.notIp where that is not IP, else what the IP reader says
 */
export function readEtherType(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  etherType: number,
  into: Segment,
): StopCode {
  if (etherType === ETHER_TYPE.ipv4) return readIpv4(view, at, end, wireEnd, into);
  if (etherType === ETHER_TYPE.ipv6) return readIpv6(view, at, end, wireEnd, into);
  return STOP.notIp;
}

/** Reads an IP packet whose version only its own first nibble tells. */
export function readIp(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (at >= end) return STOP.ipHeaderCut;
  const version = view.getUint8(at) >> 4;
  if (version === 4) return readIpv4(view, at, end, wireEnd, into);
  if (version === 6) return readIpv6(view, at, end, wireEnd, into);
  return STOP.ipVersionOdd;
}
