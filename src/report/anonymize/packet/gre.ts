import { checksumOf, sumOf } from './checksum.ts';
import { ETHER_TYPE } from './ether-type.ts';
import type { Upper } from './upper.ts';

// RFC 2784 §2.1, RFC 2890 §2, RFC 2637 §4.1
const PROTOCOL = 2;
const CHECKSUM = 4;
const HEADER_BYTES = 4;
const FIELD_BYTES = 4;
const FLAG = { checksum: 0x8000, routing: 0x4000, key: 0x2000, sequence: 0x1000, acknowledgement: 0x0080 } as const;
const FIELDS: readonly number[] = [FLAG.checksum, FLAG.key, FLAG.sequence, FLAG.acknowledgement];
const ERSPAN = { typeII: 0x88be, typeIII: 0x22eb } as const;
/** Its second version has a word in front of the packet: it is there where no IP header begins. */
const WCCP = 0x883e;
const ERSPAN_II_BYTES = 8;
const ERSPAN_III_BYTES = 12;
const ERSPAN_III_OPTION_AT = 11;
const ERSPAN_III_OPTION_BYTES = 8;

/** The header and what it carries, which an EtherType names. */
export function copyGre({ copy, at, end, isFragment }: Upper): void {
  if (end - at < HEADER_BYTES) return;
  const flags = copy.from.getUint16(at);
  const bytes = FIELDS.reduce((sum, flag) => ((flags & flag) === 0 ? sum : sum + FIELD_BYTES), HEADER_BYTES);
  if ((flags & FLAG.routing) !== 0 || bytes > end - at) return;
  copy.keep(at, bytes);
  const protocol = copy.from.getUint16(at + PROTOCOL);
  const innerAt = at + bytes;
  const mirrorBytes = mirrorHeader(copy.from, innerAt, end, protocol, (flags & FLAG.sequence) !== 0);
  if (mirrorBytes > end - innerAt) return;
  copy.keep(innerAt, mirrorBytes);
  const isMirror = protocol === ERSPAN.typeII || protocol === ERSPAN.typeIII;
  if (protocol === WCCP) copyWccp(copy, innerAt, end);
  else copy.inside(isMirror ? ETHER_TYPE.ethernet : protocol, innerAt + mirrorBytes, end);
  if ((flags & FLAG.checksum) === 0) return;
  copy.to.setUint16(at + CHECKSUM, 0);
  if (!isFragment) copy.whenDone(() => copy.to.setUint16(at + CHECKSUM, checksumOf(sumOf(copy.to, at, end))));
}

function copyWccp(copy: Upper['copy'], at: number, end: number): void {
  const isBare = at < end && copy.from.getUint8(at) >> 4 === 4;
  copy.inside(ETHER_TYPE.ipv4, isBare ? at : at + FIELD_BYTES, end);
}

/** Bytes of ERSPAN's own header (draft-foschiano-erspan-03 §4); its first type has none, and no sequence number. */
function mirrorHeader(from: DataView, at: number, end: number, protocol: number, hasSequence: boolean): number {
  if (protocol === ERSPAN.typeII) return hasSequence ? ERSPAN_II_BYTES : 0;
  if (protocol !== ERSPAN.typeIII) return 0;
  const hasOption = end - at >= ERSPAN_III_BYTES && (from.getUint8(at + ERSPAN_III_OPTION_AT) & 1) !== 0;
  return ERSPAN_III_BYTES + (hasOption ? ERSPAN_III_OPTION_BYTES : 0);
}
