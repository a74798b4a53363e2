/** What a file is, by its first bytes; never by its name. */
export type FileKind =
  | { readonly kind: 'pcap'; readonly littleEndian: boolean; readonly nanoseconds: boolean }
  /** Known, and not read (yet). */
  | { readonly kind: 'foreign'; readonly name: string }
  | { readonly kind: 'text' }
  | { readonly kind: 'unknown' };

/** How many bytes `identify` looks at, where the file has them. */
export const MAGIC_BYTES: number = 512;

const MAGIC_NUMBER_BYTES = 4;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;

/** Relatives of pcap, by the magic number as it reads in the writer's byte order. */
const PCAP_RELATIVES: ReadonlyMap<number, string> = new Map([
  [0xa1b2cd34, "a pcap file in Kuznetzov's modified format"],
  [0xa1e2cb12, "a pcap file in Navtel's format"],
  [0x1c0001ac, 'an IXIA pcap file (hardware timestamps)'],
  [0x1c0001ab, 'an IXIA pcap file (software timestamps)'],
]);

/** Every other format, by its first bytes (latin1). Order matters only where one is the beginning of another. */
const FOREIGN: readonly (readonly [first: string, name: string])[] = [
  ['\x0a\x0d\x0d\x0a', 'a pcapng file'],
  ['\x1f\x8b', 'gzip-compressed'],
  ['\x28\xb5\x2f\xfd', 'zstd-compressed'],
  ['BZh', 'bzip2-compressed'],
  ['\xfd7zXZ\0', 'xz-compressed'],
  ['\x04\x22\x4d\x18', 'lz4-compressed'],
  ['\x1f\x9d', 'compressed with compress (.Z)'],
  ['PK\x03\x04', 'a zip archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'],
  ['snoop\0\0\0', 'a snoop file'],
  ['btsnoop\0', 'a btsnoop file'],
  ['RTSS', 'a Microsoft Network Monitor 1 file'],
  ['GMBU', 'a Microsoft Network Monitor 2 file'],
  ['TRSNIFF data', 'a Sniffer file'],
  ['XCP\0', 'a NetXRay or Sniffer for Windows file'],
  ['ObserverPktBuffe', 'a Network Instruments Observer file'],
  ['iptrace ', 'an AIX iptrace file'],
  ['\x7fver', 'an AiroPeek or OmniPeek file'],
  ['5View', 'an Accellent 5Views file'],
];

/**
 * Tells what `view` holds in [at, end), the file's beginning, which may not be empty.
 * A file cut within a pcap magic number counts as the pcap file that it was.
 */
export function identify(view: DataView, at: number, end: number): FileKind {
  const pcap = pcapKind(view, at, end, true) ?? pcapKind(view, at, end, false);
  if (pcap !== undefined) return pcap;
  const foreign = FOREIGN.find(([first]) => beginsWith(view, at, end, first));
  if (foreign !== undefined) return { kind: 'foreign', name: foreign[1] };
  if (looksLikeText(view, at, end)) return { kind: 'text' };
  if (looksLikeErf(view, at, end)) return { kind: 'foreign', name: 'an Endace ERF file' };
  return { kind: 'unknown' };
}

function pcapKind(view: DataView, at: number, end: number, littleEndian: boolean): FileKind | undefined {
  if (beginsWithMagic(view, at, end, MAGIC_MICROSECONDS, littleEndian))
    return { kind: 'pcap', littleEndian, nanoseconds: false };
  if (beginsWithMagic(view, at, end, MAGIC_NANOSECONDS, littleEndian))
    return { kind: 'pcap', littleEndian, nanoseconds: true };
  const name = end - at < MAGIC_NUMBER_BYTES ? undefined : PCAP_RELATIVES.get(view.getUint32(at, littleEndian));
  return name === undefined ? undefined : { kind: 'foreign', name };
}

function beginsWithMagic(view: DataView, at: number, end: number, magic: number, littleEndian: boolean): boolean {
  const there = Math.min(end - at, MAGIC_NUMBER_BYTES);
  for (let i = 0; i < there; i++) {
    const shift = littleEndian ? 8 * i : 24 - 8 * i;
    if (view.getUint8(at + i) !== ((magic >>> shift) & 0xff)) return false;
  }
  return true;
}

function beginsWith(view: DataView, at: number, end: number, first: string): boolean {
  if (end - at < first.length) return false;
  for (let i = 0; i < first.length; i++) if (view.getUint8(at + i) !== first.charCodeAt(i)) return false;
  return true;
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
