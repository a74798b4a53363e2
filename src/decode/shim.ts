import { ETHER_LENGTH_MAX, ETHER_TYPE, NEXT_PROTOCOL_TYPES, SERVICE_TAG_BYTES } from './ether-type.ts';
import { goInside } from './inner.ts';
import { readLlc } from './llc.ts';
import { readPpp } from './ppp.ts';
import type { Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

const PORT_EXTENSION_BYTES = 6;
const VN_TAG_BYTES = 4;
const ETHER_TYPE_BYTES = 2;

// RFC 3032 §2.1: the label, then in the third byte the bottom-of-stack bit
const LABEL_BYTES = 4;
const BOTTOM_AT = 2;
const BOTTOM_BIT = 1;

// RFC 2516 §4
const PPPOE_CODE = 1;
const PPPOE_LENGTH = 4;
const PPPOE_BYTES = 6;

// NSH, RFC 8300 §2.2: in the second byte's lower six bits its length in words, in the fourth the next protocol
const NSH_LENGTH = 1;
const NSH_LENGTH_MASK = 0x3f;
const NSH_WORD_BYTES = 4;
const NSH_NEXT = 3;
const NSH_MIN_BYTES = 8;

/** EtherTypes that are named and not read. */
const NAMED: ReadonlyMap<number, StopCode> = new Map([
  [ETHER_TYPE.arp, STOP.arp],
  [ETHER_TYPE.rarp, STOP.arp],
  [ETHER_TYPE.slow, STOP.lacp],
  [ETHER_TYPE.pppoeDiscovery, STOP.pppoeDiscovery],
  [ETHER_TYPE.eapol, STOP.eapol],
  [ETHER_TYPE.lldp, STOP.lldp],
  [ETHER_TYPE.macsec, STOP.macsec],
  [ETHER_TYPE.ptp, STOP.ptp],
]);

/**
 * Reads what an EtherType announces that is neither IP nor a VLAN tag.
 * @returns STOP.inner where a header was skipped; else what kind of traffic it is
 */
export function readShim(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  etherType: number,
  into: Segment,
): StopCode {
  if (etherType <= ETHER_LENGTH_MAX) return readLlc(view, at, end, wireEnd, into);
  switch (etherType) {
    case ETHER_TYPE.mpls:
    case ETHER_TYPE.mplsUpstream:
      return readMpls(view, at, end, wireEnd, into);
    case ETHER_TYPE.pppoe:
      return readPppoe(view, at, end, wireEnd, into);
    case ETHER_TYPE.ppp:
      return readPpp(view, at, end, wireEnd, into);
    case ETHER_TYPE.ethernet:
      return goInside(at, end, wireEnd, ETHER_TYPE.ethernet, into);
    case ETHER_TYPE.serviceChain:
      return readServiceChain(view, at, end, wireEnd, into);
    case ETHER_TYPE.providerBackbone:
      return goInside(at + SERVICE_TAG_BYTES, end, wireEnd, ETHER_TYPE.ethernet, into);
    case ETHER_TYPE.portExtension:
      return skip(view, at, end, wireEnd, PORT_EXTENSION_BYTES, into);
    case ETHER_TYPE.vnTag:
      return skip(view, at, end, wireEnd, VN_TAG_BYTES, into);
    default:
      return NAMED.get(etherType) ?? STOP.notIp;
  }
}

/** A tag of `bytes`, then the next EtherType. */
function skip(view: DataView, at: number, end: number, wireEnd: number, bytes: number, into: Segment): StopCode {
  const next = at + bytes + ETHER_TYPE_BYTES;
  if (next > end) return STOP.linkHeaderCut;
  return goInside(next, end, wireEnd, view.getUint16(at + bytes), into);
}

function readServiceChain(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < NSH_MIN_BYTES) return STOP.linkHeaderCut;
  const bytes = (view.getUint8(at + NSH_LENGTH) & NSH_LENGTH_MASK) * NSH_WORD_BYTES;
  const innerType = NEXT_PROTOCOL_TYPES[view.getUint8(at + NSH_NEXT)] ?? 0;
  return bytes < NSH_MIN_BYTES || innerType === 0 ? STOP.notIp : goInside(at + bytes, end, wireEnd, innerType, into);
}

/** Nothing says what a label stands for: a packet is known by its first nibble (RFC 4928 §2), anything else stays unknown. */
function readMpls(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  for (let isBottom = false; !isBottom; at += LABEL_BYTES) {
    if (end - at < LABEL_BYTES) return STOP.linkHeaderCut;
    isBottom = (view.getUint8(at + BOTTOM_AT) & BOTTOM_BIT) !== 0;
  }
  if (at >= end) return STOP.linkHeaderCut;
  const version = view.getUint8(at) >> 4;
  if (version === 4) return goInside(at, end, wireEnd, ETHER_TYPE.ipv4, into);
  return version === 6 ? goInside(at, end, wireEnd, ETHER_TYPE.ipv6, into) : STOP.mplsOther;
}

/** Reads a PPPoE session's header; its length ends the PPP frame, since Ethernet may pad behind it. */
export function readPppoe(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < PPPOE_BYTES) return STOP.linkHeaderCut;
  if (view.getUint8(at + PPPOE_CODE) !== 0) return STOP.pppoeDiscovery;
  const frameAt = at + PPPOE_BYTES;
  const frameEnd = frameAt + view.getUint16(at + PPPOE_LENGTH);
  return readPpp(view, frameAt, frameEnd < end ? frameEnd : end, frameEnd < wireEnd ? frameEnd : wireEnd, into);
}
