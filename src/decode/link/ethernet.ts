import { readEtherType } from '../network.ts';
import type { Segment } from '../segment.ts';
import { STOP, type StopCode } from '../stop.ts';

// IEEE 802.3 §3.1.1
const ETHER_TYPE_AT = 12;
const HEADER_BYTES = 14;

/** Switches of Broadcom and Marvell put a tag of their own between the addresses and the EtherType. */
const SWITCH_TAG_BYTES = 4;

/** Reads an Ethernet frame. */
export function readEthernet(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_BYTES) return STOP.linkHeaderCut;
  return readEtherType(view, at + HEADER_BYTES, end, wireEnd, view.getUint16(at + ETHER_TYPE_AT), into);
}

/** LINKTYPE_DSA_TAG_BRCM and LINKTYPE_DSA_TAG_DSA: the switch's tag stands behind the addresses. */
export function readSwitchTagged(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_BYTES + SWITCH_TAG_BYTES) return STOP.linkHeaderCut;
  const typeAt = at + ETHER_TYPE_AT + SWITCH_TAG_BYTES;
  return readEtherType(view, typeAt + 2, end, wireEnd, view.getUint16(typeAt), into);
}

/** LINKTYPE_DSA_TAG_BRCM_PREPEND: the tag stands in front of the frame. */
export function readSwitchPrepended(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  return readEthernet(view, at + SWITCH_TAG_BYTES, end, wireEnd, into);
}
