import { readIp } from '../network.ts';
import type { Segment } from '../segment.ts';
import { STOP, type StopCode } from '../stop.ts';

/** An address family number, in the byte order of the capturing host (NULL) or of the network (LOOP). */
const HEADER_BYTES = 4;

/** AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS. */
const IP_FAMILIES: readonly number[] = [2, 10, 24, 28, 30];

/** Reads a packet behind a BSD loopback header, of either byte order. */
export function readLoopback(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_BYTES) return STOP.linkHeaderCut;
  const isIp = IP_FAMILIES.includes(view.getUint32(at, true)) || IP_FAMILIES.includes(view.getUint32(at, false));
  return isIp ? readIp(view, at + HEADER_BYTES, end, wireEnd, into) : STOP.notIp;
}
