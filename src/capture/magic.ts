import { BYTE_ORDER_MAGIC, SECTION_BYTE_ORDER } from './pcapng-layout.ts';

/** A classic pcap file and how its magic number says it is written. */
export interface PcapKind {
  readonly kind: 'pcap';
  readonly littleEndian: boolean;
  readonly nanoseconds: boolean;
  /** With Kuznetzov's longer record headers. */
  readonly modified: boolean;
}

/** What a file is, by its first bytes; never by its name. */
export type FileKind =
  | PcapKind
  | { readonly kind: 'pcapng' }
  /** Known, and not read. `cure` is what makes it readable. */
  | { readonly kind: 'foreign'; readonly name: string; readonly cure: Cure }
  | { readonly kind: 'text' }
  | { readonly kind: 'unknown' };

/** What makes a foreign file readable: Wireshark's converter, or the program that unpacks it. */
export type Cure =
  'editcap' | 'etl2pcapng' | 'bzip2 -dc' | 'xz -dc' | 'lz4 -dc' | 'gzip -dc' | 'zstd -dc' | 'unzip -p' | '7z e -so';

/** How many bytes `identify` looks at, where the file has them. */
export const MAGIC_BYTES: number = 512;

const MAGIC_NUMBER_BYTES = 4;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
/** Alexey Kuznetzov's patched libpcap, of Red Hat 6.1 and its time. */
const MAGIC_MODIFIED = 0xa1b2cd34;

const PCAP_MAGICS: readonly (readonly [magic: number, nanoseconds: boolean, modified: boolean])[] = [
  [MAGIC_MICROSECONDS, false, false],
  [MAGIC_NANOSECONDS, true, false],
  [MAGIC_MODIFIED, false, true],
];

/** Relatives of pcap, by the magic number as it reads in the writer's byte order. */
const PCAP_RELATIVES: ReadonlyMap<number, string> = new Map([
  [0xa1e2cb12, "a pcap file in Navtel's format"],
  [0x1c0001ac, 'an IXIA pcap file (hardware timestamps)'],
  [0x1c0001ab, 'an IXIA pcap file (software timestamps)'],
]);

export const GZIP_MAGIC = '\x1f\x8b';
export const ZSTD_MAGIC = '\x28\xb5\x2f\xfd';
/** RFC 8878 §3.1.2: 0x184D2A50 to 0x184D2A5F; pzstd begins its files with one. */
const SKIPPABLE_MAGIC_END = '\x2a\x4d\x18';
const SKIPPABLE_MAGIC_FIRST = 0x50;

const SECTION_MAGIC = '\x0a\x0d\x0d\x0a';

/** Every other format, by its first bytes (latin1). Order matters only where one is the beginning of another. */
const FOREIGN: readonly (readonly [first: string, name: string, cure: Cure])[] = [
  // Reached only where one stands in the other: one layer is unpacked.
  [GZIP_MAGIC, 'gzip-compressed', 'gzip -dc'],
  [ZSTD_MAGIC, 'zstd-compressed', 'zstd -dc'],
  ['BZh', 'bzip2-compressed', 'bzip2 -dc'],
  ['\xfd7zXZ\0', 'xz-compressed', 'xz -dc'],
  ['\x04\x22\x4d\x18', 'lz4-compressed', 'lz4 -dc'],
  ['\x1f\x9d', 'compressed with compress (.Z)', 'gzip -dc'],
  ['PK\x03\x04', 'a zip archive', 'unzip -p'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive', '7z e -so'],
  ['snoop\0\0\0', 'a snoop file', 'editcap'],
  ['btsnoop\0', 'a btsnoop file', 'editcap'],
  ['RTSS', 'a Microsoft Network Monitor 1 file', 'editcap'],
  ['GMBU', 'a Microsoft Network Monitor 2 file', 'editcap'],
  ['TRSNIFF data', 'a Sniffer file', 'editcap'],
  ['XCP\0', 'a NetXRay or Sniffer for Windows file', 'editcap'],
  ['ObserverPktBuffe', 'a Network Instruments Observer file', 'editcap'],
  ['iptrace ', 'an AIX iptrace file', 'editcap'],
  ['\x7fver', 'an AiroPeek or OmniPeek file', 'editcap'],
  ['5View', 'an Accellent 5Views file', 'editcap'],
];

/**
 * Tells what `view` holds in [at, end), the file's beginning, which may not be empty.
 * A file cut within a pcap magic number counts as the pcap file that it was.
 */
export function identify(view: DataView, at: number, end: number): FileKind {
  const pcap = pcapKind(view, at, end, true) ?? pcapKind(view, at, end, false);
  if (pcap !== undefined) return pcap;
  if (looksLikePcapng(view, at, end)) return { kind: 'pcapng' };
  const foreign = FOREIGN.find(([first]) => beginsWith(view, at, end, first));
  if (foreign !== undefined) return { kind: 'foreign', name: foreign[1], cure: foreign[2] };
  if (looksLikeText(view, at, end)) return { kind: 'text' };
  if (looksLikeErf(view, at, end)) return { kind: 'foreign', name: 'an Endace ERF file', cure: 'editcap' };
  if (looksLikeEtl(view, at, end)) return { kind: 'foreign', name: 'a Windows event trace (ETL)', cure: 'etl2pcapng' };
  return { kind: 'unknown' };
}

function pcapKind(view: DataView, at: number, end: number, littleEndian: boolean): FileKind | undefined {
  for (const [magic, nanoseconds, modified] of PCAP_MAGICS) {
    if (beginsWithMagic(view, at, end, magic, littleEndian))
      return { kind: 'pcap', littleEndian, nanoseconds, modified };
  }
  const name = end - at < MAGIC_NUMBER_BYTES ? undefined : PCAP_RELATIVES.get(view.getUint32(at, littleEndian));
  return name === undefined ? undefined : { kind: 'foreign', name, cure: 'editcap' };
}

/** Its first four bytes are line ends, which text could have too: the byte order decides, where the file is long enough to have it. */
function looksLikePcapng(view: DataView, at: number, end: number): boolean {
  if (!beginsWith(view, at, end, SECTION_MAGIC)) return false;
  if (end - at < SECTION_BYTE_ORDER + MAGIC_NUMBER_BYTES) return true;
  return (
    view.getUint32(at + SECTION_BYTE_ORDER, true) === BYTE_ORDER_MAGIC ||
    view.getUint32(at + SECTION_BYTE_ORDER, false) === BYTE_ORDER_MAGIC
  );
}

function beginsWithMagic(view: DataView, at: number, end: number, magic: number, littleEndian: boolean): boolean {
  const there = Math.min(end - at, MAGIC_NUMBER_BYTES);
  for (let i = 0; i < there; i++) {
    const shift = littleEndian ? 8 * i : 24 - 8 * i;
    if (view.getUint8(at + i) !== ((magic >>> shift) & 0xff)) return false;
  }
  return true;
}

export function beginsWith(view: DataView, at: number, end: number, first: string): boolean {
  if (end - at < first.length) return false;
  for (let i = 0; i < first.length; i++) if (view.getUint8(at + i) !== first.charCodeAt(i)) return false;
  return true;
}

/** A frame of zstd, or one that its readers skip. */
export function isZstd(view: DataView, at: number, end: number): boolean {
  if (beginsWith(view, at, end, ZSTD_MAGIC)) return true;
  return beginsWith(view, at + 1, end, SKIPPABLE_MAGIC_END) && (view.getUint8(at) & 0xf0) === SKIPPABLE_MAGIC_FIRST;
}

/** No control character but tab, line feed, form feed and carriage return; bytes above 0x7f may be UTF-8. */
function looksLikeText(view: DataView, at: number, end: number): boolean {
  for (let i = at; i < Math.min(end, at + MAGIC_BYTES); i++) {
    const byte = view.getUint8(i);
    const isBreak = byte === 0x09 || byte === 0x0a || byte === 0x0c || byte === 0x0d;
    if ((byte < 0x20 && !isBreak) || byte === 0x7f) return false;
  }
  return true;
}

const ERF_SECONDS = 4;
const ERF_TYPE = 8;
const ERF_RECORD_LENGTH = 10;
const ERF_HEADER_BYTES = 16;
const ERF_TYPE_MASK = 0x7f;
const ERF_TYPE_MAX = 48;
const DAY_SECONDS = 24 * 60 * 60;

/** ERF has no magic number: two records in a row with a known type and times within a day. */
function looksLikeErf(view: DataView, at: number, end: number): boolean {
  if (end - at < ERF_HEADER_BYTES || !isErfType(view, at)) return false;
  const next = at + view.getUint16(at + ERF_RECORD_LENGTH);
  if (next < at + ERF_HEADER_BYTES || next + ERF_HEADER_BYTES > end || !isErfType(view, next)) return false;
  const apart = view.getUint32(next + ERF_SECONDS, true) - view.getUint32(at + ERF_SECONDS, true);
  return Math.abs(apart) < DAY_SECONDS;
}

function isErfType(view: DataView, at: number): boolean {
  const type = view.getUint8(at + ERF_TYPE) & ERF_TYPE_MASK;
  return type >= 1 && type <= ERF_TYPE_MAX;
}

// A buffer of Windows' event tracing begins with its size and how much of it is used; behind that header stands the first event's marker.
const ETL_BUFFER_USED = 4;
const ETL_MARKER = 75;
const ETL_MARKER_SYSTEM = 0xc0;
const ETL_BUFFER_MIN_BYTES = 1024;
const ETL_BUFFER_MAX_BYTES = 16 * 1024 * 1024;

function looksLikeEtl(view: DataView, at: number, end: number): boolean {
  if (end - at <= ETL_MARKER || view.getUint8(at + ETL_MARKER) !== ETL_MARKER_SYSTEM) return false;
  const bufferBytes = view.getUint32(at, true);
  if (bufferBytes < ETL_BUFFER_MIN_BYTES || bufferBytes > ETL_BUFFER_MAX_BYTES) return false;
  return bufferBytes % ETL_BUFFER_MIN_BYTES === 0 && view.getUint32(at + ETL_BUFFER_USED, true) <= bufferBytes;
}
