/** IEEE 802 numbers of what stands inside a frame, a tunnel or a shim. */
export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** A whole Ethernet frame ("transparent Ethernet bridging", RFC 1701). */
  ethernet: 0x6558,
  rarp: 0x8035,
  /** IEEE 802.1Q customer tag. */
  vlan: 0x8100,
  ipv6: 0x86dd,
  slow: 0x8809,
  ppp: 0x880b,
  mpls: 0x8847,
  /** RFC 5332 §4: the second codepoint, where the top label is an upstream-assigned one. */
  mplsUpstream: 0x8848,
  pppoeDiscovery: 0x8863,
  pppoe: 0x8864,
  eapol: 0x888e,
  /** IEEE 802.1Q service tag. */
  serviceTag: 0x88a8,
  lldp: 0x88cc,
  macsec: 0x88e5,
  /** IEEE 802.1ah: a whole Ethernet header behind the service instance tag. */
  providerBackbone: 0x88e7,
  ptp: 0x88f7,
  /** Cisco's forerunner of the next. */
  vnTag: 0x8926,
  /** IEEE 802.1BR. */
  portExtension: 0x893f,
  /** NSH, RFC 8300. */
  serviceChain: 0x894f,
  /** What switches used before the service tag had a number. */
  vlanLegacy: 0x9100,
  vlanLegacyToo: 0x9200,
} as const;

/** Below, the field is IEEE 802.3's length, and LLC follows (IEEE 802.3 §3.2.6). */
export const ETHER_LENGTH_MAX: number = 1500;

/** Behind a service tag stands its own four bytes, then a frame (IEEE 802.1ah). */
export const SERVICE_TAG_BYTES: number = 4;

/** EtherTypes by the numbers that NSH (RFC 8300 §2.2) and VXLAN-GPE give to what they carry; 0: none that is read. */
export const NEXT_PROTOCOL_TYPES: readonly number[] = [
  0,
  ETHER_TYPE.ipv4,
  ETHER_TYPE.ipv6,
  ETHER_TYPE.ethernet,
  ETHER_TYPE.serviceChain,
  ETHER_TYPE.mpls,
];
