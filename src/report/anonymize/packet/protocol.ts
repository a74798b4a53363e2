import { AUTHENTICATION_UNIT_BYTES, ETHER_TYPE, IP_PROTOCOL } from '../../../decode/index.ts';
import { copyGre } from './gre.ts';
import { copyIcmp, copyIcmpv6 } from './icmp.ts';
import { copyTcp } from './tcp.ts';
import { copyUdp } from './udp.ts';
import type { Upper } from './upper.ts';

const AUTHENTICATION_MIN_BYTES = 8;
/** RFC 4302 §2: next header, length, reserved, index and sequence number stay. */
const AUTHENTICATION_KEPT_BYTES = 12;
/** RFC 4303 §2: index and sequence number. */
const ESP_BYTES = 8;
/** RFC 9260 §3.1: ports and verification tag; the checksum is of what is not there. */
const SCTP_BYTES = 8;
/** RFC 3378 §2. */
const ETHER_IP_BYTES = 2;

/** Copies the header behind an IP header; of protocols without a reader nothing. */
export function copyProtocol(protocol: number, upper: Upper): void {
  let next = protocol;
  let { at } = upper;
  const { copy, end } = upper;
  while (next === IP_PROTOCOL.authentication && end - at >= AUTHENTICATION_MIN_BYTES) {
    copy.keep(at, Math.min(AUTHENTICATION_KEPT_BYTES, end - at));
    next = copy.from.getUint8(at);
    at += Math.max((copy.from.getUint8(at + 1) + 2) * AUTHENTICATION_UNIT_BYTES, AUTHENTICATION_MIN_BYTES);
  }
  if (at <= end) copyTransport(next, { ...upper, at });
}

function copyTransport(protocol: number, upper: Upper): void {
  const { copy, at, end } = upper;
  switch (protocol) {
    case IP_PROTOCOL.tcp:
      return copyTcp(upper);
    case IP_PROTOCOL.udp:
      return copyUdp(upper);
    case IP_PROTOCOL.icmp:
      return copyIcmp(upper);
    case IP_PROTOCOL.icmpv6:
      return copyIcmpv6(upper);
    case IP_PROTOCOL.gre:
      return copyGre(upper);
    case IP_PROTOCOL.ipv4:
      return copy.inside(ETHER_TYPE.ipv4, at, end);
    case IP_PROTOCOL.ipv6:
      return copy.inside(ETHER_TYPE.ipv6, at, end);
    case IP_PROTOCOL.mpls:
      return copy.inside(ETHER_TYPE.mpls, at, end);
    case IP_PROTOCOL.ethernet:
      return copy.inside(ETHER_TYPE.ethernet, at, end);
    case IP_PROTOCOL.etherIp:
      copy.keep(at, Math.min(ETHER_IP_BYTES, end - at));
      return copy.inside(ETHER_TYPE.ethernet, at + ETHER_IP_BYTES, end);
    case IP_PROTOCOL.esp:
      return copy.keep(at, Math.min(ESP_BYTES, end - at));
    case IP_PROTOCOL.sctp:
      return copy.keep(at, Math.min(SCTP_BYTES, end - at));
    default:
  }
}
