import { createHash } from 'node:crypto';
import type { Endpoint } from './model.ts';

const TCP = 6;
const SEED: Uint8Array = new Uint8Array(2);
const GROUPS = 8;

/** An end of a connection in network order, as the two are compared: address, then port. */
interface Key {
  readonly ip: readonly number[];
  readonly port: readonly number[];
}

/**
 * Community ID version 1 of a TCP connection, seed 0: `1:` and the base64 of a SHA-1 over the 4-tuple in a canonical order, by which Zeek,
 * Suricata and Arkime name the same connection (github.com/corelight/community-id-spec).
 */
export function communityId(a: Endpoint, b: Endpoint): string {
  const [x, y] = [keyOf(a), keyOf(b)];
  const [first, second] = isBefore(x, y) ? [x, y] : [y, x];
  const tuple = [...first.ip, ...second.ip, TCP, 0, ...first.port, ...second.port];
  return `1:${createHash('sha1').update(SEED).update(Uint8Array.from(tuple)).digest('base64')}`;
}

function keyOf({ ip, port }: Endpoint): Key {
  return { ip: ip.includes(':') ? ipv6Bytes(ip) : ip.split('.').map(Number), port: bytesOf(port) };
}

function isBefore(a: Key, b: Key): boolean {
  const [left, right] = [
    [...a.ip, ...a.port],
    [...b.ip, ...b.port],
  ];
  const i = left.findIndex((byte, at) => byte !== right[at]);
  return i < 0 || (left[i] ?? 0) < (right[i] ?? 0);
}

function bytesOf(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

/** `::` stands for as many zeros as are missing, dotted bytes at the end for two groups (RFC 4291 §2.2). */
function ipv6Bytes(ip: string): number[] {
  const [before = [], after = []] = ip.split('::', 2).map((half) => half.split(':').flatMap(groupBytes));
  const zeros = Math.max(0, 2 * GROUPS - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => 0), ...after].slice(0, 2 * GROUPS);
}

function groupBytes(group: string): number[] {
  if (group === '') return [];
  return group.includes('.') ? group.split('.').map(Number) : bytesOf(Number.parseInt(group, 16));
}
