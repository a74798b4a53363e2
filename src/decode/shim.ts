import { goInside, INNER } from './inner.ts';
import { readLlc } from './llc.ts';
import { readPpp } from './ppp.ts';
import type { Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

/** What stands between a link header and IP, and is no VLAN tag. */
const SHIM = {
  mpls: 0x8847,
  /** RFC 5332: the label was assigned by the receiver. */
  mplsUpstream: 0x8848,
  pppoeSession: 0x8864,
  ppp: INNER.ppp,
  ethernet: INNER.ethernet,
  serviceChain: INNER.nsh,
  /** IEEE 802.1ah: a whole Ethernet header behind the service instance tag. */
  providerBackbone: 0x88e7,
  /** IEEE 802.1BR. */
  portExtension: 0x893f,
  /** Cisco's forerunner of it. */
  vnTag: 0x8926,
} as const;

/** Below, the field is IEEE 802.3's length, and LLC follows (IEEE 802.3 §3.2.6). */
const LENGTH_MAX = 1500;

const SERVICE_TAG_BYTES = 4;
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
const NSH_TYPES: readonly number[] = [0, INNER.ipv4, INNER.ipv6, INNER.ethernet, INNER.nsh, INNER.mpls];

/** EtherTypes that are named and not read. */
const NAMED: ReadonlyMap<number, StopCode> = new Map([
  [0x0806, STOP.arp],
  [0x8035, STOP.arp],
  [0x8809, STOP.lacp],
  [0x8863, STOP.pppoeDiscovery],
  [0x888e, STOP.eapol],
  [0x88cc, STOP.lldp],
  [0x88e5, STOP.macsec],
  [0x88f7, STOP.ptp],
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
  if (etherType <= LENGTH_MAX) return readLlc(view, at, end, wireEnd, into);
  switch (etherType) {
    case SHIM.mpls:
    case SHIM.mplsUpstream:
      return readMpls(view, at, end, wireEnd, into);
    case SHIM.pppoeSession:
      return readPppoe(view, at, end, wireEnd, into);
    case SHIM.ppp:
      return readPpp(view, at, end, wireEnd, into);
    case SHIM.ethernet:
      return goInside(at, end, wireEnd, INNER.ethernet, into);
    case SHIM.serviceChain:
      return readServiceChain(view, at, end, wireEnd, into);
    case SHIM.providerBackbone:
      return goInside(at + SERVICE_TAG_BYTES, end, wireEnd, INNER.ethernet, into);
    case SHIM.portExtension:
      return skip(view, at, end, wireEnd, PORT_EXTENSION_BYTES, into);
    case SHIM.vnTag:
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
  const innerType = NSH_TYPES[view.getUint8(at + NSH_NEXT)] ?? 0;
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
  if (version === 4) return goInside(at, end, wireEnd, INNER.ipv4, into);
  return version === 6 ? goInside(at, end, wireEnd, INNER.ipv6, into) : STOP.mplsOther;
}

/** Reads a PPPoE session's header; its length ends the PPP frame, since Ethernet may pad behind it. */
export function readPppoe(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < PPPOE_BYTES) return STOP.linkHeaderCut;
  if (view.getUint8(at + PPPOE_CODE) !== 0) return STOP.pppoeDiscovery;
  const frameAt = at + PPPOE_BYTES;
  const frameEnd = frameAt + view.getUint16(at + PPPOE_LENGTH);
  return readPpp(view, frameAt, frameEnd < end ? frameEnd : end, frameEnd < wireEnd ? frameEnd : wireEnd, into);
}
