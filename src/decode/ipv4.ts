import type { Segment } from './segment.ts';
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

const FRAGMENT_OFFSET_MASK = 0x1fff;
const PROTOCOL_TCP = 6;
/** Third word of an IPv4-mapped address (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = 0x0000ffff;

/**
 * Reads an IPv4 packet and the TCP segment in it.
 * A first fragment is read as far as it goes; later ones give STOP.ipLaterFragment.
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
  if ((view.getUint16(at + FLAGS_FRAGMENT) & FRAGMENT_OFFSET_MASK) !== 0) return STOP.ipLaterFragment;
  if (view.getUint8(at + PROTOCOL) !== PROTOCOL_TCP) return STOP.notTcp;
  into.ipVersion = 4;
  into.src0 = 0;
  into.src1 = 0;
  into.src2 = MAPPED_PREFIX;
  into.src3 = view.getInt32(at + SOURCE);
  into.dst0 = 0;
  into.dst1 = 0;
  into.dst2 = MAPPED_PREFIX;
  into.dst3 = view.getInt32(at + DESTINATION);
  into.ttl = view.getUint8(at + TTL);
  into.ipId = view.getUint16(at + IDENTIFICATION);
  return readSegment(view, at + headerBytes, packetEnd < end ? packetEnd : end, packetEnd, into);
}
