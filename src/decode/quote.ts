import { ETHER_TYPE } from './ether-type.ts';
import { readIpv4 } from './ipv4.ts';
import { readIpv6 } from './ipv6.ts';
import type { Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';
import { TCP_START_BYTES } from './tcp-header.ts';

/**
 * Reads the packet that an ICMP error quotes, cut as it may be.
 * @param icmp    the segment that `decodePacket` gave with STOP.icmpQuote
 * @param quoted  gets the quoted packet's addresses, ports and sequence number, as its sender sent them; acknowledgement, flags (0: unknown),
 *                window and options where the quote reaches so far
 * @returns STOP.icmpQuote where it is TCP; else STOP.icmp or STOP.icmpv6
 */
export function readQuote(view: DataView, icmp: Segment, quoted: Segment): StopCode {
  const { innerAt, innerEnd, innerType } = icmp;
  const isIpv4 = innerType === ETHER_TYPE.ipv4;
  quoted.ipVersion = 0;
  quoted.tunnels = 0;
  const read = isIpv4 ? readIpv4 : readIpv6;
  const stop = read(view, innerAt, innerEnd, innerEnd, quoted);
  if (stop === STOP.none) return STOP.icmpQuote;
  if (stop === STOP.tcpHeaderCut && quoted.payloadEnd - quoted.payloadAt >= TCP_START_BYTES) return STOP.icmpQuote;
  return isIpv4 ? STOP.icmp : STOP.icmpv6;
}
