import { ETHER_TYPE } from '../../../decode/index.ts';
import type { PacketCopy } from './copy.ts';

/** RFC 1662 §3.1; RFC 1661 §2, §6.5. */
const HDLC_ADDRESS_CONTROL = 0xff03;
const COMPRESSED_BIT = 1;
const NUMBER_BYTES = 2;
const ETHER_TYPES: ReadonlyMap<number, number> = new Map([
  [0x0021, ETHER_TYPE.ipv4],
  [0x0057, ETHER_TYPE.ipv6],
  [0x0281, ETHER_TYPE.mpls],
  [0x0283, ETHER_TYPE.mpls],
]);

/** A PPP frame; of what the two ends agree on with each other nothing but its number. */
export function copyPpp(copy: PacketCopy, from: number, end: number): void {
  let at = from;
  if (end - at < NUMBER_BYTES) return;
  if (copy.from.getUint16(at) === HDLC_ADDRESS_CONTROL) {
    copy.keep(at, NUMBER_BYTES);
    at += NUMBER_BYTES;
  }
  if (end - at < NUMBER_BYTES) return;
  const first = copy.from.getUint8(at);
  const bytes = (first & COMPRESSED_BIT) === 0 ? NUMBER_BYTES : 1;
  copy.keep(at, bytes);
  const etherType = ETHER_TYPES.get(bytes === 1 ? first : copy.from.getUint16(at));
  if (etherType !== undefined) copy.inside(etherType, at + bytes, end);
}
