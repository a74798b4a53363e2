import type { Block } from './block.ts';
import { CaptureError } from './errors.ts';
import type { PcapKind } from './magic.ts';

// draft-ietf-opsawg-pcap §4: file header
const VERSION_MAJOR = 4;
const VERSION_MINOR = 6;
const SNAP_LENGTH = 16;
const LINK_FIELD = 20;
const FILE_HEADER_BYTES = 24;

/** The upper bits of the link field tell of a frame check sequence; packets end where their IP header says, so it needs no further care. */
const LINK_TYPE_MASK = 0xffff;

// draft-ietf-opsawg-pcap §5: record header
const SECONDS = 0;
const FRACTION = 4;
const FIRST_LENGTH = 8;
const SECOND_LENGTH = 12;
const RECORD_HEADER_BYTES = 16;
/** Kuznetzov's patch to libpcap adds interface index (4), protocol (2) and packet type (1), padded to 8 bytes. */
const MODIFIED_HEADER_BYTES = RECORD_HEADER_BYTES + 8;

/** DG/UX wrote this minor version, with the lengths in the old order. */
const MINOR_DG_UX = 543;

/** tcpdump's MAXIMUM_SNAPLEN; Wireshark refuses the file above it. Zero or huge snap lengths in file headers are common, so those bound nothing. */
export const RECORD_MAX_BYTES: number = 256 * 1024;

/** How this file's records are laid out. */
export interface RecordLayout {
  readonly littleEndian: boolean;
  readonly nanoseconds: boolean;
  readonly headerBytes: number;
  /** With Kuznetzov's magic number. */
  readonly isModified: boolean;
  readonly secondsAt: number;
  readonly fractionAt: number;
  /** Offset of the captured length in the record header; the two lengths were swapped before version 2.3. */
  readonly capturedAt: number;
  readonly originalAt: number;
  /** Version 2.3 was written in both orders: there the smaller length is the captured one. */
  readonly isOrderUnsure: boolean;
}

export interface PcapHeader {
  readonly layout: RecordLayout;
  /** LINKTYPE_ number. */
  readonly linkType: number;
  readonly snapLength: number;
}

/** AIX counts interface kinds (RFC 1573 ifType) where others write link types, and nanoseconds behind the magic of microseconds; version 2.2 tells. */
const AIX_MINOR = 2;
const AIX_LINK_TYPES: ReadonlyMap<number, number> = new Map([
  [6, 1], // ethernetCsmacd: ETHERNET
  [9, 6], // iso88025TokenRing: IEEE802_5
  [15, 10], // fddi: FDDI
  [24, 0], // softwareLoopback: NULL
]);

/**
 * Reads the file header at `block.at` and moves past it.
 * Throws CaptureError `not-a-capture` where the file ends within it, `unsupported-format` for versions other than 2.x.
 */
export function readPcapHeader(block: Block, path: string, kind: PcapKind): PcapHeader {
  if (!block.require(FILE_HEADER_BYTES)) {
    const bytes = block.end - block.at;
    throw new CaptureError(path, bytes, { code: 'not-a-capture', found: 'cut-header', format: 'pcap', bytes });
  }
  const { view, at } = block;
  const { littleEndian } = kind;
  const major = view.getUint16(at + VERSION_MAJOR, littleEndian);
  const minor = view.getUint16(at + VERSION_MINOR, littleEndian);
  if (major !== 2) {
    const format = `a pcap file of version ${major}.${minor}`;
    throw new CaptureError(path, VERSION_MAJOR, { code: 'unsupported-format', format, cure: null });
  }
  block.at += FILE_HEADER_BYTES;
  const linkType = view.getUint32(at + LINK_FIELD, littleEndian) & LINK_TYPE_MASK;
  const aix = minor === AIX_MINOR ? AIX_LINK_TYPES.get(linkType) : undefined;
  const snapLength = view.getUint32(at + SNAP_LENGTH, littleEndian);
  return { layout: recordLayout(kind, minor, aix !== undefined), linkType: aix ?? linkType, snapLength };
}

function recordLayout({ littleEndian, nanoseconds, modified }: PcapKind, minor: number, isAix: boolean): RecordLayout {
  const isSwapped = minor < 3 || minor === MINOR_DG_UX;
  return {
    littleEndian,
    nanoseconds: nanoseconds || isAix,
    isModified: modified,
    headerBytes: modified ? MODIFIED_HEADER_BYTES : RECORD_HEADER_BYTES,
    secondsAt: SECONDS,
    fractionAt: FRACTION,
    capturedAt: isSwapped ? SECOND_LENGTH : FIRST_LENGTH,
    originalAt: isSwapped ? FIRST_LENGTH : SECOND_LENGTH,
    // Nobody has written down which order AIX took.
    isOrderUnsure: minor === 3 || isAix,
  };
}
