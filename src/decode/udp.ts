import { ETHER_TYPE } from './ether-type.ts';
import { enterTunnel, goInside } from './inner.ts';
import {
  GENEVE_PROTOCOL,
  geneveBytes,
  gpeInnerType,
  gtpInnerAt,
  isVxlan,
  OVERLAY_HEADER_BYTES,
  OVERLAY_PORT,
  overlayPort,
  TEREDO,
  teredoAuthenticationBytes,
} from './overlay-layout.ts';
import { type Segment, TUNNEL } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';
import { readPorts } from './tcp-header.ts';

// RFC 768
const LENGTH = 4;
const HEADER_BYTES = 8;

const PORT = { dns: 53, https: 443, multicastDns: 5353 } as const;

/** Where VXLAN (RFC 7348 §5) and Geneve (RFC 8926 §3.4) have the network's identifier, before a reserved byte. */
const NETWORK_ID = 4;
/** 3GPP TS 29.281 §5.1 */
const GTP_ENDPOINT = 4;

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
  switch (overlayPort(into.srcPort, into.dstPort)) {
    case OVERLAY_PORT.vxlan:
      return readVxlan(view, payloadAt, payloadEnd, datagramEnd, ETHER_TYPE.ethernet, into);
    case OVERLAY_PORT.vxlanLinux:
      return payloadEnd - payloadAt >= OVERLAY_HEADER_BYTES && isVxlan(view, payloadAt)
        ? readVxlan(view, payloadAt, payloadEnd, datagramEnd, ETHER_TYPE.ethernet, into)
        : STOP.udp;
    case OVERLAY_PORT.vxlanGpe:
      return readVxlanGpe(view, payloadAt, payloadEnd, datagramEnd, into);
    case OVERLAY_PORT.geneve:
      return readGeneve(view, payloadAt, payloadEnd, datagramEnd, into);
    case OVERLAY_PORT.gtpUser:
      return readGtpUser(view, payloadAt, payloadEnd, datagramEnd, into);
    case OVERLAY_PORT.teredo:
      return readTeredo(view, payloadAt, payloadEnd, datagramEnd, into);
    case OVERLAY_PORT.mpls: // RFC 7510 §3
      enterTunnel(TUNNEL.other, 0, into);
      return goInside(payloadAt, payloadEnd, datagramEnd, ETHER_TYPE.mpls, into);
    default:
      return kindOf(view, payloadAt, payloadEnd, into);
  }
}

function readVxlan(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  innerType: number,
  into: Segment,
): StopCode {
  if (end - at < OVERLAY_HEADER_BYTES) return STOP.tunnelCut;
  enterTunnel(TUNNEL.vxlan, view.getUint32(at + NETWORK_ID) >>> 8, into);
  return goInside(at + OVERLAY_HEADER_BYTES, end, wireEnd, innerType, into);
}

function readVxlanGpe(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < OVERLAY_HEADER_BYTES) return STOP.tunnelCut;
  const innerType = gpeInnerType(view, at);
  return innerType === 0 ? STOP.tunnelOdd : readVxlan(view, at, end, wireEnd, innerType, into);
}

function readTeredo(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  let next = at;
  for (let headers = 0; headers < 2 && end - next >= TEREDO.originBytes; headers++) {
    const indicator = view.getUint16(next);
    if (indicator === TEREDO.origin) next += TEREDO.originBytes;
    else if (indicator === TEREDO.authentication) next += teredoAuthenticationBytes(view, next);
  }
  if (next >= end || view.getUint8(next) >> 4 !== 6) return STOP.udp;
  enterTunnel(TUNNEL.ipInIp, 0, into);
  return goInside(next, end, wireEnd, ETHER_TYPE.ipv6, into);
}

/** What mobile networks carry a subscriber's packets in; other messages of the protocol are UDP. */
function readGtpUser(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < OVERLAY_HEADER_BYTES) return STOP.udp;
  const innerAt = gtpInnerAt(view, at, end);
  if (innerAt < 0) return STOP.udp;
  if (innerAt >= end) return STOP.tunnelCut;
  // Nothing says what is carried: a packet is known by its first nibble.
  const version = view.getUint8(innerAt) >> 4;
  if (version !== 4 && version !== 6) return STOP.udp;
  enterTunnel(TUNNEL.gtpUser, view.getInt32(at + GTP_ENDPOINT), into);
  return goInside(innerAt, end, wireEnd, version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6, into);
}

function readGeneve(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < OVERLAY_HEADER_BYTES) return STOP.tunnelCut;
  const innerAt = at + geneveBytes(view, at);
  if (innerAt > end) return STOP.tunnelCut;
  enterTunnel(TUNNEL.geneve, view.getUint32(at + NETWORK_ID) >>> 8, into);
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
