/** Builds headers around the bytes of a packet, each a function from payload to payload, so that a stack reads from the outside in. */

type Bytes = readonly number[] | Uint8Array;

export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  ethernet: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  ppp: 0x880b,
  mpls: 0x8847,
  pppoe: 0x8864,
  providerBackbone: 0x88e7,
  vnTag: 0x8926,
  portExtension: 0x893f,
  nsh: 0x894f,
} as const;

export const PROTOCOL = {
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  authentication: 51,
  icmpv6: 58,
  etherIp: 97,
  sctp: 132,
  mpls: 137,
  ethernet: 143,
} as const;

export function ethernet(etherType: number, payload: Bytes): number[] {
  return [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, ...u16(etherType), ...payload];
}

/** A UDP or other IPv4 packet from 192.0.2.1 to 192.0.2.2. */
export function ipv4(protocol: number, payload: Bytes, fragment: Fragment = {}): number[] {
  const { offset = 0, more = false, id = 77 } = fragment;
  const place = (more ? 0x2000 : 0) | (offset / 8);
  const addresses = [192, 0, 2, 1, 192, 0, 2, 2];
  return [
    0x45,
    0,
    ...u16(20 + payload.length),
    ...u16(id),
    ...u16(place),
    64,
    protocol,
    0,
    0,
    ...addresses,
    ...payload,
  ];
}

export interface Fragment {
  readonly offset?: number;
  readonly more?: boolean;
  readonly id?: number;
}

/** An IPv6 packet from 2001:db8::91 to 2001:db8::92. */
export function ipv6(next: number, payload: Bytes): number[] {
  const address = (last: number) => [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
  return [0x60, 0, 0, 0, ...u16(payload.length), next, 64, ...address(0x91), ...address(0x92), ...payload];
}

export function udp(sourcePort: number, destinationPort: number, payload: Bytes): number[] {
  return [...u16(sourcePort), ...u16(destinationPort), ...u16(8 + payload.length), 0, 0, ...payload];
}

export function vxlan(vni: number, payload: Bytes): number[] {
  return [8, 0, 0, 0, ...u24(vni), 0, ...payload];
}

export function geneve(vni: number, protocol: number, payload: Bytes, optionWords = 0): number[] {
  const options = Array.from({ length: optionWords * 4 }, () => 0x45);
  return [optionWords, 0, ...u16(protocol), ...u24(vni), 0, ...options, ...payload];
}

export interface GreFields {
  readonly checksum?: boolean;
  readonly key?: number;
  readonly sequence?: number;
  /** Whole flags to be put over those of the fields. */
  readonly flags?: number;
}

export function gre(protocol: number, payload: Bytes, fields: GreFields = {}): number[] {
  const { checksum = false, key, sequence, flags = 0 } = fields;
  const bits = (checksum ? 0x8000 : 0) | (key === undefined ? 0 : 0x2000) | (sequence === undefined ? 0 : 0x1000);
  return [
    ...u16(bits | flags),
    ...u16(protocol),
    ...(checksum ? u32(0) : []),
    ...(key === undefined ? [] : u32(key)),
    ...(sequence === undefined ? [] : u32(sequence)),
    ...payload,
  ];
}

/** MPLS labels, outermost first. */
export function mpls(labels: readonly number[], payload: Bytes): number[] {
  const entries = labels.map((label, index) => (label << 12) | (index === labels.length - 1 ? 0x100 : 0) | 64);
  return [...entries.flatMap(u32), ...payload];
}

export function pppoe(payload: Bytes, claimedBytes: number = payload.length, code = 0): number[] {
  return [0x11, code, 0, 7, ...u16(claimedBytes), ...payload];
}

/** Type, code, checksum and the word that errors have; then the quote. */
export function icmp(type: number, code: number, word: number, quote: Bytes): number[] {
  return [type, code, 0, 0, ...u32(word), ...quote];
}

export function u16(value: number): [number, number] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function u24(value: number): number[] {
  return [(value >> 16) & 0xff, ...u16(value & 0xffff)];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}
