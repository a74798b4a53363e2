import { ETHER_TYPE } from './ether-type.ts';
import { goInside } from './inner.ts';
import type { Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

/** RFC 1662 §3.1: address and control of HDLC framing; most captures leave them out. */
const HDLC_ADDRESS_CONTROL = 0xff03;
/** RFC 1661 §2: an odd first byte is the whole number, compressed (§6.5). */
const COMPRESSED_BIT = 1;
const PROTOCOL = { ipv4: 0x0021, ipv6: 0x0057, mpls: 0x0281, mplsUpstream: 0x0283 } as const;
/** RFC 1661 §2: from here on numbers belong to the control protocols of links and networks. */
const CONTROL_MIN = 0x8000;
const NUMBER_BYTES = 2;

/** Reads a PPP frame (RFC 1661 §2), with or without the address and control bytes of HDLC. */
export function readPpp(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < NUMBER_BYTES) return STOP.linkHeaderCut;
  if (view.getUint16(at) === HDLC_ADDRESS_CONTROL) at += NUMBER_BYTES;
  if (end - at < NUMBER_BYTES) return STOP.linkHeaderCut;
  const first = view.getUint8(at);
  const isCompressed = (first & COMPRESSED_BIT) !== 0;
  const protocol = isCompressed ? first : view.getUint16(at);
  const payloadAt = at + (isCompressed ? 1 : NUMBER_BYTES);
  switch (protocol) {
    case PROTOCOL.ipv4:
      return goInside(payloadAt, end, wireEnd, ETHER_TYPE.ipv4, into);
    case PROTOCOL.ipv6:
      return goInside(payloadAt, end, wireEnd, ETHER_TYPE.ipv6, into);
    case PROTOCOL.mpls:
    case PROTOCOL.mplsUpstream:
      return goInside(payloadAt, end, wireEnd, ETHER_TYPE.mpls, into);
    default:
      return protocol >= CONTROL_MIN ? STOP.pppControl : STOP.notIp;
  }
}
