import { ETHER_TYPE, IP_PROTOCOL } from '../../../decode/index.ts';
import { checksumOf, sumOf } from './checksum.ts';
import { type Upper, upperSum } from './upper.ts';

// RFC 792, RFC 4443 §2.1: type, code, checksum, a word of the type's own, then the packet that caused it
const CODE_END = 2;
const CHECKSUM = 2;
const WORD = 4;
const WORD_BYTES = 4;
const HEADER_BYTES = 8;

/** Destination unreachable, source quench, redirect, time exceeded, parameter problem. */
const ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
const REDIRECT = 5;
/** Echo and its reply: an identifier and a number. */
const ECHOS: ReadonlySet<number> = new Set([0, 8]);
const ERRORS_V6: ReadonlySet<number> = new Set([1, 2, 3, 4]);
const ECHOS_V6: ReadonlySet<number> = new Set([128, 129]);
/** RFC 4884 §4: how long the quote is before extensions, which are not copied. */
const LENGTH_BYTE = 5;
const LENGTH_BYTE_V6 = 4;
const WITH_LENGTH_V6: ReadonlySet<number> = new Set([1, 3]);

/** Neighbour solicitation and advertisement, redirect (RFC 4861 §4): targets behind the word, then options in units of 8 bytes. */
const NEIGHBOURS: ReadonlyMap<number, number> = new Map([
  [135, 1],
  [136, 1],
  [137, 2],
]);
const ADDRESS_BYTES = 16;
const OPTION_UNIT_BYTES = 8;
const OPTION_HEAD_BYTES = 2;
const MAC_BYTES = 6;
const LINK_ADDRESS_OPTIONS: ReadonlySet<number> = new Set([1, 2]);

/** Type, code and a right checksum; of errors the quoted packet, with stand-ins too. */
export function copyIcmp({ copy, at, end, isFragment }: Upper): void {
  if (end - at < HEADER_BYTES) return;
  const { from, to } = copy;
  const type = from.getUint8(at);
  copy.keep(at, CODE_END);
  if (type === REDIRECT) copy.ipv4(at + WORD);
  else if (ERRORS.has(type) || ECHOS.has(type)) copy.keep(at + WORD, WORD_BYTES);
  if (ERRORS.has(type)) {
    if (type !== REDIRECT) to.setUint8(at + LENGTH_BYTE, 0);
    copy.inside(ETHER_TYPE.ipv4, at + HEADER_BYTES, end);
  }
  if (!isFragment) copy.whenDone(() => to.setUint16(at + CHECKSUM, checksumOf(sumOf(to, at, end))));
}

/** The same for IPv6, and neighbours' addresses. */
export function copyIcmpv6(upper: Upper): void {
  const { copy, at, end, isFragment } = upper;
  if (end - at < HEADER_BYTES) return;
  const { from, to } = copy;
  const type = from.getUint8(at);
  copy.keep(at, CODE_END);
  if (ERRORS_V6.has(type) || ECHOS_V6.has(type) || NEIGHBOURS.has(type)) copy.keep(at + WORD, WORD_BYTES);
  if (ERRORS_V6.has(type)) {
    if (WITH_LENGTH_V6.has(type)) to.setUint8(at + LENGTH_BYTE_V6, 0);
    copy.inside(ETHER_TYPE.ipv6, at + HEADER_BYTES, end);
  }
  const targets = NEIGHBOURS.get(type);
  if (targets !== undefined) copyNeighbour(upper, at + HEADER_BYTES, targets);
  if (!isFragment) copy.whenDone(() => to.setUint16(at + CHECKSUM, checksumOf(upperSum(upper, IP_PROTOCOL.icmpv6))));
}

function copyNeighbour({ copy, end }: Upper, at: number, targets: number): void {
  const optionsAt = at + targets * ADDRESS_BYTES;
  copy.ipv6List(at, Math.min(optionsAt, end));
  for (let next = optionsAt; end - next >= OPTION_UNIT_BYTES;) {
    const bytes = copy.from.getUint8(next + 1) * OPTION_UNIT_BYTES;
    if (bytes === 0) return;
    copy.keep(next, OPTION_HEAD_BYTES);
    const hasMac = LINK_ADDRESS_OPTIONS.has(copy.from.getUint8(next));
    if (hasMac) copy.macOf(next + OPTION_HEAD_BYTES, MAC_BYTES);
    next += bytes;
  }
}
