import { readEtherType } from '../network.ts';
import type { Segment } from '../segment.ts';
import { STOP, type StopCode } from '../stop.ts';

// IEEE 802.3 §3.1.1
const ETHER_TYPE_AT = 12;
const HEADER_BYTES = 14;

/** Tag protocol identifiers: IEEE 802.1Q customer and service tags, and what switches used before the latter was named. */
const TPID = { customer: 0x8100, service: 0x88a8, legacy: 0x9100 } as const;
/** A tag: two bytes of tag control information, then the next EtherType. */
const TAG_BYTES = 4;
/** Provider networks stack two; more is a loop or an attack. */
const TAGS_MAX = 8;

/** Reads an Ethernet frame, VLAN tags skipped. */
export function readEthernet(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_BYTES) return STOP.linkHeaderCut;
  return readTagged(view, at + HEADER_BYTES, end, wireEnd, view.getUint16(at + ETHER_TYPE_AT), into);
}

/** Reads what follows an EtherType that may announce VLAN tags: they stand in the cooked headers' packets too. */
export function readTagged(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  etherType: number,
  into: Segment,
): StopCode {
  for (let tags = 0; isTag(etherType); tags++) {
    if (tags === TAGS_MAX) return STOP.linkTagsMany;
    if (end - at < TAG_BYTES) return STOP.linkHeaderCut;
    etherType = view.getUint16(at + 2);
    at += TAG_BYTES;
  }
  return readEtherType(view, at, end, wireEnd, etherType, into);
}

function isTag(etherType: number): boolean {
  return etherType === TPID.customer || etherType === TPID.service || etherType === TPID.legacy;
}
