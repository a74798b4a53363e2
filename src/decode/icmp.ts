import { ETHER_TYPE } from './ether-type.ts';
import { goInside } from './inner.ts';
import type { Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

// RFC 792, RFC 4443 §2.1: type, code, checksum; in errors a word of its own, then the packet that caused it
const TYPE = 0;
const CODE = 1;
const QUOTE = 8;

/** RFC 792: destination unreachable, source quench, time exceeded, parameter problem. */
const ICMP_ERRORS: readonly number[] = [3, 4, 11, 12];
/** RFC 4443 §2.1: "error messages are identified as such by a zero in the high-order bit"; 1 to 4 are defined. */
const ICMPV6_ERRORS: readonly number[] = [1, 2, 3, 4];

/** @returns STOP.icmpQuote with the place of the quoted IP packet where it is an error; else STOP.icmp */
export function readIcmp(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  return readError(view, at, end, wireEnd, ETHER_TYPE.ipv4, ICMP_ERRORS, into) ? STOP.icmpQuote : STOP.icmp;
}

/** @returns as `readIcmp`; else STOP.icmpv6 */
export function readIcmpv6(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  return readError(view, at, end, wireEnd, ETHER_TYPE.ipv6, ICMPV6_ERRORS, into) ? STOP.icmpQuote : STOP.icmpv6;
}

function readError(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  innerType: number,
  errors: readonly number[],
  into: Segment,
): boolean {
  if (end - at <= QUOTE || !errors.includes(view.getUint8(at + TYPE))) return false;
  into.icmpType = view.getUint8(at + TYPE);
  into.icmpCode = view.getUint8(at + CODE);
  goInside(at + QUOTE, end, wireEnd, innerType, into);
  return true;
}
