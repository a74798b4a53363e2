import { ETHER_TYPE } from './ether-type.ts';
import { readIpv4 } from './ipv4.ts';
import { readIpv6 } from './ipv6.ts';
import type { Segment } from './segment.ts';
import { readShim } from './shim.ts';
import { STOP, type StopCode } from './stop.ts';

/** A tag: two bytes of tag control information, then the next EtherType. */
const TAG_BYTES = 4;
const TAG_NEXT = 2;
/** Provider networks stack two; more is a loop or an attack. */
const TAGS_MAX = 8;

/**
 * Reads what an EtherType announces at `at`, VLAN tags skipped: they stand in the cooked headers' packets too.
 * @returns what the IP reader says; STOP.inner where another header stands between; else what kind of traffic it is
 */
export function readEtherType(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  etherType: number,
  into: Segment,
): StopCode {
  for (let tags = 0; ; tags++) {
    if (etherType === ETHER_TYPE.ipv4) return readIpv4(view, at, end, wireEnd, into);
    if (etherType === ETHER_TYPE.ipv6) return readIpv6(view, at, end, wireEnd, into);
    if (!isTag(etherType)) return readShim(view, at, end, wireEnd, etherType, into);
    if (tags === TAGS_MAX) return STOP.linkTagsMany;
    if (end - at < TAG_BYTES) return STOP.linkHeaderCut;
    etherType = view.getUint16(at + TAG_NEXT);
    at += TAG_BYTES;
  }
}

function isTag(etherType: number): boolean {
  return (
    etherType === ETHER_TYPE.vlan ||
    etherType === ETHER_TYPE.serviceTag ||
    etherType === ETHER_TYPE.vlanLegacy ||
    etherType === ETHER_TYPE.vlanLegacyToo
  );
}

/** Reads an IP packet whose version only its own first nibble tells. */
export function readIp(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (at >= end) return STOP.ipHeaderCut;
  const version = view.getUint8(at) >> 4;
  if (version === 4) return readIpv4(view, at, end, wireEnd, into);
  if (version === 6) return readIpv6(view, at, end, wireEnd, into);
  return STOP.ipVersionOdd;
}
