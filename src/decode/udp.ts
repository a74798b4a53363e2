import { enterTunnel, goInside, INNER } from './inner.ts';
import { type Segment, TUNNEL } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';
import { readPorts } from './tcp-header.ts';

// RFC 768
const LENGTH = 4;
const HEADER_BYTES = 8;

const PORT = {
  dns: 53,
  https: 443,
  vxlan: 4789,
  vxlanGpe: 4790,
  multicastDns: 5353,
  teredo: 3544,
  geneve: 6081,
  gtpUser: 2152,
  mpls: 6635,
  /** What Linux, and with it flannel, took before VXLAN had a number; other programs use it too. */
  vxlanLinux: 8472,
} as const;

// VXLAN, RFC 7348 §5: flags, reserved, network identifier, reserved
const VXLAN_VNI = 4;
const VXLAN_BYTES = 8;
const VXLAN_FLAG_VNI = 0x08;
/** VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe §3.1): in the fourth byte the next protocol, where the P bit is set. */
const GPE_FLAG_NEXT = 0x04;
const GPE_NEXT = 3;
const GPE_TYPES: readonly number[] = [0, INNER.ipv4, INNER.ipv6, INNER.ethernet, INNER.nsh, INNER.mpls];

// Teredo, RFC 4380 §5.1.1
const TEREDO = { origin: 0x0000, authentication: 0x0001 } as const;
const TEREDO_ORIGIN_BYTES = 8;
const TEREDO_AUTHENTICATION_BYTES = 13;

// Geneve, RFC 8926 §3.4
const GENEVE_VERSION_OPTIONS = 0;
const GENEVE_PROTOCOL = 2;
const GENEVE_VNI = 4;
const GENEVE_BYTES = 8;
const GENEVE_OPTION_UNIT_BYTES = 4;

// GTP-U, 3GPP TS 29.281 §5.1: version and flags, message type, length, tunnel endpoint; where a flag is set a word more, with the type of
// the first extension header in its last byte
const GTP_TYPE = 1;
const GTP_ENDPOINT = 4;
const GTP_BYTES = 8;
const GTP_OPTIONAL_BYTES = 4;
/** Version 1, and not GTP' (§5.1: the protocol type bit). */
const GTP_VERSION_MASK = 0xf0;
const GTP_VERSION_1 = 0x30;
const GTP_OPTIONAL_FLAGS = 0x07;
const GTP_EXTENSION_FLAG = 0x04;
const GTP_PACKET = 0xff;
/** §5.2.1: an extension header begins with its length in such units, and ends with the type of the next one. */
const GTP_EXTENSION_UNIT_BYTES = 4;

/** RFC 8999 §5.1: the long header's form bit, and the bit that version 1 fixes (RFC 9000 §17.2, §17.3.1). */
const QUIC_LONG = 0x80;
const QUIC_FIXED = 0x40;
const QUIC_LONG_MIN_BYTES = 5;
/** RFC 9000 §15 and RFC 9369 §3.1. */
const QUIC_VERSIONS: readonly number[] = [1, 0x6b3343cf];

/** Reads a UDP header and the overlay networks that are known by their port. */
export function readUdp(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  readPorts(view, at, end, into);
  if (end - at < HEADER_BYTES) return STOP.tunnelCut;
  const bytes = view.getUint16(at + LENGTH);
  // 0 in a jumbogram and in offloaded packets: the IP packet's end holds then (RFC 2675 §4).
  const datagramEnd = bytes >= HEADER_BYTES && at + bytes < wireEnd ? at + bytes : wireEnd;
  const payloadAt = at + HEADER_BYTES;
  const payloadEnd = datagramEnd < end ? datagramEnd : end;
  switch (overlayPort(into)) {
    case PORT.vxlan:
      return readVxlan(view, payloadAt, payloadEnd, datagramEnd, INNER.ethernet, into);
    case PORT.vxlanLinux:
      return isVxlan(view, payloadAt, payloadEnd)
        ? readVxlan(view, payloadAt, payloadEnd, datagramEnd, INNER.ethernet, into)
        : STOP.udp;
    case PORT.vxlanGpe:
      return readVxlanGpe(view, payloadAt, payloadEnd, datagramEnd, into);
    case PORT.geneve:
      return readGeneve(view, payloadAt, payloadEnd, datagramEnd, into);
    case PORT.gtpUser:
      return readGtpUser(view, payloadAt, payloadEnd, datagramEnd, into);
    case PORT.teredo:
      return readTeredo(view, payloadAt, payloadEnd, datagramEnd, into);
    case PORT.mpls: // RFC 7510 §3
      enterTunnel(TUNNEL.other, 0, into);
      return goInside(payloadAt, payloadEnd, datagramEnd, INNER.mpls, into);
    default:
      return kindOf(view, payloadAt, payloadEnd, into);
  }
}

const OVERLAY_PORTS: ReadonlySet<number> = new Set<number>([
  PORT.gtpUser,
  PORT.teredo,
  PORT.vxlan,
  PORT.vxlanGpe,
  PORT.geneve,
  PORT.mpls,
  PORT.vxlanLinux,
]);

/** The well-known port of the two: the destination has it, and in answers of some endpoints the source. */
function overlayPort({ srcPort, dstPort }: Segment): number {
  return OVERLAY_PORTS.has(dstPort) ? dstPort : OVERLAY_PORTS.has(srcPort) ? srcPort : 0;
}

function readVxlan(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  innerType: number,
  into: Segment,
): StopCode {
  if (end - at < VXLAN_BYTES) return STOP.tunnelCut;
  enterTunnel(TUNNEL.vxlan, view.getUint32(at + VXLAN_VNI) >>> 8, into);
  return goInside(at + VXLAN_BYTES, end, wireEnd, innerType, into);
}

/** Only the one flag, and zero where RFC 7348 §5 reserves bits: half of the header says that it is none of another program. */
function isVxlan(view: DataView, at: number, end: number): boolean {
  if (end - at < VXLAN_BYTES) return false;
  return view.getUint32(at) === VXLAN_FLAG_VNI << 24 && view.getUint8(at + VXLAN_BYTES - 1) === 0;
}

function readVxlanGpe(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < VXLAN_BYTES) return STOP.tunnelCut;
  const hasNext = (view.getUint8(at) & GPE_FLAG_NEXT) !== 0;
  const innerType = hasNext ? (GPE_TYPES[view.getUint8(at + GPE_NEXT)] ?? 0) : INNER.ethernet;
  return innerType === 0 ? STOP.tunnelOdd : readVxlan(view, at, end, wireEnd, innerType, into);
}

/** RFC 4380 §5.1.1: IPv6, behind an indicator of where the sender is seen from and an authentication, where they are there. */
function readTeredo(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  let next = at;
  for (let headers = 0; headers < 2 && end - next >= TEREDO_ORIGIN_BYTES; headers++) {
    const indicator = view.getUint16(next);
    if (indicator === TEREDO.origin) next += TEREDO_ORIGIN_BYTES;
    else if (indicator === TEREDO.authentication) next += authenticationBytes(view, next);
  }
  if (next >= end || view.getUint8(next) >> 4 !== 6) return STOP.udp;
  enterTunnel(TUNNEL.ipInIp, 0, into);
  return goInside(next, end, wireEnd, INNER.ipv6, into);
}

/** Client identifier and authentication value have lengths of their own; a nonce and a confirmation byte follow. */
function authenticationBytes(view: DataView, at: number): number {
  return TEREDO_AUTHENTICATION_BYTES + view.getUint8(at + 2) + view.getUint8(at + 3);
}

/** What mobile networks carry a subscriber's packets in; other messages of the protocol are UDP. */
function readGtpUser(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < GTP_BYTES) return STOP.udp;
  const flags = view.getUint8(at);
  if ((flags & GTP_VERSION_MASK) !== GTP_VERSION_1 || view.getUint8(at + GTP_TYPE) !== GTP_PACKET) return STOP.udp;
  const hasOptional = (flags & GTP_OPTIONAL_FLAGS) !== 0;
  const headerEnd = at + GTP_BYTES + (hasOptional ? GTP_OPTIONAL_BYTES : 0);
  const innerAt = (flags & GTP_EXTENSION_FLAG) === 0 ? headerEnd : afterExtensions(view, headerEnd, end);
  if (innerAt >= end) return STOP.tunnelCut;
  // Nothing says what is carried: a packet is known by its first nibble.
  const version = view.getUint8(innerAt) >> 4;
  if (version !== 4 && version !== 6) return STOP.udp;
  enterTunnel(TUNNEL.gtpUser, view.getInt32(at + GTP_ENDPOINT), into);
  return goInside(innerAt, end, wireEnd, version === 4 ? INNER.ipv4 : INNER.ipv6, into);
}

/** Each step moves on, so that it ends with the packet. @param at  behind the type of the first extension header */
function afterExtensions(view: DataView, from: number, end: number): number {
  let at = from;
  while (at < end && view.getUint8(at - 1) !== 0) {
    const units = view.getUint8(at);
    if (units === 0) return end;
    at += units * GTP_EXTENSION_UNIT_BYTES;
  }
  return at;
}

function readGeneve(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < GENEVE_BYTES) return STOP.tunnelCut;
  const versionOptions = view.getUint8(at + GENEVE_VERSION_OPTIONS);
  const innerAt = at + GENEVE_BYTES + (versionOptions & 0x3f) * GENEVE_OPTION_UNIT_BYTES;
  if (innerAt > end) return STOP.tunnelCut;
  enterTunnel(TUNNEL.geneve, view.getUint32(at + GENEVE_VNI) >>> 8, into);
  return goInside(innerAt, end, wireEnd, view.getUint16(at + GENEVE_PROTOCOL), into);
}

function kindOf(view: DataView, at: number, end: number, { srcPort, dstPort }: Segment): StopCode {
  if (dstPort === PORT.dns || srcPort === PORT.dns || dstPort === PORT.multicastDns) return STOP.dns;
  if (at < end && isQuic(view, at, end, srcPort === PORT.https || dstPort === PORT.https)) return STOP.quic;
  return STOP.udp;
}

/** A short header has nothing but the port to know it by. */
function isQuic(view: DataView, at: number, end: number, isHttps: boolean): boolean {
  const first = view.getUint8(at);
  if ((first & QUIC_LONG) === 0) return isHttps && (first & QUIC_FIXED) !== 0;
  if (end - at < QUIC_LONG_MIN_BYTES) return false;
  return isHttps || QUIC_VERSIONS.includes(view.getUint32(at + 1));
}
