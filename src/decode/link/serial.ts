import { readEtherType } from '../network.ts';
import { readIpv4 } from '../ipv4.ts';
import { readIpv6 } from '../ipv6.ts';
import { readSnap } from '../llc.ts';
import { readPpp } from '../ppp.ts';
import type { Segment } from '../segment.ts';
import { STOP, type StopCode } from '../stop.ts';

/** Links over serial lines: Cisco's HDLC, frame relay, and PPP with a direction in front. */

/** Cisco HDLC, RFC 1547 §4.3.1: address, control, then an EtherType. */
const CISCO_TYPE_AT = 2;
const CISCO_BYTES = 4;
const CISCO_ADDRESSES: readonly number[] = [0x0f, 0x8f];

/** LINKTYPE_PPP_WITH_DIR and LINKTYPE_PPP_PPPD: the direction's byte; the latter's stands in place of HDLC's address. */
const DIRECTION_BYTES = 1;
const PPPD_BYTES = 2;

// Q.922 address of 2, 3 or 4 bytes, the last with its lowest bit set; then as RFC 2427 §3, or an EtherType (Cisco's own)
const ADDRESS_MAX_BYTES = 4;
const ADDRESS_LAST_BIT = 1;
const UNNUMBERED_INFORMATION = 0x03;
const PADDING = 0x00;
/** Network layer protocol identifiers (ISO/IEC TR 9577). */
const NLPID = { snap: 0x80, ipv6: 0x8e, ipv4: 0xcc } as const;

/** LINKTYPE_C_HDLC. */
export function readCiscoHdlc(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < CISCO_BYTES) return STOP.linkHeaderCut;
  return readEtherType(view, at + CISCO_BYTES, end, wireEnd, view.getUint16(at + CISCO_TYPE_AT), into);
}

/** LINKTYPE_PPP_HDLC: PPP in HDLC framing, or Cisco's HDLC, which has other addresses (RFC 1547 §4.3.1). */
export function readPppHdlc(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (at < end && CISCO_ADDRESSES.includes(view.getUint8(at))) return readCiscoHdlc(view, at, end, wireEnd, into);
  return readPpp(view, at, end, wireEnd, into);
}

/** LINKTYPE_PPP_WITH_DIR. */
export function readPppWithDirection(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  into: Segment,
): StopCode {
  return readPpp(view, at + DIRECTION_BYTES, end, wireEnd, into);
}

/** LINKTYPE_PPP_PPPD. */
export function readPppd(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  return readPpp(view, at + PPPD_BYTES, end, wireEnd, into);
}

/** LINKTYPE_FRELAY. */
export function readFrameRelay(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  let next = at;
  do {
    if (next >= end || next - at === ADDRESS_MAX_BYTES) return STOP.linkHeaderCut;
  } while ((view.getUint8(next++) & ADDRESS_LAST_BIT) === 0);
  if (end - next < 2) return STOP.linkHeaderCut;
  if (view.getUint8(next) !== UNNUMBERED_INFORMATION)
    return readEtherType(view, next + 2, end, wireEnd, view.getUint16(next), into);
  next++;
  if (view.getUint8(next) === PADDING) next++;
  if (next >= end) return STOP.linkHeaderCut;
  return readByNlpid(view, next, end, wireEnd, into);
}

function readByNlpid(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  switch (view.getUint8(at)) {
    case NLPID.ipv4:
      return readIpv4(view, at + 1, end, wireEnd, into);
    case NLPID.ipv6:
      return readIpv6(view, at + 1, end, wireEnd, into);
    case NLPID.snap:
      return readSnap(view, at + 1, end, wireEnd, into);
    default:
      return STOP.notIp;
  }
}
