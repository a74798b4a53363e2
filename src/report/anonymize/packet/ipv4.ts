import { checksumOf, sumOf } from './checksum.ts';
import type { PacketCopy } from './copy.ts';
import { copyProtocol } from './protocol.ts';

// RFC 791 §3.1
const TOTAL_LENGTH = 2;
const FLAGS_FRAGMENT = 6;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;
const HEADER_MIN_BYTES = 20;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET_MASK = 0x1fff;
const ADDRESS_BYTES = 4;

// RFC 791 §3.1: kind, length, then of routes a pointer (the first hop is 4) and hops
const OPTION = { end: 0, noOperation: 1, recordRoute: 7, looseSourceRoute: 131, strictSourceRoute: 137 } as const;
const OPTION_LENGTH = 1;
const OPTION_MIN_BYTES = 2;
const ROUTE_POINTER = 2;
const ROUTE_HOPS = 3;

/** The header with stand-ins, a right checksum and no options but routes; then what it carries. */
export function copyIpv4(copy: PacketCopy, at: number, end: number): void {
  if (end - at < HEADER_MIN_BYTES) return;
  const { from } = copy;
  const headerBytes = (from.getUint8(at) & 0x0f) * 4;
  const totalBytes = from.getUint16(at + TOTAL_LENGTH);
  // 0 is segmentation offload: the frame's end holds.
  const wireEnd = totalBytes === 0 ? end : at + totalBytes;
  if (from.getUint8(at) >> 4 !== 4 || headerBytes < HEADER_MIN_BYTES || wireEnd - at < headerBytes) return;
  copy.keep(at, CHECKSUM);
  copy.ipv4(at + SOURCE);
  copy.ipv4(at + DESTINATION);
  const payloadAt = at + headerBytes;
  if (payloadAt > end) return;
  const destinationAt = copyOptions(copy, at + HEADER_MIN_BYTES, payloadAt) ?? at + DESTINATION;
  copy.to.setUint16(at + CHECKSUM, checksumOf(sumOf(copy.to, at, payloadAt)));
  const fragment = from.getUint16(at + FLAGS_FRAGMENT) & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK);
  if ((fragment & FRAGMENT_OFFSET_MASK) !== 0) return;
  copyProtocol(from.getUint8(at + PROTOCOL), {
    copy,
    at: payloadAt,
    end: Math.min(end, wireEnd),
    wireEnd,
    sourceAt: at + SOURCE,
    destinationAt,
    addressBytes: 4,
    isFragment: fragment !== 0,
  });
}

/** Routes have stand-ins for their hops; what else there is becomes "no operation". @returns where the last hop of a route that is still to be travelled stands */
function copyOptions(copy: PacketCopy, from: number, end: number): number | null {
  let lastHopAt: number | null = null;
  for (let at = from; at < end;) {
    const kind = copy.from.getUint8(at);
    if (kind === OPTION.end) return lastHopAt;
    const bytes =
      kind === OPTION.noOperation || end - at < OPTION_MIN_BYTES ? 1 : copy.from.getUint8(at + OPTION_LENGTH);
    if (kind !== OPTION.noOperation && (bytes < OPTION_MIN_BYTES || bytes > end - at)) return lastHopAt;
    if (isRoute(kind) && bytes >= ROUTE_HOPS + ADDRESS_BYTES) {
      copyRoute(copy, at, bytes);
      const isAhead = kind !== OPTION.recordRoute && copy.from.getUint8(at + ROUTE_POINTER) < bytes;
      if (isAhead) lastHopAt = at + bytes - ADDRESS_BYTES;
    } else copy.bytes.fill(OPTION.noOperation, at, at + bytes);
    at += bytes;
  }
  return lastHopAt;
}

function isRoute(kind: number): boolean {
  return kind === OPTION.recordRoute || kind === OPTION.looseSourceRoute || kind === OPTION.strictSourceRoute;
}

function copyRoute(copy: PacketCopy, at: number, bytes: number): void {
  copy.keep(at, ROUTE_HOPS);
  for (let hop = at + ROUTE_HOPS; at + bytes - hop >= ADDRESS_BYTES; hop += ADDRESS_BYTES) copy.ipv4(hop);
}
