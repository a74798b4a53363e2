import {
  ETHER_TYPE,
  GENEVE_PROTOCOL,
  geneveBytes,
  gpeInnerType,
  gtpInnerAt,
  IP_PROTOCOL,
  isVxlan,
  OVERLAY_HEADER_BYTES,
  OVERLAY_PORT,
  overlayPort,
  TEREDO,
  teredoAuthenticationBytes,
} from '../../../decode/index.ts';
import { checksumOf } from './checksum.ts';
import { type Upper, upperSum } from './upper.ts';

// RFC 768
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;
const HEADER_BYTES = 8;
/** A checksum that comes out as zero is sent as all ones: zero is none. */
const ZERO_SUM = 0xffff;

/** Ports and length, a right checksum where there was one, the header of an overlay and what it carries; of other payload nothing. */
export function copyUdp(upper: Upper): void {
  const { copy, at, end, isFragment } = upper;
  copy.keep(at, Math.min(CHECKSUM, end - at));
  if (end - at < HEADER_BYTES) return;
  const { from, to } = copy;
  const bytes = from.getUint16(at + LENGTH);
  const wireEnd = bytes >= HEADER_BYTES ? Math.min(at + bytes, upper.wireEnd) : upper.wireEnd;
  const datagram = { ...upper, end: Math.min(end, wireEnd), wireEnd };
  copyOverlay(datagram);
  if (isFragment || from.getUint16(at + CHECKSUM) === 0) return;
  copy.whenDone(() => to.setUint16(at + CHECKSUM, checksumOf(upperSum(datagram, IP_PROTOCOL.udp)) || ZERO_SUM));
}

function copyOverlay(upper: Upper): void {
  const { copy, at, end } = upper;
  const { from } = copy;
  const payloadAt = at + HEADER_BYTES;
  if (end - payloadAt < OVERLAY_HEADER_BYTES) return;
  switch (overlayPort(from.getUint16(at), from.getUint16(at + DESTINATION_PORT))) {
    case OVERLAY_PORT.vxlan:
      return copyInner(upper, payloadAt, ETHER_TYPE.ethernet, OVERLAY_HEADER_BYTES);
    case OVERLAY_PORT.vxlanLinux:
      return isVxlan(from, payloadAt)
        ? copyInner(upper, payloadAt, ETHER_TYPE.ethernet, OVERLAY_HEADER_BYTES)
        : undefined;
    case OVERLAY_PORT.vxlanGpe:
      return copyInner(upper, payloadAt, gpeInnerType(from, payloadAt), OVERLAY_HEADER_BYTES);
    case OVERLAY_PORT.geneve:
      // Options stay empty ones.
      return copyInner(upper, payloadAt, from.getUint16(payloadAt + GENEVE_PROTOCOL), geneveBytes(from, payloadAt));
    case OVERLAY_PORT.gtpUser:
      return copyGtpUser(upper, payloadAt);
    case OVERLAY_PORT.teredo:
      return copyTeredo(upper, payloadAt);
    case OVERLAY_PORT.mpls:
      return copy.inside(ETHER_TYPE.mpls, payloadAt, end);
    default:
  }
}

/** An overlay's fixed header, and what begins `bytes` behind it. */
function copyInner({ copy, end }: Upper, at: number, innerType: number, bytes: number): void {
  copy.keep(at, OVERLAY_HEADER_BYTES);
  copy.inside(innerType, at + bytes, end);
}

/** IPv6 behind where its sender is seen from, which stays zero, and an authentication, of which the lengths stay. */
function copyTeredo({ copy, end }: Upper, from: number): void {
  let at = from;
  for (let headers = 0; headers < 2 && end - at >= TEREDO.originBytes; headers++) {
    const indicator = copy.from.getUint16(at);
    if (indicator === TEREDO.origin) at += TEREDO.originBytes;
    else if (indicator === TEREDO.authentication) {
      copy.keep(at, TEREDO.authenticationLengthsEnd);
      at += teredoAuthenticationBytes(copy.from, at);
    }
  }
  if (at < end && copy.from.getUint8(at) >> 4 === 6) copy.inside(ETHER_TYPE.ipv6, at, end);
}

/** The header and its extensions stay; what is not known as a packet stays zero. */
function copyGtpUser({ copy, end }: Upper, at: number): void {
  const innerAt = gtpInnerAt(copy.from, at, end);
  if (innerAt < 0 || innerAt >= end) return;
  const version = copy.from.getUint8(innerAt) >> 4;
  if (version !== 4 && version !== 6) return;
  copy.keep(at, innerAt - at);
  copy.inside(version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6, innerAt, end);
}
