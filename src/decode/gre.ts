import { ETHER_TYPE } from './ether-type.ts';
import { GRE, GRE_FLAG, GRE_WCCP, greBytes, isMirror, mirrorBytes } from './gre-layout.ts';
import { enterTunnel, goInside } from './inner.ts';
import { type Segment, TUNNEL } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

const VERSION = { plain: 0, pptp: 1 } as const;

/** Reads a GRE header; what follows is named by an EtherType. */
export function readGre(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < GRE.headerBytes) return STOP.tunnelCut;
  const flags = view.getUint16(at + GRE.flags);
  const protocol = view.getUint16(at + GRE.protocol);
  const version = flags & GRE.versionMask;
  // RFC 1701's source routes are of a variable length that nobody uses (RFC 2784 §2.3: such packets are discarded).
  if (version > VERSION.pptp || (flags & GRE_FLAG.routing) !== 0) return STOP.tunnelOdd;
  const innerAt = at + greBytes(flags);
  if (innerAt > end) return STOP.tunnelCut;
  const hasSequence = (flags & GRE_FLAG.sequence) !== 0;
  // RFC 2637 §4.1: an acknowledgement without a sequence number carries nothing.
  if (version === VERSION.pptp && !hasSequence) return STOP.gre;
  const hasKey = (flags & GRE_FLAG.key) !== 0;
  const keyAt = at + GRE.headerBytes + ((flags & GRE_FLAG.checksum) !== 0 ? GRE.fieldBytes : 0);
  enterTunnel(TUNNEL.gre, hasKey && version === VERSION.plain ? view.getInt32(keyAt) : 0, into);
  return readPayload(view, innerAt, end, wireEnd, protocol, hasSequence, into);
}

function readPayload(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  protocol: number,
  hasSequence: boolean,
  into: Segment,
): StopCode {
  if (isMirror(protocol)) {
    const frameAt = at + mirrorBytes(view, at, end, protocol, hasSequence);
    return frameAt > end ? STOP.tunnelCut : goInside(frameAt, end, wireEnd, ETHER_TYPE.ethernet, into);
  }
  if (protocol !== GRE_WCCP) return goInside(at, end, wireEnd, protocol, into);
  const isBare = at < end && view.getUint8(at) >> 4 === 4;
  return goInside(isBare ? at : at + GRE.fieldBytes, end, wireEnd, ETHER_TYPE.ipv4, into);
}
