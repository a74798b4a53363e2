import { addressText } from '../../trace/index.ts';

/** Addresses as text and as numbers. IPv4 is a number of 32 bits without sign, IPv6 two bigints of 64 bits: network and interface. */

export interface Ipv6 {
  readonly network: bigint;
  readonly host: bigint;
}

const GROUPS = 8;
const GROUP_BITS = 16n;
const HALF_BITS = 64n;
const HALF_MASK = (1n << HALF_BITS) - 1n;
const GROUP = /^[0-9a-f]{1,4}$/i;

/** @returns null where the text is no IPv4 address */
export function parseIpv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes.reduce((value, byte) => value * 256 + byte, 0) : null;
}

/** RFC 4291 §2.2, all three forms. @returns null where the text is no IPv6 address */
export function parseIpv6(text: string): Ipv6 | null {
  const groups = groupsOf(text);
  if (groups === null) return null;
  const value = groups.reduce((sum, group) => (sum << GROUP_BITS) | BigInt(group), 0n);
  return { network: value >> HALF_BITS, host: value & HALF_MASK };
}

function groupsOf(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(listOf);
  if (head === undefined || head === null || tail === null) return null;
  if (tail === undefined) return head.length === GROUPS ? head : null;
  const missing = GROUPS - head.length - tail.length;
  return missing < 1 ? null : [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

/** Groups between colons; the last may be an IPv4 address, which is two. */
function listOf(text: string): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const ipv4 = parseIpv4(parts.at(-1) ?? '');
  const groups = ipv4 === null ? parts : parts.slice(0, -1);
  if (!groups.every((group) => GROUP.test(group))) return null;
  const numbers = groups.map((group) => Number.parseInt(group, 16));
  return ipv4 === null ? numbers : [...numbers, ipv4 >>> 16, ipv4 & 0xffff];
}

export function ipv4Text(address: number): string {
  return addressText(4, [0, 0, 0, address]);
}

/** RFC 5952. */
export function ipv6Text({ network, host }: Ipv6): string {
  const words = [network >> 32n, network & 0xffffffffn, host >> 32n, host & 0xffffffffn];
  return addressText(6, words.map(Number));
}

/** `198.18.7.0/24` of an address in it. */
export function cidrText(address: number): string {
  return `${ipv4Text((address & 0xffffff00) >>> 0)}/24`;
}
