import { sumOf } from './checksum.ts';
import type { PacketCopy } from './copy.ts';

/** What an IP header hands on to what it carries. */
export interface Upper {
  readonly copy: PacketCopy;
  /** Where the payload begins; where its captured bytes end; where it ended on the wire. */
  readonly at: number;
  readonly end: number;
  readonly wireEnd: number;
  /** Where the addresses that go into checksums stand, and how long one is (RFC 9293 §3.1, RFC 8200 §8.1). */
  readonly sourceAt: number;
  readonly destinationAt: number;
  readonly addressBytes: 4 | 16;
  /** The first of several fragments: the others' part of a checksum is not here. */
  readonly isFragment: boolean;
}

/**
 * The sum for a checksum over a transport header, its pseudo-header and payload. Payload is zero, also where it was not captured, and adds
 * nothing: so the checksum is right whatever the snap length cut.
 */
export function upperSum(upper: Upper, protocol: number): number {
  const { copy, at, end, wireEnd, sourceAt, destinationAt, addressBytes } = upper;
  const { to } = copy;
  const addresses =
    sumOf(to, sourceAt, sourceAt + addressBytes) + sumOf(to, destinationAt, destinationAt + addressBytes);
  const bytes = wireEnd - at;
  return addresses + protocol + (bytes >>> 16) + (bytes & 0xffff) + sumOf(to, at, end);
}
