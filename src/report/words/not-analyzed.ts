import { type StopName, STOP_NAMES } from '../../decode/index.ts';
import type { Capture, NotAnalyzed } from '../model.ts';
import { kebab } from '../packet-kind.ts';
import { counted, listed } from './phrase.ts';

/** The least kinds are summed up beyond so many. */
const NAMED_MAX = 8;

const NAMES: Readonly<
  Record<Exclude<StopName, 'none' | 'reassembled' | 'inner' | 'fragmentHeld' | 'icmpQuote'>, string>
> = {
  linkTypeUnknown: 'undeclared or further link types',
  linkHeaderCut: 'a link header that is cut',
  linkTagsMany: 'too many tags in a row',
  layersMany: 'too many headers inside each other',
  ipHeaderCut: 'an IP header that is cut',
  ipVersionOdd: 'an IP version that cannot be',
  ipLengthOdd: 'an IP length that cannot be',
  ipFragment: 'IP fragments without the others',
  ipExtensionCut: 'an IPv6 extension header that is cut',
  tunnelCut: 'a UDP or tunnel header that is cut',
  tunnelOdd: 'a tunnel header that has no meaning',
  tcpHeaderCut: 'a TCP header that is cut',
  tcpOffsetOdd: 'a TCP header length that cannot be',
  notIp: 'other EtherTypes',
  arp: 'ARP',
  lldp: 'LLDP',
  lacp: 'LACP',
  eapol: 'EAPOL',
  macsec: 'MACsec',
  ptp: 'PTP',
  pppoeDiscovery: 'PPPoE discovery',
  pppControl: 'PPP control',
  mplsOther: 'MPLS without IP',
  stp: 'spanning tree',
  llc: 'LLC',
  wlan: '802.11 without a readable packet',
  notTcp: 'other IP protocols',
  udp: 'UDP',
  dns: 'DNS',
  quic: 'QUIC',
  icmp: 'ICMP',
  icmpv6: 'ICMPv6',
  igmp: 'IGMP',
  sctp: 'SCTP',
  esp: 'ESP (IPsec)',
  gre: 'GRE',
  ospf: 'OSPF',
  pim: 'PIM',
  vrrp: 'VRRP',
};

const NAMES_BY_KIND: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).map(([stop, name]) => [kebab(stop), name]),
);

const KINDS: ReadonlySet<string> = new Set(STOP_NAMES.map(kebab));

/** Whether a kind is one that this version may write. */
export function isPacketKind(kind: string): boolean {
  return KINDS.has(kind);
}

/** What of the capture is not analysed, in a sentence for other protocols and one for what could not be decoded; none where all was. */
export function notAnalyzedTexts({ notAnalyzed }: Pick<Capture, 'notAnalyzed'>): string[] {
  const others = notAnalyzed.filter(({ undecoded }) => !undecoded);
  const broken = notAnalyzed.filter(({ undecoded }) => undecoded);
  return [
    ...(others.length === 0 ? [] : [`Not analysed: ${kindsText(others)}.`]),
    ...(broken.length === 0 ? [] : [`Not decoded: ${kindsText(broken)}.`]),
  ];
}

/** The kinds and how many packets of each, most first. */
export function kindsText(kinds: readonly NotAnalyzed[]): string {
  const rest = kinds.slice(NAMED_MAX);
  const packets = rest.reduce((sum, kind) => sum + kind.packets, 0);
  const more = rest.length === 0 ? [] : [`${rest.length} more kinds (${counted(packets, 'packet')})`];
  const named = kinds
    .slice(0, NAMED_MAX)
    .map((kind, i) => `${nameOf(kind)} (${i === 0 ? counted(kind.packets, 'packet') : kind.packets})`);
  return listed([...named, ...more]);
}

function nameOf({ kind, linkType }: NotAnalyzed): string {
  return linkType === null ? (NAMES_BY_KIND.get(kind) ?? kind) : `link type ${linkType}, which is not read`;
}
