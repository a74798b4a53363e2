import { ETHER_TYPE } from '../../../decode/index.ts';
import type { LinkCopier } from './link-copier.ts';
import { copyCisco, copyFrameRelay, copyPppBehind, copyPppHdlc } from './link-serial.ts';
import { copyRadiotap, copyWlan } from './link-wireless.ts';
import { copyIpoib, copyNflog } from './link-wrapped.ts';
import { copyEthernet, copyPppoe } from './network.ts';
import { copyPpp } from './ppp.ts';

const MAC_BYTES = 6;
const TYPE_BYTES = 2;
const SWITCH_TAG_BYTES = 4;
const ADDRESS_FAMILY_BYTES = 4;
// LINKTYPE_LINUX_SLL: packet type, kind and length of the address, the address, protocol
const SLL = { lengthAt: 4, addressAt: 6, protocolAt: 14, bytes: 16 } as const;
// LINKTYPE_LINUX_SLL2: protocol, reserved, interface, kind of address, packet type and length of the address, the address
const SLL2 = { protocolAt: 0, interfaceAt: 4, lengthAt: 11, addressAt: 12, bytes: 20 } as const;
// LINKTYPE_PKTAP, little-endian: its own length, record type, link type, 24 bytes of a name, flags; behind them names of processes
const PKTAP_LENGTHS_BYTES = 12;
const PKTAP_LINK_TYPE = 8;
const PKTAP_FLAGS = 36;
const PKTAP_FLAGS_BYTES = 4;
const PKTAP_MIN_BYTES = 40;

const copyIp: LinkCopier = (copy, at, end) => {
  if (at >= end) return;
  copy.inside(copy.from.getUint8(at) >> 4 === 6 ? ETHER_TYPE.ipv6 : ETHER_TYPE.ipv4, at, end);
};

const copyLoopback: LinkCopier = (copy, at, end) => {
  copy.keep(at, Math.min(ADDRESS_FAMILY_BYTES, end - at));
  copyIp(copy, at + ADDRESS_FAMILY_BYTES, end);
};

/** The switch's tag behind the addresses. */
const copySwitchTagged: LinkCopier = (copy, at, end) => {
  const typeAt = at + 2 * MAC_BYTES + SWITCH_TAG_BYTES;
  if (end < typeAt + TYPE_BYTES) return;
  copy.mac(at);
  copy.mac(at + MAC_BYTES);
  copy.keep(typeAt - SWITCH_TAG_BYTES, SWITCH_TAG_BYTES + TYPE_BYTES);
  copy.inside(copy.from.getUint16(typeAt), typeAt + TYPE_BYTES, end);
};

const copySwitchPrepended: LinkCopier = (copy, at, end) => {
  copy.keep(at, Math.min(SWITCH_TAG_BYTES, end - at));
  copyEthernet(copy, at + SWITCH_TAG_BYTES, end);
};

const copySll: LinkCopier = (copy, at, end) => {
  if (end - at < SLL.bytes) return;
  copy.keep(at, SLL.addressAt);
  copy.macOf(at + SLL.addressAt, copy.from.getUint16(at + SLL.lengthAt));
  copy.keep(at + SLL.protocolAt, TYPE_BYTES);
  copy.inside(copy.from.getUint16(at + SLL.protocolAt), at + SLL.bytes, end);
};

const copySll2: LinkCopier = (copy, at, end) => {
  if (end - at < SLL2.bytes) return;
  copy.keep(at, TYPE_BYTES);
  copy.keep(at + SLL2.interfaceAt, SLL2.addressAt - SLL2.interfaceAt);
  copy.macOf(at + SLL2.addressAt, copy.from.getUint8(at + SLL2.lengthAt));
  copy.inside(copy.from.getUint16(at + SLL2.protocolAt), at + SLL2.bytes, end);
};

const copyPktap: LinkCopier = (copy, at, end) => {
  if (end - at < PKTAP_MIN_BYTES) return;
  const bytes = copy.from.getUint32(at, true);
  if (bytes < PKTAP_MIN_BYTES || bytes > end - at) return;
  copy.keep(at, PKTAP_LENGTHS_BYTES);
  copy.keep(at + PKTAP_FLAGS, PKTAP_FLAGS_BYTES);
  const linkType = copy.from.getUint32(at + PKTAP_LINK_TYPE, true);
  // None in another: that would be a loop.
  if (linkType !== LINK_PKTAP) linkCopier(linkType)?.(copy, at + bytes, end);
};

const LINK_PKTAP = 258;

/** By LINKTYPE_ number. */
const COPIERS: ReadonlyMap<number, LinkCopier> = new Map([
  [0, copyLoopback],
  [1, copyEthernet],
  [9, copyPpp],
  [12, copyIp],
  [14, copyIp],
  [50, copyPppHdlc],
  [51, copyPppoe],
  [101, copyIp],
  [104, copyCisco],
  [105, copyWlan],
  [107, copyFrameRelay],
  [108, copyLoopback],
  [113, copySll],
  [127, copyRadiotap],
  [166, copyPppBehind(2)],
  [204, copyPppBehind(1)],
  [228, copyIp],
  [229, copyIp],
  [239, copyNflog],
  [242, copyIpoib],
  [LINK_PKTAP, copyPktap],
  [276, copySll2],
  [281, copySwitchTagged],
  [282, copySwitchPrepended],
  [284, copySwitchTagged],
]);

/** What copies frames of a link type; undefined where nothing does. */
export function linkCopier(linkType: number): LinkCopier | undefined {
  return COPIERS.get(linkType);
}
