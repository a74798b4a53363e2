/**
 * Why decoding stopped before a TCP segment. Numbers, since they are made once a packet; dense, so that they can be
 * counted in an array of STOP_COUNT.
 *
 * `…Cut`: the captured bytes end first. `…Odd`: a field says what cannot be. `…Many`: a bound was reached.
 */
export const STOP = {
  /** The segment is filled in. */
  none: 0,
  /** The segment is filled in, out of fragments: its payload lies in `Decoder.reassembled`. */
  reassembled: 1,
  /** Only between readers: another header begins at `innerAt`. Never given to a caller of `Decoder`. */
  inner: 2,
  /** A fragment that is kept until the others have come. */
  fragmentHeld: 3,
  /** An ICMP error that quotes a TCP header: `Decoder.quoted` has it. */
  icmpQuote: 4,

  /** No reader for this link type. */
  linkTypeUnknown: 5,
  linkHeaderCut: 6,
  /** More tags in a row than TAGS_MAX. */
  linkTagsMany: 7,
  /** More headers inside each other than LAYERS_MAX. */
  layersMany: 8,
  ipHeaderCut: 9,
  /** The version nibble is not the one that was promised, or neither 4 nor 6. */
  ipVersionOdd: 10,
  /** A header or total length shorter than the header. */
  ipLengthOdd: 11,
  /** A fragment that cannot be joined with the others, and does not begin the packet: no ports, no sequence numbers. */
  ipFragment: 12,
  /** An IPv6 extension header is cut. */
  ipExtensionCut: 13,
  /** The header of a tunnel, or of UDP, is cut. */
  tunnelCut: 14,
  /** A tunnel header of a version or with fields that have no meaning. */
  tunnelOdd: 15,
  tcpHeaderCut: 16,
  /** A data offset below 5 words, or beyond the IP packet. */
  tcpOffsetOdd: 17,

  /* Sound traffic of other kinds, from here to the end. */
  /** An EtherType that is none of the following. */
  notIp: 18,
  arp: 19,
  lldp: 20,
  lacp: 21,
  eapol: 22,
  macsec: 23,
  ptp: 24,
  pppoeDiscovery: 25,
  pppControl: 26,
  mplsOther: 27,
  stp: 28,
  /** IEEE 802.2 with neither IP nor a spanning tree in it. */
  llc: 29,
  /** A frame of a wireless network without a packet, or an encrypted one. */
  wlan: 30,
  /** An IP protocol that is none of the following. */
  notTcp: 31,
  udp: 32,
  dns: 33,
  quic: 34,
  icmp: 35,
  icmpv6: 36,
  igmp: 37,
  sctp: 38,
  esp: 39,
  gre: 40,
  ospf: 41,
  pim: 42,
  vrrp: 43,
} as const;
export type StopCode = (typeof STOP)[keyof typeof STOP];
export type StopName = keyof typeof STOP;

/** Number of stop codes. */
export const STOP_COUNT: number = Object.keys(STOP).length;

/** Names for reports, indexed by stop code. */
export const STOP_NAMES: readonly string[] = Object.keys(STOP);

/** Whether this is sound traffic of another kind rather than a packet that could not be decoded. */
export function isOtherTraffic(stop: StopCode): boolean {
  return stop >= STOP.notIp || stop === STOP.icmpQuote || stop === STOP.fragmentHeld;
}

/** Whether a TCP segment was decoded. */
export function isSegment(stop: StopCode): boolean {
  return stop === STOP.none || stop === STOP.reassembled;
}
