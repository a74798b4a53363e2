/** Which way the capturing host saw a packet go (the packet type of Linux cooked headers); `unknown` elsewhere. */
export const DIRECTION = { unknown: 0, toUs: 1, fromUs: 2, other: 3 } as const;
export type Direction = (typeof DIRECTION)[keyof typeof DIRECTION];

/** TCP control bits (RFC 9293 §3.1). */
export const FLAG = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10, urg: 0x20 } as const;

/** What carries a packet inside another. */
export const TUNNEL = {
  none: 0,
  ipInIp: 1,
  gre: 2,
  vxlan: 3,
  geneve: 4,
  /** MPLS or Ethernet in IP or UDP. */
  other: 5,
  /** GTP-U: a subscriber's packets in a mobile network. */
  gtpUser: 6,
} as const;
export type Tunnel = (typeof TUNNEL)[keyof typeof TUNNEL];

/** A port that the packet does not have, or that the capture does not hold. */
export const NO_PORT: number = -1;

/**
 * One TCP segment with the facts of its IP packet: written by `Decoder`, read before the next call.
 *
 * One instance serves a whole capture. Every field is an int32, so that none is ever boxed:
 * `seq`, `ack`, `tsVal` and `tsEcr` are the wire's unsigned numbers reinterpreted as signed (`| 0`).
 * Where a packet is no TCP segment, addresses are those of its innermost IP header (`ipVersion` 0: there was none),
 * and ports those of its transport header (NO_PORT: none); the rest is what an earlier packet left.
 */
export class Segment {
  /** 4 or 6; 0 where no IP header could be read. */
  ipVersion = 0;
  /** Source address, 4 words in network order; IPv4 as the mapped address ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). */
  src0 = 0;
  src1 = 0;
  src2 = 0;
  src3 = 0;
  /** Destination address, likewise. */
  dst0 = 0;
  dst1 = 0;
  dst2 = 0;
  dst3 = 0;
  srcPort = 0;
  dstPort = 0;
  seq = 0;
  ack = 0;
  /** The eight control bits, see FLAG. */
  flags = 0;
  /** Raw, unscaled window. */
  window = 0;
  /** Offset in the block's view of the payload's first captured byte. */
  payloadAt = 0;
  /** Offset after the payload's last captured byte; `payloadEnd - payloadAt <= payloadBytes`. */
  payloadEnd = 0;
  /** Payload length on the wire, from the IP header; more than captured where the snap length cut it. */
  payloadBytes = 0;
  /** TTL or hop limit. */
  ttl = 0;
  /** IPv4 identification; -1 for IPv6. */
  ipId = 0;
  direction: Direction = DIRECTION.unknown;
  /** The capturing host's number of the interface (Linux cooked v2); 0 where the link header does not tell. */
  interfaceIndex = 0;
  /** Shift of the window scale option (RFC 7323 §2); -1 where absent. Only meaningful on a SYN. */
  windowShift = -1;
  /** 1 where the timestamps option is there (RFC 7323 §3). */
  hasTimestamps = 0;
  tsVal = 0;
  /** The TSval that it answers, where it has ACK (RFC 7323 §3.2). */
  tsEcr = 0;

  /** Tunnels around the packet; 0 for most, and the `outer…` fields mean nothing then. */
  tunnels = 0;
  /** What the innermost tunnel is, and its network's number (VNI, GRE key, GTP-U endpoint); 0 where it has none. */
  tunnel: Tunnel = TUNNEL.none;
  tunnelId = 0;
  /** The outermost IP header's addresses, as `src` and `dst`. */
  outerIpVersion = 0;
  outerSrc0 = 0;
  outerSrc1 = 0;
  outerSrc2 = 0;
  outerSrc3 = 0;
  outerDst0 = 0;
  outerDst1 = 0;
  outerDst2 = 0;
  outerDst3 = 0;

  /** For STOP.icmpQuote: the error's type and code. */
  icmpType = 0;
  icmpCode = 0;

  /* Between readers: where the header inside begins (STOP.inner), or the payload of a fragment lies; in `innerType` an EtherType or a link type. */
  innerAt = 0;
  innerEnd = 0;
  innerWireEnd = 0;
  innerType = 0;
  /* Between readers, of a fragment: its place in the packet, its packet's number, and the protocol of the whole. */
  fragmentOffset = 0;
  fragmentMore = 0;
  fragmentId = 0;
  fragmentProtocol = 0;
}
