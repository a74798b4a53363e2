import { NO_PORT, type Segment } from './segment.ts';
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

/** A header's ports stand first in TCP, UDP and SCTP alike. */
const PORTS_BYTES = 4;

/** Reads the ports of a transport header; where they are cut, they are NO_PORT. */
export function readPorts(view: DataView, at: number, end: number, into: Segment): void {
  const whole = end - at >= PORTS_BYTES;
  into.srcPort = whole ? view.getUint16(at + SOURCE_PORT) : NO_PORT;
  into.dstPort = whole ? view.getUint16(at + DESTINATION_PORT) : NO_PORT;
}

/** What a quote in an ICMP error has of the header, by RFC 792: 8 bytes. */
export const TCP_START_BYTES: number = 8;

/** Keeps of a cut header what is there: ports, sequence number, and where it begins and ends (as the payload's place). */
function stopAtCut(view: DataView, at: number, end: number, into: Segment): StopCode {
  readPorts(view, at, end, into);
  into.seq = end - at >= TCP_START_BYTES ? view.getInt32(at + SEQ) : 0;
  into.ack = 0;
  into.flags = 0;
  into.window = 0;
  into.payloadAt = at;
  into.payloadEnd = end > at ? end : at;
  into.payloadBytes = into.payloadEnd - at;
  clearOptions(into);
  return STOP.tcpHeaderCut;
}

function clearOptions(into: Segment): void {
  into.windowShift = -1;
  into.hasTimestamps = 0;
  into.tsVal = 0;
  into.tsEcr = 0;
}

/**
 * Reads a TCP header (RFC 9293 §3.1) and places the payload.
 * @param end      where the captured bytes of the IP packet end
 * @param wireEnd  where they ended on the wire; `end` or more
 * @returns STOP.none; STOP.tcpHeaderCut where fewer than 20 bytes are there, and STOP.tcpOffsetOdd, with the ports where they are. A header cut within its
 *          options counts: its numbers are there, and the options that are.
 */
export function readSegment(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_MIN_BYTES) return stopAtCut(view, at, end, into);
  into.srcPort = view.getUint16(at + SOURCE_PORT);
  into.dstPort = view.getUint16(at + DESTINATION_PORT);
  const headerBytes = (view.getUint8(at + DATA_OFFSET) >> 4) * 4;
  if (headerBytes < HEADER_MIN_BYTES || headerBytes > wireEnd - at) return STOP.tcpOffsetOdd;
  into.seq = view.getInt32(at + SEQ);
  into.ack = view.getInt32(at + ACK);
  into.flags = view.getUint8(at + FLAGS);
  into.window = view.getUint16(at + WINDOW);
  const headerEnd = at + headerBytes;
  into.payloadAt = headerEnd < end ? headerEnd : end;
  into.payloadEnd = end;
  into.payloadBytes = wireEnd - headerEnd;
  into.windowShift = -1;
  into.hasTimestamps = 0;
  into.tsVal = 0;
  into.tsEcr = 0;
  if (headerBytes > HEADER_MIN_BYTES) readTcpOptions(view, at + HEADER_MIN_BYTES, into.payloadAt, into);
  return STOP.none;
}
