import type { Block } from './block.ts';
import { CaptureError } from './errors.ts';

// draft-ietf-opsawg-pcap §4: file header
const VERSION_MAJOR = 4;
const VERSION_MINOR = 6;
const LINK_FIELD = 20;
const FILE_HEADER_BYTES = 24;

/** The upper bits of the link field tell of a frame check sequence; packets end where their IP header says, so it needs no further care. */
const LINK_TYPE_MASK = 0xffff;

// draft-ietf-opsawg-pcap §5: record header
const SECONDS = 0;
const FRACTION = 4;
const FIRST_LENGTH = 8;
const SECOND_LENGTH = 12;
export const RECORD_HEADER_BYTES = 16;

/** tcpdump's MAXIMUM_SNAPLEN; Wireshark refuses the file above it. Zero or huge snap lengths in file headers are common, so those bound nothing. */
export const RECORD_MAX_BYTES: number = 256 * 1024;

/** How this file's records are laid out. */
export interface RecordLayout {
  readonly littleEndian: boolean;
  readonly nanoseconds: boolean;
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
}

/**
 * Reads the file header at `block.at` and moves past it.
 * Throws CaptureError `not-a-capture` where the file ends within it, `unsupported-format` for versions other than 2.x.
 */
export function readPcapHeader(block: Block, path: string, littleEndian: boolean, nanoseconds: boolean): PcapHeader {
  if (!block.require(FILE_HEADER_BYTES)) {
    const bytes = block.end - block.at;
    throw new CaptureError(path, bytes, { code: 'not-a-capture', found: 'cut-header', bytes });
  }
  const { view, at } = block;
  const major = view.getUint16(at + VERSION_MAJOR, littleEndian);
  const minor = view.getUint16(at + VERSION_MINOR, littleEndian);
  if (major !== 2) {
    const format = `a pcap file of version ${major}.${minor}`;
    throw new CaptureError(path, VERSION_MAJOR, { code: 'unsupported-format', format });
  }
  block.at += FILE_HEADER_BYTES;
  const linkType = view.getUint32(at + LINK_FIELD, littleEndian) & LINK_TYPE_MASK;
  return { layout: recordLayout(littleEndian, nanoseconds, minor), linkType };
}

function recordLayout(littleEndian: boolean, nanoseconds: boolean, minor: number): RecordLayout {
  const isSwapped = minor < 3;
  return {
    littleEndian,
    nanoseconds,
    secondsAt: SECONDS,
    fractionAt: FRACTION,
    capturedAt: isSwapped ? SECOND_LENGTH : FIRST_LENGTH,
    originalAt: isSwapped ? FIRST_LENGTH : SECOND_LENGTH,
    isOrderUnsure: minor === 3,
  };
}
