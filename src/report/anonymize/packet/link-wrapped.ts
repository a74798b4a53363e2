import { ETHER_TYPE } from '../../../decode/index.ts';
import type { LinkCopier } from './link-copier.ts';

// LINKTYPE_NFLOG: family, version, resource; attributes of length and type
const NFLOG_BYTES = 4;
const ATTRIBUTE_BYTES = 4;
const ATTRIBUTE_TYPE = 2;
const PAYLOAD_ATTRIBUTE = 9;
const NFLOG_TYPES: ReadonlyMap<number, number> = new Map([
  [2, ETHER_TYPE.ipv4],
  [10, ETHER_TYPE.ipv6],
]);
/** LINKTYPE_IPOIB: two addresses of 20 bytes, then an EtherType (RFC 4391 §6). */
const IPOIB_TYPE_AT = 40;
const IPOIB_BYTES = 44;

/** Of attributes their lengths and kinds: they name users, interfaces and rules. */
export const copyNflog: LinkCopier = (copy, at, end) => {
  if (end - at < NFLOG_BYTES) return;
  copy.keep(at, 2);
  const { from } = copy;
  for (let next = at + NFLOG_BYTES; end - next >= ATTRIBUTE_BYTES;) {
    const isLittle = from.getUint8(next + ATTRIBUTE_TYPE) !== 0 || from.getUint8(next + ATTRIBUTE_TYPE + 1) === 0;
    const bytes = from.getUint16(next, isLittle);
    if (bytes < ATTRIBUTE_BYTES) return;
    copy.keep(next, ATTRIBUTE_BYTES);
    if (from.getUint16(next + ATTRIBUTE_TYPE, isLittle) === PAYLOAD_ATTRIBUTE)
      return copy.inside(NFLOG_TYPES.get(from.getUint8(at)) ?? 0, next + ATTRIBUTE_BYTES, end);
    next += Math.ceil(bytes / ATTRIBUTE_BYTES) * ATTRIBUTE_BYTES;
  }
};

export const copyIpoib: LinkCopier = (copy, at, end) => {
  if (end - at < IPOIB_BYTES) return;
  copy.keep(at + IPOIB_TYPE_AT, IPOIB_BYTES - IPOIB_TYPE_AT);
  copy.inside(copy.from.getUint16(at + IPOIB_TYPE_AT), at + IPOIB_BYTES, end);
};
