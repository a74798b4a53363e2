import { ETHER_TYPE } from './ether-type.ts';
import { readGre } from './gre.ts';
import { readIcmp, readIcmpv6 } from './icmp.ts';
import { enterIp, enterTunnel, goInside } from './inner.ts';
import { AUTHENTICATION_UNIT_BYTES, IP_PROTOCOL } from './ip-protocol.ts';
import { NO_PORT, type Segment, TUNNEL } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';
import { readPorts, readSegment } from './tcp-header.ts';
import { readUdp } from './udp.ts';

const AUTHENTICATION_MIN_BYTES = 8;
/** RFC 3378 §2: a version and reserved bits. */
const ETHER_IP_BYTES = 2;

/** Protocols that are named and not read. */
const NAMED: ReadonlyMap<number, StopCode> = new Map([
  [IP_PROTOCOL.igmp, STOP.igmp],
  [IP_PROTOCOL.esp, STOP.esp],
  [IP_PROTOCOL.ospf, STOP.ospf],
  [IP_PROTOCOL.pim, STOP.pim],
  [IP_PROTOCOL.vrrp, STOP.vrrp],
]);

/**
 * Reads what an IP header says it carries, other than TCP on its own (which the IP readers call themselves: the hot path).
 * @param at       where the IP payload begins, `end` at most
 * @param end      where its captured bytes end
 * @param wireEnd  where it ended on the wire
 */
export function readProtocol(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  protocol: number,
  into: Segment,
): StopCode {
  into.srcPort = NO_PORT;
  into.dstPort = NO_PORT;
  let next = protocol;
  while (next === IP_PROTOCOL.authentication) {
    if (end - at < AUTHENTICATION_MIN_BYTES) return STOP.ipExtensionCut;
    next = view.getUint8(at);
    at += Math.max((view.getUint8(at + 1) + 2) * AUTHENTICATION_UNIT_BYTES, AUTHENTICATION_MIN_BYTES);
    if (at > end) return STOP.ipExtensionCut;
  }
  switch (next) {
    case IP_PROTOCOL.tcp:
      return readSegment(view, at, end, wireEnd, into);
    case IP_PROTOCOL.udp:
      return readUdp(view, at, end, wireEnd, into);
    case IP_PROTOCOL.icmp:
      return readIcmp(view, at, end, wireEnd, into);
    case IP_PROTOCOL.icmpv6:
      return readIcmpv6(view, at, end, wireEnd, into);
    case IP_PROTOCOL.sctp:
      readPorts(view, at, end, into);
      return STOP.sctp;
    default:
      return readTunnel(view, at, end, wireEnd, next, into);
  }
}

function readTunnel(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  protocol: number,
  into: Segment,
): StopCode {
  switch (protocol) {
    case IP_PROTOCOL.ipv4:
      return enterIp(at, end, wireEnd, ETHER_TYPE.ipv4, into);
    case IP_PROTOCOL.ipv6:
      return enterIp(at, end, wireEnd, ETHER_TYPE.ipv6, into);
    case IP_PROTOCOL.gre:
      return readGre(view, at, end, wireEnd, into);
    case IP_PROTOCOL.mpls: // RFC 4023
      enterTunnel(TUNNEL.other, 0, into);
      return goInside(at, end, wireEnd, ETHER_TYPE.mpls, into);
    case IP_PROTOCOL.ethernet: // RFC 8986 §10.1
      enterTunnel(TUNNEL.other, 0, into);
      return goInside(at, end, wireEnd, ETHER_TYPE.ethernet, into);
    case IP_PROTOCOL.etherIp:
      enterTunnel(TUNNEL.other, 0, into);
      return goInside(at + ETHER_IP_BYTES, end, wireEnd, ETHER_TYPE.ethernet, into);
    default:
      return NAMED.get(protocol) ?? STOP.notTcp;
  }
}
