import { goInside, INNER_LINK_BASE } from '../inner.ts';
import { readIpv4 } from '../ipv4.ts';
import { readIpv6 } from '../ipv6.ts';
import { readEtherType } from '../network.ts';
import { DIRECTION, type Segment } from '../segment.ts';
import { STOP, type StopCode } from '../stop.ts';

/** Headers that a capturing system itself puts in front of what it captured. */

// LINKTYPE_NFLOG: address family, version, resource; then attributes of length and type, in the host's byte order
const NFLOG_BYTES = 4;
const ATTRIBUTE_TYPE = 2;
const ATTRIBUTE_BYTES = 4;
const ATTRIBUTE_ALIGNMENT_BYTES = 4;
/** NFULA_PAYLOAD. */
const PAYLOAD_ATTRIBUTE = 9;
const FAMILY = { ipv4: 2, ipv6: 10 } as const;

// LINKTYPE_PKTAP (macOS), all little-endian: its own length, record type, LINKTYPE of the frame, 24 bytes of name, flags
const PKTAP_LENGTH = 0;
const PKTAP_LINK_TYPE = 8;
const PKTAP_FLAGS = 36;
const PKTAP_MIN_BYTES = 40;
const PKTAP_FLAG = { in: 1, out: 2 } as const;

/** LINKTYPE_IPOIB: the link layer's addresses, then IPoIB's own header (RFC 4391 §6), an EtherType and 2 reserved bytes. */
const IPOIB_TYPE_AT = 40;
const IPOIB_BYTES = 44;

/** Reads what Linux' packet filter has logged. */
export function readNflog(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < NFLOG_BYTES) return STOP.linkHeaderCut;
  const family = view.getUint8(at);
  let next = at + NFLOG_BYTES;
  while (end - next >= ATTRIBUTE_BYTES) {
    const isLittle = view.getUint8(next + ATTRIBUTE_TYPE) !== 0 || view.getUint8(next + ATTRIBUTE_TYPE + 1) === 0;
    const bytes = view.getUint16(next, isLittle);
    if (bytes < ATTRIBUTE_BYTES) return STOP.linkHeaderCut;
    if (view.getUint16(next + ATTRIBUTE_TYPE, isLittle) === PAYLOAD_ATTRIBUTE) {
      const payloadAt = next + ATTRIBUTE_BYTES;
      if (family === FAMILY.ipv4) return readIpv4(view, payloadAt, end, wireEnd, into);
      return family === FAMILY.ipv6 ? readIpv6(view, payloadAt, end, wireEnd, into) : STOP.notIp;
    }
    next += Math.ceil(bytes / ATTRIBUTE_ALIGNMENT_BYTES) * ATTRIBUTE_ALIGNMENT_BYTES;
  }
  return STOP.linkHeaderCut;
}

/** Reads what macOS captures on its pseudo-interface of all interfaces, and its direction. */
export function readPktap(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < PKTAP_MIN_BYTES) return STOP.linkHeaderCut;
  const bytes = view.getUint32(at + PKTAP_LENGTH, true);
  if (bytes < PKTAP_MIN_BYTES || bytes > end - at) return STOP.linkHeaderCut;
  const flags = view.getUint32(at + PKTAP_FLAGS, true);
  if ((flags & PKTAP_FLAG.out) !== 0) into.direction = DIRECTION.fromUs;
  else if ((flags & PKTAP_FLAG.in) !== 0) into.direction = DIRECTION.toUs;
  const linkType = view.getUint32(at + PKTAP_LINK_TYPE, true);
  return goInside(at + bytes, end, wireEnd, INNER_LINK_BASE + (linkType & 0xffff), into);
}

/** Reads IP over InfiniBand. */
export function readIpoib(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < IPOIB_BYTES) return STOP.linkHeaderCut;
  return readEtherType(view, at + IPOIB_BYTES, end, wireEnd, view.getUint16(at + IPOIB_TYPE_AT), into);
}
