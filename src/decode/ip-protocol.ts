/** Numbers of what IP carries (IANA "Assigned Internet Protocol Numbers"). */
export const IP_PROTOCOL = {
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  esp: 50,
  authentication: 51,
  icmpv6: 58,
  ospf: 89,
  etherIp: 97,
  pim: 103,
  vrrp: 112,
  sctp: 132,
  mpls: 137,
  ethernet: 143,
} as const;

/** RFC 4302 §2.2: the authentication header counts 4-byte units, less 2; the next protocol stands first. */
export const AUTHENTICATION_UNIT_BYTES: number = 4;
