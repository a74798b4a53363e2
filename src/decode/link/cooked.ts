import { readEtherType } from '../network.ts';
import { DIRECTION, type Direction, type Segment } from '../segment.ts';
import { STOP, type StopCode } from '../stop.ts';

// LINKTYPE_LINUX_SLL: packet type first, protocol last
const SLL_PACKET_TYPE = 0;
const SLL_PROTOCOL = 14;
const SLL_HEADER_BYTES = 16;

// LINKTYPE_LINUX_SLL2: protocol first
const SLL2_PROTOCOL = 0;
const SLL2_INTERFACE = 4;
const SLL2_PACKET_TYPE = 10;
const SLL2_HEADER_BYTES = 20;

/** The kernel's PACKET_ types (packet(7)). */
const PACKET_TYPE = { host: 0, broadcast: 1, multicast: 2, otherHost: 3, outgoing: 4 } as const;

/** Reads a packet behind a Linux cooked header, version 1, and its direction. */
export function readLinuxSll(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < SLL_HEADER_BYTES) return STOP.linkHeaderCut;
  into.direction = directionOf(view.getUint16(at + SLL_PACKET_TYPE));
  return readEtherType(view, at + SLL_HEADER_BYTES, end, wireEnd, view.getUint16(at + SLL_PROTOCOL), into);
}

/** Reads a packet behind a Linux cooked header, version 2, and its direction. */
export function readLinuxSll2(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < SLL2_HEADER_BYTES) return STOP.linkHeaderCut;
  into.direction = directionOf(view.getUint8(at + SLL2_PACKET_TYPE));
  into.interfaceIndex = view.getInt32(at + SLL2_INTERFACE);
  return readEtherType(view, at + SLL2_HEADER_BYTES, end, wireEnd, view.getUint16(at + SLL2_PROTOCOL), into);
}

function directionOf(packetType: number): Direction {
  switch (packetType) {
    case PACKET_TYPE.host:
    case PACKET_TYPE.broadcast:
    case PACKET_TYPE.multicast:
      return DIRECTION.toUs;
    case PACKET_TYPE.otherHost:
      return DIRECTION.other;
    case PACKET_TYPE.outgoing:
      return DIRECTION.fromUs;
    default:
      return DIRECTION.unknown;
  }
}
