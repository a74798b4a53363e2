import { readIpv4 } from '../ipv4.ts';
import { readIpv6 } from '../ipv6.ts';
import { readIp } from '../network.ts';
import { readPpp } from '../ppp.ts';
import type { Segment } from '../segment.ts';
import { readPppoe } from '../shim.ts';
import { STOP, type StopCode } from '../stop.ts';
import { readLinuxSll, readLinuxSll2 } from './cooked.ts';
import { readEthernet, readSwitchPrepended, readSwitchTagged } from './ethernet.ts';
import { readLoopback } from './loopback.ts';
import { readCiscoHdlc, readFrameRelay, readPppd, readPppHdlc, readPppWithDirection } from './serial.ts';
import { readRadiotap, readWireless } from './wireless.ts';
import { readIpoib, readNflog, readPktap } from './wrapped.ts';

/** Reads the frame in [at, end) of `view`, which ended at `wireEnd` on the wire. */
export type LinkReader = (view: DataView, at: number, end: number, wireEnd: number, into: Segment) => StopCode;

/** Link types that are read, by LINKTYPE_ number. 12 and 14 are what BSD kernels wrote for RAW. */
const ROWS: readonly (readonly [linkType: number, reader: LinkReader])[] = [
  [0, readLoopback],
  [1, readEthernet],
  [9, readPpp],
  [12, readIp],
  [14, readIp],
  [50, readPppHdlc],
  [51, readPppoe],
  [101, readIp],
  [104, readCiscoHdlc],
  [105, readWireless],
  [107, readFrameRelay],
  [108, readLoopback],
  [113, readLinuxSll],
  [127, readRadiotap],
  [166, readPppd],
  [204, readPppWithDirection],
  [228, readIpv4],
  [229, readIpv6],
  [239, readNflog],
  [242, readIpoib],
  [258, readPktap],
  [276, readLinuxSll2],
  [281, readSwitchTagged],
  [282, readSwitchPrepended],
  [284, readSwitchTagged],
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
