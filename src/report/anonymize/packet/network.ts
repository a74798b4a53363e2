import { ETHER_LENGTH_MAX, ETHER_TYPE, NEXT_PROTOCOL_TYPES, SERVICE_TAG_BYTES } from '../../../decode/index.ts';
import type { PacketCopy } from './copy.ts';
import { copyIpv4 } from './ipv4.ts';
import { copyIpv6 } from './ipv6.ts';
import { copyLlc } from './llc.ts';
import { copyPpp } from './ppp.ts';

/** IEEE 802.3 §3.1.1 */
const MAC_BYTES = 6;
const ETHERNET_TYPE_AT = 12;
const ETHERNET_BYTES = 14;

/** Tags that stay as they are, the next EtherType at their end; bytes without their own EtherType. */
const TAG_BYTES: ReadonlyMap<number, number> = new Map([
  [ETHER_TYPE.vlan, 4],
  [ETHER_TYPE.serviceTag, 4],
  [ETHER_TYPE.vlanLegacy, 4],
  [ETHER_TYPE.vlanLegacyToo, 4],
  [ETHER_TYPE.vnTag, 6],
  [ETHER_TYPE.portExtension, 8],
]);
const TYPE_BYTES = 2;

// RFC 3032 §2.1
const LABEL_BYTES = 4;
const BOTTOM_AT = 2;
const BOTTOM_BIT = 1;

/** RFC 2516 §4 */
const PPPOE_BYTES = 6;
const PPPOE_LENGTH = 4;

// RFC 8300 §2.2: its length in words, and the next protocol; what it says of the path stays, metadata do not
const CHAIN_LENGTH_AT = 1;
const CHAIN_LENGTH_MASK = 0x3f;
const CHAIN_NEXT_AT = 3;
const CHAIN_KEPT_BYTES = 8;

// RFC 826: kinds of addresses, their lengths, then the sender's two and the target's two
const ARP_BYTES = 8;
const ARP_LENGTHS_AT = 4;
const ARP_ETHERNET_IPV4 = 0x0604;
const ARP_IPV4_BYTES = 4;

/** Copies what an EtherType announces; of one without a reader nothing. */
export function copyEtherType(copy: PacketCopy, etherType: number, at: number, end: number): void {
  const tagBytes = TAG_BYTES.get(etherType);
  if (tagBytes !== undefined) return copyTag(copy, at, end, tagBytes);
  if (etherType <= ETHER_LENGTH_MAX) return copyLlc(copy, at, end);
  switch (etherType) {
    case ETHER_TYPE.ipv4:
      return copyIpv4(copy, at, end);
    case ETHER_TYPE.ipv6:
      return copyIpv6(copy, at, end);
    case ETHER_TYPE.arp:
    case ETHER_TYPE.rarp:
      return copyArp(copy, at, end);
    case ETHER_TYPE.ethernet:
      return copyEthernet(copy, at, end);
    case ETHER_TYPE.mpls:
    case ETHER_TYPE.mplsUpstream:
      return copyMpls(copy, at, end);
    case ETHER_TYPE.ppp:
      return copyPpp(copy, at, end);
    case ETHER_TYPE.pppoe:
      return copyPppoe(copy, at, end);
    case ETHER_TYPE.providerBackbone:
      copy.keep(at, Math.min(SERVICE_TAG_BYTES, end - at));
      return copy.inside(ETHER_TYPE.ethernet, at + SERVICE_TAG_BYTES, end);
    case ETHER_TYPE.serviceChain:
      return copyServiceChain(copy, at, end);
    default:
  }
}

/** An Ethernet frame: stand-ins for its two addresses. */
export function copyEthernet(copy: PacketCopy, at: number, end: number): void {
  if (end - at < ETHERNET_BYTES) return;
  copy.mac(at);
  copy.mac(at + MAC_BYTES);
  copy.keep(at + ETHERNET_TYPE_AT, TYPE_BYTES);
  copy.inside(copy.from.getUint16(at + ETHERNET_TYPE_AT), at + ETHERNET_BYTES, end);
}

function copyTag(copy: PacketCopy, at: number, end: number, bytes: number): void {
  if (end - at < bytes) return;
  copy.keep(at, bytes);
  copy.inside(copy.from.getUint16(at + bytes - TYPE_BYTES), at + bytes, end);
}

function copyMpls(copy: PacketCopy, from: number, end: number): void {
  let at = from;
  for (let isBottom = false; !isBottom; at += LABEL_BYTES) {
    if (end - at <= LABEL_BYTES) return;
    copy.keep(at, LABEL_BYTES);
    isBottom = (copy.from.getUint8(at + BOTTOM_AT) & BOTTOM_BIT) !== 0;
  }
  const version = copy.from.getUint8(at) >> 4;
  if (version === 4) copy.inside(ETHER_TYPE.ipv4, at, end);
  else if (version === 6) copy.inside(ETHER_TYPE.ipv6, at, end);
}

/** A session's header; what is said while one is being made names people. */
export function copyPppoe(copy: PacketCopy, at: number, end: number): void {
  if (end - at < PPPOE_BYTES) return;
  copy.keep(at, PPPOE_BYTES);
  const frameEnd = at + PPPOE_BYTES + copy.from.getUint16(at + PPPOE_LENGTH);
  copyPpp(copy, at + PPPOE_BYTES, Math.min(frameEnd, end));
}

function copyServiceChain(copy: PacketCopy, at: number, end: number): void {
  if (end - at < CHAIN_KEPT_BYTES) return;
  copy.keep(at, CHAIN_KEPT_BYTES);
  const words = copy.from.getUint8(at + CHAIN_LENGTH_AT) & CHAIN_LENGTH_MASK;
  const etherType = NEXT_PROTOCOL_TYPES[copy.from.getUint8(at + CHAIN_NEXT_AT)] ?? 0;
  if (words * 4 >= CHAIN_KEPT_BYTES && etherType !== 0) copy.inside(etherType, at + words * 4, end);
}

function copyArp(copy: PacketCopy, at: number, end: number): void {
  const pairBytes = MAC_BYTES + ARP_IPV4_BYTES;
  if (end - at < ARP_BYTES + 2 * pairBytes) return;
  copy.keep(at, ARP_BYTES);
  if (copy.from.getUint16(at + ARP_LENGTHS_AT) !== ARP_ETHERNET_IPV4) return;
  for (const pairAt of [at + ARP_BYTES, at + ARP_BYTES + pairBytes]) {
    copy.mac(pairAt);
    copy.ipv4(pairAt + MAC_BYTES);
  }
}
