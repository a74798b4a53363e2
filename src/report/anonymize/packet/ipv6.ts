import { AUTHENTICATION_UNIT_BYTES } from '../../../decode/index.ts';
import type { PacketCopy } from './copy.ts';
import { copyProtocol } from './protocol.ts';

// RFC 8200 §3
const TRAFFIC_CLASS = 1;
const TRAFFIC_CLASS_MASK = 0xf0;
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER_BYTES = 40;
const ADDRESS_BYTES = 16;

// RFC 8200 §4: next header, then a length in units of 8 bytes, the first not counted
const EXTENSION_LENGTH = 1;
const EXTENSION_UNIT_BYTES = 8;
const NEXT = { hopByHop: 0, routing: 43, fragment: 44, authentication: 51, destinationOptions: 60 } as const;
const FRAGMENT_PLACE = 2;
const FRAGMENT_OFFSET_MASK = 0xfff8;
const FRAGMENT_MORE = 1;
/** RFC 4302 §2: next header, length, reserved, index and sequence number stay. */
const AUTHENTICATION_KEPT_BYTES = 12;
// RFC 8200 §4.4: type and segments left; behind 8 bytes, addresses in those types that have them
const ROUTING_TYPE = 2;
const SEGMENTS_LEFT = 3;
const ROUTING_HEAD_BYTES = 8;
/** Source route (RFC 2460 §4.4), mobility (RFC 6275 §6.4), segments (RFC 8754 §2). */
const ROUTING = { source: 0, mobility: 2, segments: 4 } as const;
/** RFC 8200 §4.2: PadN. */
const PAD_OPTION = 1;
const OPTIONS_AT = 2;
const OPTION_HEAD_BYTES = 2;

interface Chain {
  readonly copy: PacketCopy;
  readonly end: number;
  /** Where the address of the last hop stands. */
  destinationAt: number;
  isFragment: boolean;
}

/** The header with stand-ins and without its flow label, extension headers without what they say; then what it carries. */
export function copyIpv6(copy: PacketCopy, at: number, end: number): void {
  if (end - at < HEADER_BYTES) return;
  const { from, to } = copy;
  if (from.getUint8(at) >> 4 !== 6) return;
  const payloadBytes = from.getUint16(at + PAYLOAD_LENGTH);
  const wireEnd = payloadBytes === 0 ? end : at + HEADER_BYTES + payloadBytes;
  copy.keep(at, 1);
  to.setUint8(at + TRAFFIC_CLASS, from.getUint8(at + TRAFFIC_CLASS) & TRAFFIC_CLASS_MASK);
  copy.keep(at + PAYLOAD_LENGTH, SOURCE - PAYLOAD_LENGTH);
  copy.ipv6(at + SOURCE);
  copy.ipv6(at + DESTINATION);
  const chain: Chain = { copy, end: Math.min(end, wireEnd), destinationAt: at + DESTINATION, isFragment: false };
  let next = from.getUint8(at + NEXT_HEADER);
  let payloadAt = at + HEADER_BYTES;
  for (let bytes = copyExtension(chain, payloadAt, next); bytes > 0; bytes = copyExtension(chain, payloadAt, next)) {
    next = from.getUint8(payloadAt);
    payloadAt += bytes;
  }
  if (payloadAt > chain.end || isLaterFragment(chain)) return;
  copyProtocol(next, {
    copy,
    at: payloadAt,
    end: chain.end,
    wireEnd,
    sourceAt: at + SOURCE,
    destinationAt: chain.destinationAt,
    addressBytes: ADDRESS_BYTES,
    isFragment: chain.isFragment,
  });
}

/** A later fragment begins anywhere in the packet: nothing in it is a header. */
function isLaterFragment({ isFragment, destinationAt }: Chain): boolean {
  return isFragment && destinationAt < 0;
}

/** @returns how long the extension header is; 0 where there is none, or it is cut */
function copyExtension(chain: Chain, at: number, kind: number): number {
  const { copy, end } = chain;
  if (end - at < EXTENSION_UNIT_BYTES || isLaterFragment(chain)) return 0;
  const lengthField = copy.from.getUint8(at + EXTENSION_LENGTH);
  const bytes = (lengthField + 1) * EXTENSION_UNIT_BYTES;
  switch (kind) {
    case NEXT.fragment:
      copyFragment(chain, at);
      return EXTENSION_UNIT_BYTES;
    case NEXT.authentication:
      copy.keep(at, Math.min(AUTHENTICATION_KEPT_BYTES, end - at));
      return Math.max((lengthField + 2) * AUTHENTICATION_UNIT_BYTES, EXTENSION_UNIT_BYTES);
    case NEXT.routing:
      copyRouting(chain, at, Math.min(at + bytes, end));
      return bytes;
    case NEXT.hopByHop:
    case NEXT.destinationOptions:
      copyPadding(copy, at, Math.min(at + bytes, end));
      return bytes;
    default:
      return 0;
  }
}

function copyFragment(chain: Chain, at: number): void {
  chain.copy.keep(at, EXTENSION_UNIT_BYTES);
  const place = chain.copy.from.getUint16(at + FRAGMENT_PLACE);
  if ((place & (FRAGMENT_OFFSET_MASK | FRAGMENT_MORE)) === 0) return;
  chain.isFragment = true;
  if ((place & FRAGMENT_OFFSET_MASK) !== 0) chain.destinationAt = -1;
}

/** Checksums count the last hop (RFC 8200 §8.1); the segments of RFC 8754 stand in reverse. */
function copyRouting(chain: Chain, at: number, end: number): void {
  const { copy } = chain;
  copy.keep(at, ROUTING_HEAD_BYTES);
  const type = copy.from.getUint8(at + ROUTING_TYPE);
  if (type !== ROUTING.source && type !== ROUTING.mobility && type !== ROUTING.segments) return;
  const listAt = at + ROUTING_HEAD_BYTES;
  copy.ipv6List(listAt, end);
  const count = Math.floor((end - listAt) / ADDRESS_BYTES);
  if (count < 1 || copy.from.getUint8(at + SEGMENTS_LEFT) === 0) return;
  chain.destinationAt = type === ROUTING.segments ? listAt : listAt + (count - 1) * ADDRESS_BYTES;
}

function copyPadding(copy: PacketCopy, at: number, end: number): void {
  copy.keep(at, OPTIONS_AT);
  for (let next = at + OPTIONS_AT; end - next >= OPTION_HEAD_BYTES;) {
    const bytes = Math.min(end - next, OPTION_HEAD_BYTES + 255);
    copy.to.setUint8(next, PAD_OPTION);
    copy.to.setUint8(next + 1, bytes - OPTION_HEAD_BYTES);
    next += bytes;
  }
}
