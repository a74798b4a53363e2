import { readFileSync } from 'node:fs';
import { ETHER_TYPE, ethernet, u16 } from './layers.ts';
import { BUILT_EPOCH_SECONDS, buildPcap, LINKTYPE, type PcapRecord } from './pcap.ts';

/** A packet of a lab recording, out of its `-i any` framing: to be taken again at another place, under other names, at another time. */
export interface Taken {
  readonly timeNs: number;
  /** From the IPv4 header on. */
  readonly ip: Uint8Array;
  /** LINUX_SLL2's packet type: 4 was sent by the capturing host, 0 came in for it. */
  readonly type: number;
}

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SLL2_BYTES = 20;
const SOURCE = 12;
const DESTINATION = 16;
const SENT = 4;
/** Reserved bytes and an interface's number; a link address in its eight bytes. */
const INTERFACE = [0, 0, 0, 0, 0, 2];
const ADDRESS = [2, 0, 0, 0, 0, 8, 0, 0];
/** A number of so many nanoseconds is not exact: rounding it down shall not lose a microsecond. */
const HALF_A_MICROSECOND_NS = 500;

/** All packets of a little-endian microsecond pcap of LINUX_SLL2 with IPv4 in it, as the lab writes them. */
export function takenFrom(path: string): Taken[] {
  const file = readFileSync(path);
  const packets: Taken[] = [];
  for (let at = FILE_HEADER_BYTES; at < file.length;) {
    const seconds = file.readUInt32LE(at) - Number(BUILT_EPOCH_SECONDS);
    const bytes = file.readUInt32LE(at + 8);
    const cooked = file.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + bytes);
    if (cooked.readUInt16BE(0) === ETHER_TYPE.ipv4) {
      const ip = Uint8Array.from(cooked.subarray(SLL2_BYTES));
      const timeNs = seconds * 1e9 + file.readUInt32LE(at + 4) * 1000 + HALF_A_MICROSECOND_NS;
      packets.push({ timeNs, ip, type: cooked[10] ?? 0 });
    }
    at += RECORD_HEADER_BYTES + bytes;
  }
  return packets;
}

export function sourceOf({ ip }: Taken): string {
  return ip.subarray(SOURCE, SOURCE + 4).join('.');
}

function destinationOf({ ip }: Taken): string {
  return ip.subarray(DESTINATION, DESTINATION + 4).join('.');
}

/** Sent or received by one of these addresses. */
export function touching(...addresses: readonly string[]): (packet: Taken) => boolean {
  return (packet) => addresses.includes(sourceOf(packet)) || addresses.includes(destinationOf(packet));
}

export function later(packet: Taken, ns: number): Taken {
  return { ...packet, timeNs: packet.timeNs + ns };
}

/** The same packet between hosts of other names; checksums are left as they were, as offloading leaves them. */
export function renamed(packet: Taken, names: Readonly<Record<string, string>>): Taken {
  const ip = Uint8Array.from(packet.ip);
  for (const [at, old] of [
    [SOURCE, sourceOf(packet)],
    [DESTINATION, destinationOf(packet)],
  ] as const) {
    const name = names[old];
    if (name !== undefined) ip.set(name.split('.').map(Number), at);
  }
  return { ...packet, ip };
}

/** The same packet from or to another port: `ports` by the address that has it. */
export function rebound(packet: Taken, ports: Readonly<Record<string, number>>): Taken {
  const ip = Uint8Array.from(packet.ip);
  const view = new DataView(ip.buffer);
  const tcp = ((ip[0] ?? 0) & 0xf) * 4;
  const source = ports[sourceOf(packet)];
  const destination = ports[destinationOf(packet)];
  if (source !== undefined) view.setUint16(tcp, source);
  if (destination !== undefined) view.setUint16(tcp + 2, destination);
  return { ...packet, ip };
}

/** The same bytes on a TCP connection of its own: sequence numbers begin elsewhere, each side's by as much. */
export function resequenced(packet: Taken, by: number): Taken {
  const ip = Uint8Array.from(packet.ip);
  const view = new DataView(ip.buffer);
  const tcp = ((ip[0] ?? 0) & 0xf) * 4;
  view.setUint32(tcp + 4, (view.getUint32(tcp + 4) + by) >>> 0);
  const hasAck = ((ip[tcp + 13] ?? 0) & 0x10) !== 0;
  if (hasAck) view.setUint32(tcp + 8, (view.getUint32(tcp + 8) + by) >>> 0);
  return { ...packet, ip };
}

/** As a port mirror shows it: Ethernet, whose sender is no host of the capture, tagged where there is a VLAN. */
export function onEthernet(packets: readonly Taken[], vlan: number | null = null): Uint8Array {
  const framed = ({ ip }: Taken): number[] =>
    vlan === null
      ? ethernet(ETHER_TYPE.ipv4, ip)
      : ethernet(ETHER_TYPE.vlan, [...u16(vlan), ...u16(ETHER_TYPE.ipv4), ...ip]);
  return fileOf(packets, LINKTYPE.ETHERNET, framed);
}

/** As `tcpdump -i any` on a host shows it: what that host sent, and what came in for it. */
export function onHost(packets: readonly Taken[]): Uint8Array {
  const framed = ({ ip, type }: Taken): number[] => [
    ...u16(ETHER_TYPE.ipv4),
    ...INTERFACE,
    ...u16(1),
    type,
    6,
    ...ADDRESS,
    ...ip,
  ];
  return fileOf(packets, LINKTYPE.LINUX_SLL2, framed);
}

/** The same packet as a host of that address has it. */
export function seenBy(packet: Taken, address: string): Taken {
  return { ...packet, type: sourceOf(packet) === address ? SENT : 0 };
}

function fileOf(packets: readonly Taken[], linkType: number, framed: (packet: Taken) => number[]): Uint8Array {
  const records = packets
    .toSorted((a, b) => a.timeNs - b.timeNs)
    .map((packet): PcapRecord => ({ bytes: Uint8Array.from(framed(packet)), timeNs: packet.timeNs }));
  return buildPcap(records, { linkType });
}
