import { ETHER_TYPE, ETHER_TYPE_ORGANISATIONS } from '../../../decode/index.ts';
import type { PacketCopy } from './copy.ts';

// IEEE 802.2 §3.2: destination and source access points, then control; SNAP (RFC 1042): an organisation, then a number of its own
const HEADER_BYTES = 3;
const SNAP = 0xaaaa03;
const SNAP_NUMBER = 3;
const SNAP_BYTES = 5;
const IP = 0x06;

/** An IEEE 802.2 header, and what it names by an EtherType. */
export function copyLlc(copy: PacketCopy, at: number, end: number): void {
  if (end - at < HEADER_BYTES) return;
  copy.keep(at, HEADER_BYTES);
  const head = (copy.from.getUint16(at) << 8) | copy.from.getUint8(at + 2);
  if (head === SNAP) copySnap(copy, at + HEADER_BYTES, end);
  else if (head >> 16 === IP) copy.inside(ETHER_TYPE.ipv4, at + HEADER_BYTES, end);
}

/** What follows LLC's own header where it is SNAP's. */
export function copySnap(copy: PacketCopy, at: number, end: number): void {
  if (end - at < SNAP_BYTES) return;
  copy.keep(at, SNAP_BYTES);
  const organisation = copy.from.getUint32(at) >>> 8;
  if (!ETHER_TYPE_ORGANISATIONS.includes(organisation)) return;
  copy.inside(copy.from.getUint16(at + SNAP_NUMBER), at + SNAP_BYTES, end);
}
