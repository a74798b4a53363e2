import { ETHER_TYPE } from '../../../decode/index.ts';
import type { LinkCopier } from './link-copier.ts';
import { copySnap } from './llc.ts';
import { copyPpp } from './ppp.ts';

const TYPE_BYTES = 2;
const CISCO_TYPE_AT = 2;
const CISCO_BYTES = 4;
const CISCO_ADDRESSES: readonly number[] = [0x0f, 0x8f];
const ADDRESS_MAX_BYTES = 4;
const ADDRESS_LAST_BIT = 1;
const UNNUMBERED_INFORMATION = 0x03;
const PADDING = 0x00;
const NLPID = { snap: 0x80, ipv6: 0x8e, ipv4: 0xcc } as const;

export const copyCisco: LinkCopier = (copy, at, end) => {
  if (end - at < CISCO_BYTES) return;
  copy.keep(at, CISCO_BYTES);
  copy.inside(copy.from.getUint16(at + CISCO_TYPE_AT), at + CISCO_BYTES, end);
};

export const copyPppHdlc: LinkCopier = (copy, at, end) => {
  if (at < end && CISCO_ADDRESSES.includes(copy.from.getUint8(at))) copyCisco(copy, at, end);
  else copyPpp(copy, at, end);
};

/** PPP behind bytes that tell its direction. */
export function copyPppBehind(bytes: number): LinkCopier {
  return (copy, at, end) => {
    copy.keep(at, Math.min(bytes, end - at));
    copyPpp(copy, at + bytes, end);
  };
}

/** Q.922 address, then as RFC 2427 §3, or an EtherType. */
export const copyFrameRelay: LinkCopier = (copy, at, end) => {
  let next = at;
  do {
    if (next >= end || next - at === ADDRESS_MAX_BYTES) return;
  } while ((copy.from.getUint8(next++) & ADDRESS_LAST_BIT) === 0);
  if (end - next < TYPE_BYTES) return;
  copy.keep(at, next + TYPE_BYTES - at);
  if (copy.from.getUint8(next) !== UNNUMBERED_INFORMATION) {
    return copy.inside(copy.from.getUint16(next), next + TYPE_BYTES, end);
  }
  next++;
  if (copy.from.getUint8(next) === PADDING) next++;
  if (next >= end) return;
  copy.keep(next, 1);
  const kind = copy.from.getUint8(next);
  if (kind === NLPID.snap) copySnap(copy, next + 1, end);
  else if (kind === NLPID.ipv4 || kind === NLPID.ipv6)
    copy.inside(kind === NLPID.ipv4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6, next + 1, end);
};
