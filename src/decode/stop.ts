/** The header at which decoding stopped. */
export type StopLayer = 'link' | 'ip' | 'tcp';

/**
 * Why `decodePacket` stopped before a TCP segment. Numbers, since they are made once a packet; dense, so that
 * they can be counted in an array of STOP_COUNT.
 *
 * `…Cut`: the captured bytes end first. `…Odd`: a field says what cannot be.
 */
export const STOP = {
  /** The segment is filled in. */
  none: 0,
  /** No reader for this link type. */
  linkTypeUnknown: 1,
  linkHeaderCut: 2,
  /** More tags in a row than TAGS_MAX. */
  linkTagsMany: 3,
  /** ARP, LLDP, …: no IP packet behind the link header. */
  notIp: 4,
  ipHeaderCut: 5,
  /** The version nibble is not the one that the link header promised, or neither 4 nor 6. */
  ipVersionOdd: 6,
  /** A header or total length shorter than the header. */
  ipLengthOdd: 7,
  /** A fragment that does not begin the packet: ports and sequence numbers are in another one. */
  ipLaterFragment: 8,
  /** An IPv6 extension header is cut. */
  ipExtensionCut: 9,
  /** UDP, ICMP, a tunnel, …: no TCP behind the IP header. */
  notTcp: 10,
  tcpHeaderCut: 11,
  /** A data offset below 5 words, or beyond the IP packet. */
  tcpOffsetOdd: 12,
} as const;
export type StopCode = (typeof STOP)[keyof typeof STOP];

type StopName = keyof typeof STOP;

const LAYERS = {
  none: 'tcp',
  linkTypeUnknown: 'link',
  linkHeaderCut: 'link',
  linkTagsMany: 'link',
  notIp: 'link',
  ipHeaderCut: 'ip',
  ipVersionOdd: 'ip',
  ipLengthOdd: 'ip',
  ipLaterFragment: 'ip',
  ipExtensionCut: 'ip',
  notTcp: 'ip',
  tcpHeaderCut: 'tcp',
  tcpOffsetOdd: 'tcp',
} as const satisfies Record<StopName, StopLayer>;

/** Number of stop codes. */
export const STOP_COUNT: number = Object.keys(STOP).length;

/** Names for reports, indexed by stop code. */
export const STOP_NAMES: readonly string[] = Object.keys(STOP);

/** The layer that a stop code belongs to, indexed by it. */
export const STOP_LAYERS: readonly StopLayer[] = Object.values(LAYERS);

/** Whether this is sound traffic of another kind rather than a packet that could not be decoded. */
export function isOtherTraffic(stop: StopCode): boolean {
  return stop === STOP.notIp || stop === STOP.notTcp;
}
