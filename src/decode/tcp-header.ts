import type { Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';
import { readTcpOptions } from './tcp-options.ts';

// RFC 9293 §3.1
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQ = 4;
const ACK = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const HEADER_MIN_BYTES = 20;

/**
 * Reads a TCP header (RFC 9293 §3.1) and places the payload.
 * @param end      where the captured bytes of the IP packet end
 * @param wireEnd  where they ended on the wire; `end` or more
 * @returns STOP.none; STOP.tcpHeaderCut where fewer than 20 bytes are there; STOP.tcpOffsetOdd. A header cut within its
 *          options counts: its numbers are there, and the options that are.
 */
export function readSegment(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_MIN_BYTES) return STOP.tcpHeaderCut;
  const headerBytes = (view.getUint8(at + DATA_OFFSET) >> 4) * 4;
  if (headerBytes < HEADER_MIN_BYTES || headerBytes > wireEnd - at) return STOP.tcpOffsetOdd;
  into.srcPort = view.getUint16(at + SOURCE_PORT);
  into.dstPort = view.getUint16(at + DESTINATION_PORT);
  into.seq = view.getInt32(at + SEQ);
  into.ack = view.getInt32(at + ACK);
  into.flags = view.getUint8(at + FLAGS);
  into.window = view.getUint16(at + WINDOW);
  const headerEnd = at + headerBytes;
  into.payloadAt = headerEnd < end ? headerEnd : end;
  into.payloadEnd = end;
  into.payloadBytes = wireEnd - headerEnd;
  into.windowShift = -1;
  into.mss = -1;
  into.hasTimestamps = 0;
  into.tsVal = 0;
  into.tsEcr = 0;
  into.sackBlocks = 0;
  if (headerBytes > HEADER_MIN_BYTES) readTcpOptions(view, at + HEADER_MIN_BYTES, into.payloadAt, into);
  return STOP.none;
}
