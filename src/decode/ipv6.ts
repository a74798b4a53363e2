import { noteFragment } from './fragment.ts';
import { AUTHENTICATION_UNIT_BYTES, IP_PROTOCOL } from './ip-protocol.ts';
import { readProtocol } from './protocol.ts';
import { NO_PORT, type Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';
import { readSegment } from './tcp-header.ts';

// RFC 8200 §3
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER_BYTES = 40;

// RFC 8200 §4.3, §4.4, §4.6: all begin with the next header and a length in 8-byte units, the first 8 not counted
const EXTENSION_NEXT = 0;
const EXTENSION_LENGTH = 1;
const EXTENSION_MIN_BYTES = 8;
/** RFC 8200 §4.5: offset in 8-byte units in the upper 13 bits. */
const FRAGMENT_OFFSET = 2;
const FRAGMENT_OFFSET_MASK = 0xfff8;
const FRAGMENT_MORE = 0x0001;
const FRAGMENT_ID = 4;
const FRAGMENT_BYTES = 8;

const NEXT = { hopByHop: 0, routing: 43, fragment: 44, destinationOptions: 60 } as const;

/**
 * Reads an IPv6 packet and what is behind its extension headers.
 * @param end      where the captured bytes end; link-layer padding may stand before it
 * @param wireEnd  where the frame ended on the wire
 */
export function readIpv6(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_BYTES) return STOP.ipHeaderCut;
  if (view.getUint8(at) >> 4 !== 6) return STOP.ipVersionOdd;
  const payloadBytes = view.getUint16(at + PAYLOAD_LENGTH);
  // Length 0: a jumbogram (RFC 2675 §3) or segmentation offload. The frame's own end holds then.
  const packetEnd = payloadBytes === 0 ? wireEnd : at + HEADER_BYTES + payloadBytes;
  into.ipVersion = 6;
  into.src0 = view.getInt32(at + SOURCE);
  into.src1 = view.getInt32(at + SOURCE + 4);
  into.src2 = view.getInt32(at + SOURCE + 8);
  into.src3 = view.getInt32(at + SOURCE + 12);
  into.dst0 = view.getInt32(at + DESTINATION);
  into.dst1 = view.getInt32(at + DESTINATION + 4);
  into.dst2 = view.getInt32(at + DESTINATION + 8);
  into.dst3 = view.getInt32(at + DESTINATION + 12);
  into.ttl = view.getUint8(at + HOP_LIMIT);
  into.ipId = -1;
  const next = view.getUint8(at + NEXT_HEADER);
  const capturedEnd = packetEnd < end ? packetEnd : end;
  if (next === IP_PROTOCOL.tcp) return readSegment(view, at + HEADER_BYTES, capturedEnd, packetEnd, into);
  return readExtensions(view, at + HEADER_BYTES, capturedEnd, packetEnd, next, into);
}

/** Follows the chain of extension headers; each step moves at least 8 bytes on, so it ends with the packet. */
function readExtensions(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  first: number,
  into: Segment,
): StopCode {
  let next = first;
  into.srcPort = NO_PORT;
  into.dstPort = NO_PORT;
  while (isExtension(next)) {
    if (end - at < EXTENSION_MIN_BYTES) return STOP.ipExtensionCut;
    const extension = next;
    next = view.getUint8(at + EXTENSION_NEXT);
    if (extension === NEXT.fragment) {
      const place = view.getUint16(at + FRAGMENT_OFFSET);
      // An atomic fragment (RFC 6946) is the whole packet.
      if ((place & (FRAGMENT_OFFSET_MASK | FRAGMENT_MORE)) !== 0) {
        const offset = place & FRAGMENT_OFFSET_MASK;
        const id = view.getInt32(at + FRAGMENT_ID);
        return noteFragment(at + FRAGMENT_BYTES, end, wireEnd, offset, (place & FRAGMENT_MORE) !== 0, id, next, into);
      }
    }
    at += extensionBytes(extension, view.getUint8(at + EXTENSION_LENGTH));
  }
  if (at > end) return STOP.ipExtensionCut;
  return readProtocol(view, at, end, wireEnd, next, into);
}

function isExtension(next: number): boolean {
  return (
    next === NEXT.hopByHop ||
    next === NEXT.routing ||
    next === NEXT.fragment ||
    next === NEXT.destinationOptions ||
    next === IP_PROTOCOL.authentication
  );
}

function extensionBytes(extension: number, lengthField: number): number {
  if (extension === NEXT.fragment) return FRAGMENT_BYTES;
  // RFC 4302 §2.2: units of 4 bytes, less 2.
  if (extension === IP_PROTOCOL.authentication)
    return Math.max((lengthField + 2) * AUTHENTICATION_UNIT_BYTES, EXTENSION_MIN_BYTES);
  return (lengthField + 1) * EXTENSION_MIN_BYTES;
}
