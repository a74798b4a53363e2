import { noteFragment } from './fragment.ts';
import { IP_PROTOCOL } from './ip-protocol.ts';
import { readProtocol } from './protocol.ts';
import { NO_PORT, type Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';
import { readSegment } from './tcp-header.ts';

// RFC 791 §3.1
const VERSION_IHL = 0;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const SOURCE = 12;
const DESTINATION = 16;
const HEADER_MIN_BYTES = 20;

const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET_MASK = 0x1fff;
const FRAGMENT_UNIT_BYTES = 8;
// RFC 791 §3.1, source routes: kind, length, pointer to the next hop (the first is 4), then the hops
const OPTION = { end: 0, noOperation: 1, looseSourceRoute: 131, strictSourceRoute: 137 } as const;
const OPTION_LENGTH = 1;
const OPTION_MIN_BYTES = 2;
const ROUTE_POINTER = 2;
const ROUTE_MIN_BYTES = 7;
const ADDRESS_BYTES = 4;

/** Third word of an IPv4-mapped address (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = 0x0000ffff;

/**
 * Reads an IPv4 packet and what is in it.
 * @param end      where the captured bytes end; link-layer padding may stand before it
 * @param wireEnd  where the frame ended on the wire
 */
export function readIpv4(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_MIN_BYTES) return STOP.ipHeaderCut;
  const versionIhl = view.getUint8(at + VERSION_IHL);
  if (versionIhl >> 4 !== 4) return STOP.ipVersionOdd;
  const headerBytes = (versionIhl & 0x0f) * 4;
  if (headerBytes < HEADER_MIN_BYTES) return STOP.ipLengthOdd;
  const totalBytes = view.getUint16(at + TOTAL_LENGTH);
  // Segmentation offload: packets above 64 kB, or not yet cut, are captured with length 0. The frame's own end holds then.
  const packetEnd = totalBytes === 0 ? wireEnd : at + totalBytes;
  if (packetEnd - at < headerBytes) return STOP.ipLengthOdd;
  into.ipVersion = 4;
  into.src0 = 0;
  into.src1 = 0;
  into.src2 = MAPPED_PREFIX;
  into.src3 = view.getInt32(at + SOURCE);
  into.dst0 = 0;
  into.dst1 = 0;
  into.dst2 = MAPPED_PREFIX;
  into.dst3 = view.getInt32(at + DESTINATION);
  if (headerBytes > HEADER_MIN_BYTES) {
    if (headerBytes > end - at) return stopInOptions(into);
    followSourceRoute(view, at + HEADER_MIN_BYTES, at + headerBytes, into);
  }
  into.ttl = view.getUint8(at + TTL);
  into.ipId = view.getUint16(at + IDENTIFICATION);
  const payloadAt = at + headerBytes;
  const capturedEnd = packetEnd < end ? packetEnd : end;
  const protocol = view.getUint8(at + PROTOCOL);
  const fragment = view.getUint16(at + FLAGS_FRAGMENT) & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK);
  if (fragment !== 0) {
    const offset = (fragment & FRAGMENT_OFFSET_MASK) * FRAGMENT_UNIT_BYTES;
    const more = (fragment & MORE_FRAGMENTS) !== 0;
    return noteFragment(payloadAt, capturedEnd, packetEnd, offset, more, into.ipId, protocol, into);
  }
  if (protocol === IP_PROTOCOL.tcp) return readSegment(view, payloadAt, capturedEnd, packetEnd, into);
  return readProtocol(view, payloadAt, capturedEnd, packetEnd, protocol, into);
}

function stopInOptions(into: Segment): StopCode {
  into.srcPort = NO_PORT;
  into.dstPort = NO_PORT;
  return STOP.ipHeaderCut;
}

/** The last hop of a source route that is not travelled to its end is the destination: connections are named by it (RFC 791 §3.1). */
function followSourceRoute(view: DataView, from: number, end: number, into: Segment): void {
  for (let at = from; at < end;) {
    const kind = view.getUint8(at);
    if (kind === OPTION.noOperation) {
      at++;
      continue;
    }
    if (kind === OPTION.end || end - at < OPTION_MIN_BYTES) return;
    const bytes = view.getUint8(at + OPTION_LENGTH);
    if (bytes < OPTION_MIN_BYTES || bytes > end - at) return;
    const isRoute = kind === OPTION.looseSourceRoute || kind === OPTION.strictSourceRoute;
    if (isRoute && bytes >= ROUTE_MIN_BYTES && view.getUint8(at + ROUTE_POINTER) < bytes)
      into.dst3 = view.getInt32(at + bytes - ADDRESS_BYTES);
    at += bytes;
  }
}
