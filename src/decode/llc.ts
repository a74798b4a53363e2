import { ETHER_TYPE } from './ether-type.ts';
import { goInside } from './inner.ts';
import type { Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

// IEEE 802.2 §3.2: destination and source access points, then control
const HEADER_BYTES = 3;
const ACCESS_POINT = { ip: 0x06, spanningTree: 0x42 } as const;
/** Both access points 0xaa and unnumbered information: SNAP follows (RFC 1042). */
const SNAP = 0xaaaa03;
/** SNAP: an organisation of three bytes, then a number of its own. */
const SNAP_NUMBER = 3;
const SNAP_BYTES = 5;
/** Organisations whose numbers are EtherTypes: none, and bridges between Ethernet and others (RFC 1042, IEEE 802.1H). */
export const ETHER_TYPE_ORGANISATIONS: readonly number[] = [0x000000, 0x0000f8];

/** Reads an IEEE 802.2 header: SNAP with an EtherType, or IP of its own. */
export function readLlc(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_BYTES) return STOP.linkHeaderCut;
  const head = (view.getUint16(at) << 8) | view.getUint8(at + 2);
  if (head === SNAP) return readSnap(view, at + HEADER_BYTES, end, wireEnd, into);
  if (head >> 16 === ACCESS_POINT.ip) return goInside(at + HEADER_BYTES, end, wireEnd, ETHER_TYPE.ipv4, into);
  return head >> 16 === ACCESS_POINT.spanningTree ? STOP.stp : STOP.llc;
}

/** Reads SNAP (RFC 1042), which names what follows by an EtherType where the organisation leaves it to that. */
export function readSnap(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < SNAP_BYTES) return STOP.linkHeaderCut;
  const organisation = view.getUint32(at) >>> 8;
  if (!ETHER_TYPE_ORGANISATIONS.includes(organisation)) return STOP.llc;
  return goInside(at + SNAP_BYTES, end, wireEnd, view.getUint16(at + SNAP_NUMBER), into);
}
