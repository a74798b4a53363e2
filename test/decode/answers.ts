import { readFileSync } from 'node:fs';
import { NO_PORT, type Segment } from '../../src/decode/index.ts';

/** Wireshark's answer for one packet; an array where several layers have the field, outermost first. */
type PerLayer<T> = T | readonly T[];
export interface DecodeAnswer {
  readonly n: number;
  readonly protocols: string;
  readonly ipSrc?: PerLayer<string>;
  readonly ipDst?: PerLayer<string>;
  readonly ip6Src?: PerLayer<string>;
  readonly ip6Dst?: PerLayer<string>;
  readonly udpSrc?: PerLayer<number>;
  readonly udpDst?: PerLayer<number>;
  readonly tcpSrc?: PerLayer<number>;
  readonly tcpDst?: PerLayer<number>;
  readonly seq?: PerLayer<number>;
  readonly ack?: PerLayer<number>;
  readonly flags?: PerLayer<number>;
  readonly tcpLen?: PerLayer<number>;
}

export function answersOf(path: string): readonly DecodeAnswer[] {
  const parsed: { packets: readonly DecodeAnswer[] } = JSON.parse(readFileSync(path, 'utf8'));
  return parsed.packets;
}

/** A line of what is compared of a packet: its innermost endpoints; for TCP sequence numbers, flags and payload length, too. */
export interface Line {
  readonly endpoints: string;
  readonly tcp: string;
}

const NOTHING: Line = { endpoints: '-', tcp: '-' };

function all<T>(values: PerLayer<T> | undefined): readonly T[] {
  if (values === undefined) return [];
  return Array.isArray(values) ? (values as readonly T[]) : [values as T];
}

/**
 * What Wireshark says of a packet. A layer that a protocol name announces has its fields at the same place of the arrays, counted
 * among layers of that name, unless it is cut. The header that an ICMP error quotes is none of the packet's own.
 */
export function wantedLine(packet: DecodeAnswer): Line {
  const names = packet.protocols.split(':');
  const icmp = names.findIndex((name) => name === 'icmp' || name === 'icmpv6');
  return lineOf(packet, icmp < 0 ? names : names.slice(0, icmp + 1));
}

/** What it says of the connection that an ICMP error quotes; undefined where it quotes no TCP. */
export function wantedQuote(packet: DecodeAnswer): string | undefined {
  const names = packet.protocols.split(':');
  const icmp = names.findIndex((name) => name === 'icmp' || name === 'icmpv6');
  return icmp < 0 || !names.slice(icmp).includes('tcp') ? undefined : lineOf(packet, names).endpoints;
}

function lineOf(packet: DecodeAnswer, names: readonly string[]): Line {
  const count = (name: string) => names.filter((each) => each === name).length;
  const network = names.findLast((name) => name === 'ip' || name === 'ipv6');
  if (network === undefined) return NOTHING;
  const isIpv4 = network === 'ip';
  const nth = count(network) - 1;
  const source = all(isIpv4 ? packet.ipSrc : packet.ip6Src)[nth];
  const destination = all(isIpv4 ? packet.ipDst : packet.ip6Dst)[nth];
  const transport = names.slice(names.lastIndexOf(network)).find((name) => name === 'tcp' || name === 'udp');
  if (transport === undefined) return { endpoints: `${source} > ${destination}`, tcp: '-' };
  const place = count(transport) - 1;
  const from = all(transport === 'tcp' ? packet.tcpSrc : packet.udpSrc)[place];
  const to = all(transport === 'tcp' ? packet.tcpDst : packet.udpDst)[place];
  const endpoints = `${source} ${from} > ${destination} ${to}`;
  if (transport === 'udp' || all(packet.tcpLen)[place] === undefined) return { endpoints, tcp: '-' };
  const numbers = [packet.seq, packet.ack].map((values) => (all(values)[place] ?? Number.NaN) | 0);
  return { endpoints, tcp: [...numbers, (all(packet.flags)[place] ?? 0) & 0xff, all(packet.tcpLen)[place]].join(' ') };
}

/** The same of what was decoded. */
export function gotLine(segment: Segment, isTcp: boolean): Line {
  if (segment.ipVersion === 0) return NOTHING;
  const { seq, ack, flags, payloadBytes } = segment;
  return { endpoints: endpointsOf(segment), tcp: isTcp ? [seq, ack, flags, payloadBytes].join(' ') : '-' };
}

export function endpointsOf(segment: Segment): string {
  const { ipVersion, src0, src1, src2, src3, dst0, dst1, dst2, dst3, srcPort, dstPort } = segment;
  const source = addressText(ipVersion, [src0, src1, src2, src3]);
  const destination = addressText(ipVersion, [dst0, dst1, dst2, dst3]);
  if (srcPort === NO_PORT) return `${source} > ${destination}`;
  return `${source} ${srcPort} > ${destination} ${dstPort}`;
}

/** RFC 5952, written apart from the program's own. */
function addressText(ipVersion: number, words: readonly number[]): string {
  const bytes = words.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff));
  if (ipVersion === 4) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  const [longest] = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/gu)]
    .map((match) => ({ at: match.index, text: match[0] }))
    .toSorted((a, b) => b.text.length - a.text.length || a.at - b.at);
  if (longest === undefined) return groups.join(':');
  const text = groups.join(':');
  return `${text.slice(0, longest.at)}::${text.slice(longest.at + longest.text.length).replace(/^:/u, '')}`;
}

/** Whether Wireshark found a header announced and not there as a whole. */
export function isCutThere({ endpoints }: Line): boolean {
  return endpoints.includes('undefined');
}
