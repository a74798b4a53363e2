import { readLlc } from '../llc.ts';
import type { Segment } from '../segment.ts';
import { STOP, type StopCode } from '../stop.ts';

// LINKTYPE_IEEE802_11_RADIOTAP (radiotap.org), little-endian: version, pad, its own length, words of bits that tell its fields
const RADIOTAP_LENGTH = 2;
const RADIOTAP_PRESENT = 4;
const RADIOTAP_MIN_BYTES = 8;
const PRESENT = { time: 1 << 0, flags: 1 << 1, more: 1 << 31 } as const;
const TIME_BYTES = 8;
/** Its flags: padding between the frame's header and its payload, to 4 bytes. */
const FLAG_PADDED = 0x20;

// IEEE 802.11 §9.2.3: frame control, little-endian: version, type, subtype, then flags
const FLAGS = 1;
const HEADER_BYTES = 24;
const TYPE_MASK = 0x0c;
const TYPE_DATA = 0x08;
const SUBTYPE = { noData: 0x40, qualityOfService: 0x80 } as const;
const FLAG = { toSystem: 0x01, fromSystem: 0x02, protected: 0x40, order: 0x80 } as const;
const ADDRESS_BYTES = 6;
const QOS_BYTES = 2;
/** §9.2.4.5.9: several frames in one. */
const QOS_AGGREGATE = 0x80;
const HIGH_THROUGHPUT_BYTES = 4;

/** Reads a wireless frame behind a radiotap header. */
export function readRadiotap(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < RADIOTAP_MIN_BYTES) return STOP.linkHeaderCut;
  const bytes = view.getUint16(at + RADIOTAP_LENGTH, true);
  if (bytes < RADIOTAP_MIN_BYTES || bytes > end - at) return STOP.linkHeaderCut;
  const isPadded = (flagsOf(view, at, at + bytes) & FLAG_PADDED) !== 0;
  return readFrame(view, at + bytes, end, wireEnd, isPadded, into);
}

/** Reads a wireless frame: LINKTYPE_IEEE802_11. */
export function readWireless(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  return readFrame(view, at, end, wireEnd, false, into);
}

/** The field `flags`, which stands first, behind the time alone; 0 where it is absent. Fields are aligned to their own size. */
function flagsOf(view: DataView, at: number, end: number): number {
  const present = view.getUint32(at + RADIOTAP_PRESENT, true);
  if ((present & PRESENT.flags) === 0) return 0;
  let next = at + RADIOTAP_PRESENT;
  while (end - next >= 4 && (view.getUint32(next, true) & PRESENT.more) !== 0) next += 4;
  next += 4;
  if ((present & PRESENT.time) !== 0) next = at + Math.ceil((next - at) / TIME_BYTES) * TIME_BYTES + TIME_BYTES;
  return next < end ? view.getUint8(next) : 0;
}

function readFrame(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  isPadded: boolean,
  into: Segment,
): StopCode {
  if (end - at < HEADER_BYTES) return end - at > 0 && !isData(view.getUint8(at)) ? STOP.wlan : STOP.linkHeaderCut;
  const control = view.getUint8(at);
  const flags = view.getUint8(at + FLAGS);
  if (!isData(control) || (flags & FLAG.protected) !== 0) return STOP.wlan;
  const isRelayed = (flags & FLAG.toSystem) !== 0 && (flags & FLAG.fromSystem) !== 0;
  let bytes = HEADER_BYTES + (isRelayed ? ADDRESS_BYTES : 0);
  if ((control & SUBTYPE.qualityOfService) !== 0) {
    if (end - at < bytes + QOS_BYTES) return STOP.linkHeaderCut;
    if ((view.getUint8(at + bytes) & QOS_AGGREGATE) !== 0) return STOP.wlan;
    bytes += QOS_BYTES + ((flags & FLAG.order) !== 0 ? HIGH_THROUGHPUT_BYTES : 0);
  }
  if (isPadded) bytes = Math.ceil(bytes / 4) * 4;
  return end - at < bytes ? STOP.linkHeaderCut : readLlc(view, at + bytes, end, wireEnd, into);
}

function isData(control: number): boolean {
  return (control & TYPE_MASK) === TYPE_DATA && (control & SUBTYPE.noData) === 0;
}
