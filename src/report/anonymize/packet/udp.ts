import { checksumOf } from './checksum.ts';
import { ETHER_TYPE } from './ether-type.ts';
import { type Upper, upperSum } from './upper.ts';

// RFC 768
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;
const HEADER_BYTES = 8;
const PROTOCOL = 17;
/** A checksum that comes out as zero is sent as all ones: zero is none. */
const ZERO_SUM = 0xffff;

const PORT = {
  vxlan: 4789,
  vxlanGpe: 4790,
  teredo: 3544,
  geneve: 6081,
  gtpUser: 2152,
  mpls: 6635,
  vxlanLinux: 8472,
} as const;

/** RFC 7348 §5, RFC 8926 §3.4: their fixed parts are of one length. */
const OVERLAY_BYTES = 8;
const VXLAN_FLAG_VNI = 0x08;
const GPE_FLAG_NEXT = 0x04;
const GPE_NEXT = 3;
const GPE_TYPES: readonly number[] = [
  0,
  ETHER_TYPE.ipv4,
  ETHER_TYPE.ipv6,
  ETHER_TYPE.ethernet,
  ETHER_TYPE.serviceChain,
  ETHER_TYPE.mpls,
];
// RFC 4380 §5.1.1
const TEREDO = { origin: 0, originBytes: 8, authentication: 1, lengthsEnd: 4, authenticationBytes: 13 } as const;
const GTP = {
  versionMask: 0xf0,
  version1: 0x30,
  packet: 0xff,
  optionalFlags: 0x07,
  optionalBytes: 4,
  extensionFlag: 0x04,
  unitBytes: 4,
} as const;
const GENEVE_OPTIONS_MASK = 0x3f;
const GENEVE_PROTOCOL = 2;
const GENEVE_UNIT_BYTES = 4;

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
  copy.whenDone(() => to.setUint16(at + CHECKSUM, checksumOf(upperSum(datagram, PROTOCOL)) || ZERO_SUM));
}

function copyOverlay(upper: Upper): void {
  const { copy, at, end } = upper;
  const payloadAt = at + HEADER_BYTES;
  if (end - payloadAt < OVERLAY_BYTES) return;
  const innerAt = payloadAt + OVERLAY_BYTES;
  switch (overlayPort(upper)) {
    case PORT.vxlan:
      copy.keep(payloadAt, OVERLAY_BYTES);
      return copy.inside(ETHER_TYPE.ethernet, innerAt, end);
    case PORT.vxlanLinux:
      // Other programs use the number too: half of the header says that this is VXLAN.
      if (copy.from.getUint32(payloadAt) !== VXLAN_FLAG_VNI << 24 || copy.from.getUint8(innerAt - 1) !== 0) return;
      copy.keep(payloadAt, OVERLAY_BYTES);
      return copy.inside(ETHER_TYPE.ethernet, innerAt, end);
    case PORT.vxlanGpe:
      copy.keep(payloadAt, OVERLAY_BYTES);
      return copy.inside(gpeType(upper, payloadAt), innerAt, end);
    case PORT.geneve: {
      // Options stay empty ones.
      copy.keep(payloadAt, OVERLAY_BYTES);
      const words = copy.from.getUint8(payloadAt) & GENEVE_OPTIONS_MASK;
      return copy.inside(copy.from.getUint16(payloadAt + GENEVE_PROTOCOL), innerAt + words * GENEVE_UNIT_BYTES, end);
    }
    case PORT.gtpUser:
      return copyGtpUser(upper, payloadAt);
    case PORT.teredo:
      return copyTeredo(upper, payloadAt);
    case PORT.mpls:
      return copy.inside(ETHER_TYPE.mpls, payloadAt, end);
    default:
  }
}

const OVERLAY_PORTS: ReadonlySet<number> = new Set(Object.values(PORT));

function overlayPort({ copy: { from }, at }: Upper): number {
  const destination = from.getUint16(at + DESTINATION_PORT);
  return OVERLAY_PORTS.has(destination) ? destination : from.getUint16(at);
}

/** IPv6 behind where its sender is seen from, which stays zero, and an authentication, of which the lengths stay. */
function copyTeredo({ copy, end }: Upper, from: number): void {
  let at = from;
  for (let headers = 0; headers < 2 && end - at >= TEREDO.originBytes; headers++) {
    const indicator = copy.from.getUint16(at);
    if (indicator === TEREDO.origin) at += TEREDO.originBytes;
    else if (indicator === TEREDO.authentication) {
      copy.keep(at, TEREDO.lengthsEnd);
      at += TEREDO.authenticationBytes + copy.from.getUint8(at + 2) + copy.from.getUint8(at + 3);
    }
  }
  if (at < end && copy.from.getUint8(at) >> 4 === 6) copy.inside(ETHER_TYPE.ipv6, at, end);
}

/** 3GPP TS 29.281 §5.1: the header and its extensions stay; what is not known as a packet stays zero. */
function copyGtpUser({ copy, end }: Upper, at: number): void {
  const { from } = copy;
  const flags = from.getUint8(at);
  if ((flags & GTP.versionMask) !== GTP.version1 || from.getUint8(at + 1) !== GTP.packet) return;
  let innerAt = at + OVERLAY_BYTES + ((flags & GTP.optionalFlags) === 0 ? 0 : GTP.optionalBytes);
  if ((flags & GTP.extensionFlag) !== 0) {
    while (innerAt < end && from.getUint8(innerAt - 1) !== 0)
      innerAt += (from.getUint8(innerAt) || end) * GTP.unitBytes;
  }
  if (innerAt >= end) return;
  const version = from.getUint8(innerAt) >> 4;
  if (version !== 4 && version !== 6) return;
  copy.keep(at, innerAt - at);
  copy.inside(version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6, innerAt, end);
}

function gpeType({ copy: { from } }: Upper, at: number): number {
  if ((from.getUint8(at) & GPE_FLAG_NEXT) === 0) return ETHER_TYPE.ethernet;
  return GPE_TYPES[from.getUint8(at + GPE_NEXT)] ?? 0;
}
