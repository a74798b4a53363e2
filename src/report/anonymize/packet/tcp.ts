import { IP_PROTOCOL } from '../../../decode/index.ts';
import { checksumOf } from './checksum.ts';
import type { PacketCopy } from './copy.ts';
import { type Upper, upperSum } from './upper.ts';

// RFC 9293 §3.1
const DATA_OFFSET = 12;
const CHECKSUM = 16;
const URGENT = 18;
const URGENT_BYTES = 2;
const HEADER_MIN_BYTES = 20;

// RFC 9293 §3.1: kind, length, value
const OPTION_LENGTH = 1;
const OPTION_MIN_BYTES = 2;
const END = 0;
const NO_OPERATION = 1;
/** MSS, window scale, SACK permitted, SACK, timestamps: what the analysis reads. Others may hold cookies and keys. */
const KEPT_OPTIONS: ReadonlySet<number> = new Set([2, 3, 4, 5, 8]);

/** Ports, numbers, flags, window and the options that everybody has; of the payload what is known to be nobody's. A header that is cut stays cut. */
export function copyTcp(upper: Upper): void {
  const { copy, at, end, isFragment } = upper;
  copy.keep(at, Math.min(CHECKSUM, end - at));
  if (end - at < HEADER_MIN_BYTES) return;
  copy.keep(at + URGENT, URGENT_BYTES);
  const headerEnd = at + (copy.from.getUint8(at + DATA_OFFSET) >> 4) * 4;
  copyOptions(copy, at + HEADER_MIN_BYTES, Math.min(headerEnd, end));
  // Another fragment may hold the rest of a frame: only whole segments are looked into.
  if (!isFragment) copy.copyPayload(upper, headerEnd);
  if (!isFragment) copy.to.setUint16(at + CHECKSUM, checksumOf(upperSum(upper, IP_PROTOCOL.tcp)));
}

function copyOptions(copy: PacketCopy, from: number, end: number): void {
  for (let at = from; at < end;) {
    const kind = copy.from.getUint8(at);
    if (kind === END) return;
    const bytes = kind === NO_OPERATION || end - at < OPTION_MIN_BYTES ? 1 : copy.from.getUint8(at + OPTION_LENGTH);
    if (kind !== NO_OPERATION && (bytes < OPTION_MIN_BYTES || bytes > end - at)) return;
    if (KEPT_OPTIONS.has(kind)) copy.keep(at, bytes);
    else copy.bytes.fill(NO_OPERATION, at, at + bytes);
    at += bytes;
  }
}
