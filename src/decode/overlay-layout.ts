import { ETHER_TYPE, NEXT_PROTOCOL_TYPES } from './ether-type.ts';

/** What is carried in UDP and GRE: ports, numbers and places in headers, for who reads them and who rewrites them. */

export const OVERLAY_PORT = {
  vxlan: 4789,
  vxlanGpe: 4790,
  teredo: 3544,
  geneve: 6081,
  gtpUser: 2152,
  mpls: 6635,
  /** What Linux, and with it flannel, took before VXLAN had a number; other programs use it too. */
  vxlanLinux: 8472,
} as const;

const PORTS: ReadonlySet<number> = new Set(Object.values(OVERLAY_PORT));

/** The well-known port of the two: the destination has it, and in answers of some endpoints the source. 0: neither. */
export function overlayPort(sourcePort: number, destinationPort: number): number {
  return PORTS.has(destinationPort) ? destinationPort : PORTS.has(sourcePort) ? sourcePort : 0;
}

// VXLAN, RFC 7348 §5: flags, reserved, network identifier, reserved; VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe §3.1): in the fourth byte
// the next protocol, where the P bit is set
const VXLAN_FLAG_VNI = 0x08;
const GPE_FLAG_NEXT = 0x04;
const GPE_NEXT = 3;
/** VXLAN's header, and the fixed part of Geneve's (RFC 8926 §3.4) and of GTP-U's. */
export const OVERLAY_HEADER_BYTES: number = 8;

/**
 * On a port that other programs use too: only the one flag, and zero where RFC 7348 §5 reserves bits, say that it is VXLAN.
 * @param at  where OVERLAY_HEADER_BYTES are
 */
export function isVxlan(view: DataView, at: number): boolean {
  return view.getUint32(at) === VXLAN_FLAG_VNI << 24 && view.getUint8(at + OVERLAY_HEADER_BYTES - 1) === 0;
}

/** @returns the EtherType of what VXLAN-GPE carries; 0 where it is none that is read */
export function gpeInnerType(view: DataView, at: number): number {
  const hasNext = (view.getUint8(at) & GPE_FLAG_NEXT) !== 0;
  return hasNext ? (NEXT_PROTOCOL_TYPES[view.getUint8(at + GPE_NEXT)] ?? 0) : ETHER_TYPE.ethernet;
}

// Teredo, RFC 4380 §5.1.1: IPv6 behind an indicator of where the sender is seen from and an authentication, where they are there
export const TEREDO = { origin: 0x0000, originBytes: 8, authentication: 0x0001, authenticationLengthsEnd: 4 } as const;
const TEREDO_AUTHENTICATION_BYTES = 13;

/** Client identifier and authentication value have lengths of their own; a nonce and a confirmation byte follow. */
export function teredoAuthenticationBytes(view: DataView, at: number): number {
  return TEREDO_AUTHENTICATION_BYTES + view.getUint8(at + 2) + view.getUint8(at + 3);
}

// Geneve, RFC 8926 §3.4: version and options' length in words, flags, protocol, network identifier
const GENEVE_OPTIONS_MASK = 0x3f;
const GENEVE_OPTION_UNIT_BYTES = 4;
export const GENEVE_PROTOCOL: number = 2;

export function geneveBytes(view: DataView, at: number): number {
  return OVERLAY_HEADER_BYTES + (view.getUint8(at) & GENEVE_OPTIONS_MASK) * GENEVE_OPTION_UNIT_BYTES;
}

// GTP-U, 3GPP TS 29.281 §5.1: version and flags, message type, length, tunnel endpoint; where a flag is set a word more, with the type of
// the first extension header in its last byte
const GTP_TYPE = 1;
const GTP_OPTIONAL_BYTES = 4;
/** Version 1, and not GTP' (§5.1: the protocol type bit). */
const GTP_VERSION_MASK = 0xf0;
const GTP_VERSION_1 = 0x30;
const GTP_OPTIONAL_FLAGS = 0x07;
const GTP_EXTENSION_FLAG = 0x04;
const GTP_PACKET = 0xff;
/** §5.2.1: an extension header begins with its length in such units, and ends with the type of the next one. */
const GTP_EXTENSION_UNIT_BYTES = 4;

/**
 * @param at  where OVERLAY_HEADER_BYTES are
 * @returns where the carried packet begins, `end` or more where it is cut; -1 for other messages of the protocol
 */
export function gtpInnerAt(view: DataView, at: number, end: number): number {
  const flags = view.getUint8(at);
  if ((flags & GTP_VERSION_MASK) !== GTP_VERSION_1 || view.getUint8(at + GTP_TYPE) !== GTP_PACKET) return -1;
  const headerEnd = at + OVERLAY_HEADER_BYTES + ((flags & GTP_OPTIONAL_FLAGS) === 0 ? 0 : GTP_OPTIONAL_BYTES);
  return (flags & GTP_EXTENSION_FLAG) === 0 ? headerEnd : afterExtensions(view, headerEnd, end);
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
