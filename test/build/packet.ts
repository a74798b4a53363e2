import { LINKTYPE, type LinkTypeName } from './pcap.ts';

/**
 * Builds the bytes of one captured TCP packet from a description that reads like a line of tcpdump:
 * `tcpPacket({ from: '10.9.1.2:49739', to: '10.9.0.2:80', flags: 'PSH,ACK', seq: 1, ack: 1, payload: 'GET' })`.
 */
export interface TcpPacket {
  /** `10.9.1.2:49739` or `[2001:db8::1]:80`; both ends of one family. */
  readonly from: string;
  readonly to: string;
  /** As the dumps write them: `SYN,ACK`. Default `ACK`. */
  readonly flags?: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly payload?: string | Uint8Array;
  readonly options?: TcpOptions;
  readonly ttl?: number;
  readonly ipId?: number;
  /** Default ETHERNET. */
  readonly link?: LinkTypeName;
  /** Packet type of the cooked headers: 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 from us. */
  readonly cookedType?: number;
  /** VLAN tags, outermost first; each a tag id, or [TPID, tag id]. Ethernet only. */
  readonly vlan?: readonly (number | readonly [number, number])[];
  /** Bytes after the IP packet, as Ethernet's minimum frame adds them. */
  readonly paddingBytes?: number;
  /** Whole 32-bit words of IPv4 options, as bytes. */
  readonly ipv4Options?: readonly number[];
  /** Extension headers of IPv6, in order. */
  readonly ipv6Extensions?: readonly Ipv6Extension[];
  /** Fragmentation: offset in bytes, and whether more follow. IPv4's fields, or an IPv6 fragment header in front of TCP. */
  readonly fragment?: { readonly offset: number; readonly more: boolean };
  /** The IP header's length field, where it is to be a lie or 0 (segmentation offload). */
  readonly claimedIpLength?: number;
  /** The TCP header's length in bytes, where it is to be a lie. */
  readonly claimedHeaderBytes?: number;
}

export interface TcpOptions {
  readonly mss?: number;
  readonly windowShift?: number;
  readonly sackPermitted?: boolean;
  readonly timestamps?: readonly [tsVal: number, tsEcr: number];
  readonly sack?: readonly (readonly [left: number, right: number])[];
  /** Put after the others as they are. */
  readonly raw?: readonly number[];
}

export type Ipv6Extension = 'hop-by-hop' | 'routing' | 'destination-options';

const FLAG_BITS: Readonly<Record<string, number>> = {
  FIN: 0x01,
  SYN: 0x02,
  RST: 0x04,
  PSH: 0x08,
  ACK: 0x10,
  URG: 0x20,
  ECE: 0x40,
  CWR: 0x80,
};
const EXTENSION_NUMBER: Readonly<Record<Ipv6Extension, number>> = {
  'hop-by-hop': 0,
  routing: 43,
  'destination-options': 60,
};
const TCP_PROTOCOL = 6;
const FRAGMENT_HEADER = 44;

/** @returns the bytes of the whole frame, link header and padding included */
export function tcpPacket(packet: TcpPacket): Uint8Array {
  const from = endpoint(packet.from);
  const to = endpoint(packet.to);
  const tcp = tcpSegment(packet, from.port, to.port);
  const isIpv4 = from.ip.length === 4;
  const ip = isIpv4 ? ipv4(packet, from.ip, to.ip, tcp) : ipv6(packet, from.ip, to.ip, tcp);
  const padding = zeros(packet.paddingBytes ?? 0);
  return Uint8Array.from([...linkHeader(packet, isIpv4 ? 0x0800 : 0x86dd), ...ip, ...padding]);
}

/** The packet's link type number, for the file that is to hold it. */
export function linkTypeOf(packet: TcpPacket): number {
  return LINKTYPE[packet.link ?? 'ETHERNET'];
}

/** The 4 or 16 bytes of an address as text. */
function ipBytes(text: string): number[] {
  if (!text.includes(':')) return text.split('.').map(Number);
  const [head = '', tail] = text.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  return [...left, ...zeros(16 - left.length - right.length), ...right];
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').flatMap((group) => u16(Number.parseInt(group, 16)));
}

function endpoint(text: string): { ip: number[]; port: number } {
  const colon = text.lastIndexOf(':');
  return { ip: ipBytes(text.slice(0, colon).replace(/[[\]]/g, '')), port: Number(text.slice(colon + 1)) };
}

function tcpSegment(packet: TcpPacket, fromPort: number, toPort: number): number[] {
  const options = tcpOptions(packet.options ?? {});
  const headerBytes = packet.claimedHeaderBytes ?? 20 + options.length;
  const flags = (packet.flags ?? 'ACK').split(',').reduce((bits, name) => bits | flagBit(name), 0);
  return [
    ...u16(fromPort),
    ...u16(toPort),
    ...u32(packet.seq ?? 0),
    ...u32(packet.ack ?? 0),
    (headerBytes / 4) << 4,
    flags,
    ...u16(packet.window ?? 501),
    0,
    0,
    0,
    0,
    ...options,
    ...payloadBytes(packet.payload ?? ''),
  ];
}

function flagBit(name: string): number {
  const bit = FLAG_BITS[name];
  if (bit === undefined) throw new Error(`no TCP flag is called ${name}`);
  return bit;
}

function payloadBytes(payload: string | Uint8Array): Uint8Array {
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
}

function tcpOptions(options: TcpOptions): number[] {
  const bytes: number[] = [];
  if (options.mss !== undefined) bytes.push(2, 4, ...u16(options.mss));
  if (options.sackPermitted === true) bytes.push(4, 2);
  if (options.timestamps !== undefined) bytes.push(8, 10, ...options.timestamps.flatMap(u32));
  if (options.windowShift !== undefined) bytes.push(3, 3, options.windowShift);
  if (options.sack !== undefined) bytes.push(5, 2 + 8 * options.sack.length, ...options.sack.flat().flatMap(u32));
  bytes.push(...(options.raw ?? []));
  while (bytes.length % 4 !== 0) bytes.push(1);
  return bytes;
}

function ipv4(packet: TcpPacket, from: number[], to: number[], tcp: number[]): number[] {
  const options = packet.ipv4Options ?? [];
  const headerBytes = 20 + options.length;
  const fragment = packet.fragment ?? { offset: 0, more: false };
  return [
    0x40 | (headerBytes / 4),
    0,
    ...u16(packet.claimedIpLength ?? headerBytes + tcp.length),
    ...u16(packet.ipId ?? 0),
    ...u16((fragment.more ? 0x2000 : 0) | (fragment.offset / 8)),
    packet.ttl ?? 64,
    TCP_PROTOCOL,
    0,
    0,
    ...from,
    ...to,
    ...options,
    ...tcp,
  ];
}

function ipv6(packet: TcpPacket, from: number[], to: number[], tcp: number[]): number[] {
  const numbers = (packet.ipv6Extensions ?? []).map((name) => EXTENSION_NUMBER[name]);
  if (packet.fragment !== undefined) numbers.push(FRAGMENT_HEADER);
  const chain = [...numbers, TCP_PROTOCOL];
  const extensions = numbers.flatMap((number, index) => extension(packet, number, chain[index + 1] ?? 0));
  return [
    0x60,
    0,
    0,
    0,
    ...u16(packet.claimedIpLength ?? extensions.length + tcp.length),
    chain[0] ?? 0,
    packet.ttl ?? 64,
    ...from,
    ...to,
    ...extensions,
    ...tcp,
  ];
}

/** One extension header: 16 bytes (length field 1) so that its length is really read; the fragment header has its own 8. */
function extension(packet: TcpPacket, number: number, next: number): number[] {
  if (number !== FRAGMENT_HEADER) return [next, 1, ...zeros(14)];
  const { offset, more } = packet.fragment ?? { offset: 0, more: false };
  return [next, 0, ...u16(offset | (more ? 1 : 0)), ...u32(0xfeed)];
}

function linkHeader(packet: TcpPacket, etherType: number): number[] {
  const type = packet.cookedType ?? 0;
  switch (packet.link ?? 'ETHERNET') {
    case 'ETHERNET':
      return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, ...vlanTags(packet), ...u16(etherType)];
    case 'LINUX_SLL':
      return [...u16(type), ...u16(1), ...u16(6), 2, 0, 0, 0, 0, 1, 0, 0, ...u16(etherType)];
    case 'LINUX_SLL2':
      return [...u16(etherType), 0, 0, ...u32(2), ...u16(1), type, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    case 'NULL':
      return [etherType === 0x0800 ? 2 : 30, 0, 0, 0];
    case 'LOOP':
      return [0, 0, 0, etherType === 0x0800 ? 2 : 24];
    default:
      return [];
  }
}

function vlanTags(packet: TcpPacket): number[] {
  return (packet.vlan ?? []).flatMap((tag) => {
    const [tpid, id] = typeof tag === 'number' ? [0x8100, tag] : tag;
    return [...u16(tpid), ...u16(id)];
  });
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function u16(value: number): [number, number] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}
