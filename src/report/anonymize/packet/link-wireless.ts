import type { LinkCopier } from './link-copier.ts';
import { copyLlc } from './llc.ts';

const MAC_BYTES = 6;
const TYPE_BYTES = 2;
// LINKTYPE_IEEE802_11_RADIOTAP, little-endian: version, its own length, which fields there are; their values stay unknown, which is zero
const RADIOTAP_LENGTH = 2;
const RADIOTAP_MIN_BYTES = 8;
const RADIOTAP_PRESENT = 4;
// IEEE 802.11 §9.2.3, little-endian: control, duration, three addresses, sequence
const WLAN_BYTES = 24;
const WLAN_ADDRESSES_AT = 4;
const WLAN_SEQUENCE_AT = 22;
const WLAN_DATA_MASK = 0x4c;
const WLAN_DATA = 0x08;
const WLAN_QUALITY_BIT = 0x80;
const WLAN_RELAYED = 0x03;
const WLAN_ORDER_BIT = 0x80;
const WLAN_PROTECTED_BIT = 0x40;
const WLAN_AGGREGATE_BIT = 0x80;

export const copyRadiotap: LinkCopier = (copy, at, end) => {
  if (end - at < RADIOTAP_MIN_BYTES) return;
  const bytes = copy.from.getUint16(at + RADIOTAP_LENGTH, true);
  if (bytes < RADIOTAP_MIN_BYTES || bytes > end - at) return;
  copy.keep(at, RADIOTAP_PRESENT);
  // Which fields there are stays untold: zero is none, and what stood in them is padding.
  copyWlan(copy, at + bytes, end);
};

export const copyWlan: LinkCopier = (copy, at, end) => {
  if (end - at < WLAN_BYTES) return;
  const control = copy.from.getUint8(at);
  const flags = copy.from.getUint8(at + 1);
  copy.keep(at, WLAN_ADDRESSES_AT);
  for (let i = 0; i < 3; i++) copy.mac(at + WLAN_ADDRESSES_AT + i * MAC_BYTES);
  copy.keep(at + WLAN_SEQUENCE_AT, TYPE_BYTES);
  if ((control & WLAN_DATA_MASK) !== WLAN_DATA || (flags & WLAN_PROTECTED_BIT) !== 0) return;
  let payloadAt = at + WLAN_BYTES;
  if ((flags & WLAN_RELAYED) === WLAN_RELAYED) {
    if (end - payloadAt < MAC_BYTES) return;
    copy.mac(payloadAt);
    payloadAt += MAC_BYTES;
  }
  if ((control & WLAN_QUALITY_BIT) !== 0) {
    const bytes = TYPE_BYTES + ((flags & WLAN_ORDER_BIT) === 0 ? 0 : 4);
    if (end - payloadAt < bytes) return;
    copy.keep(payloadAt, bytes);
    if ((copy.from.getUint8(payloadAt) & WLAN_AGGREGATE_BIT) !== 0) return;
    payloadAt += bytes;
  }
  copyLlc(copy, payloadAt, end);
};
