import { readIpv4 } from '../ipv4.ts';
import { readIpv6 } from '../ipv6.ts';
import { readIp } from '../network.ts';
import type { Segment } from '../segment.ts';
import { STOP, type StopCode } from '../stop.ts';
import { readLinuxSll, readLinuxSll2 } from './cooked.ts';
import { readEthernet } from './ethernet.ts';
import { readLoopback } from './loopback.ts';

/** Reads the frame in [at, end) of `view`, which ended at `wireEnd` on the wire. */
export type LinkReader = (view: DataView, at: number, end: number, wireEnd: number, into: Segment) => StopCode;

/** Link types that are read, by LINKTYPE_ number. 12 and 14 are what BSD kernels wrote for RAW. */
const ROWS: readonly (readonly [linkType: number, reader: LinkReader])[] = [
  [0, readLoopback],
  [1, readEthernet],
  [12, readIp],
  [14, readIp],
  [101, readIp],
  [108, readLoopback],
  [113, readLinuxSll],
  [228, readIpv4],
  [229, readIpv6],
  [276, readLinuxSll2],
];

const READERS: readonly LinkReader[] = denseTable();

/** The reader of a link type; one that gives STOP.linkTypeUnknown where there is none. */
export function linkReader(linkType: number): LinkReader {
  return READERS[linkType] ?? readUnknown;
}

/** Whether packets of this link type can be decoded. */
export function isLinkTypeKnown(linkType: number): boolean {
  return linkReader(linkType) !== readUnknown;
}

function denseTable(): LinkReader[] {
  const length = Math.max(...ROWS.map(([linkType]) => linkType)) + 1;
  const readers = Array.from({ length }, (): LinkReader => readUnknown);
  for (const [linkType, reader] of ROWS) readers[linkType] = reader;
  return readers;
}

function readUnknown(): StopCode {
  return STOP.linkTypeUnknown;
}
