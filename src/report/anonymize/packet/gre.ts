import { ETHER_TYPE, GRE, GRE_FLAG, GRE_WCCP, greBytes, isMirror, mirrorBytes } from '../../../decode/index.ts';
import { checksumOf, sumOf } from './checksum.ts';
import type { Upper } from './upper.ts';

/** The header and what it carries, which an EtherType names. */
export function copyGre(upper: Upper): void {
  const { copy, at, end, isFragment } = upper;
  if (end - at < GRE.headerBytes) return;
  const flags = copy.from.getUint16(at + GRE.flags);
  const innerAt = at + greBytes(flags);
  if ((flags & GRE_FLAG.routing) !== 0 || innerAt > end) return;
  copy.keep(at, innerAt - at);
  const hasCopied = copyPayload(upper, copy.from.getUint16(at + GRE.protocol), innerAt, flags);
  if (!hasCopied || (flags & GRE_FLAG.checksum) === 0) return;
  copy.to.setUint16(at + GRE.checksum, 0);
  if (!isFragment) copy.whenDone(() => copy.to.setUint16(at + GRE.checksum, checksumOf(sumOf(copy.to, at, end))));
}

/** @returns false where a mirror's own header is cut */
function copyPayload({ copy, end }: Upper, protocol: number, at: number, flags: number): boolean {
  if (isMirror(protocol)) {
    const bytes = mirrorBytes(copy.from, at, end, protocol, (flags & GRE_FLAG.sequence) !== 0);
    if (bytes > end - at) return false;
    copy.keep(at, bytes);
    copy.inside(ETHER_TYPE.ethernet, at + bytes, end);
  } else if (protocol === GRE_WCCP) {
    const isBare = at < end && copy.from.getUint8(at) >> 4 === 4;
    copy.inside(ETHER_TYPE.ipv4, isBare ? at : at + GRE.fieldBytes, end);
  } else copy.inside(protocol, at, end);
  return true;
}
