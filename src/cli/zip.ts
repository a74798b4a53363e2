import { constants, deflateRawSync } from 'node:zlib';

/** Writes ZIP archives (PKWARE APPNOTE 6.3), the same bytes for the same files everywhere, as far as zlib's own version goes. */

export interface ZippedFile {
  /** ASCII. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LITTLE = true;

// §4.3.7: local file header
const LOCAL_SIGNATURE = 0x0403_4b50;
const LOCAL_BYTES = 30;
// §4.3.12: central directory header
const CENTRAL_SIGNATURE = 0x0201_4b50;
const CENTRAL_BYTES = 46;
const CENTRAL_MADE_BY = 4;
const CENTRAL_ATTRIBUTES = 38;
const CENTRAL_OFFSET = 42;
// §4.3.16: end of central directory record
const END_SIGNATURE = 0x0605_4b50;
const END_BYTES = 22;
const END_FILES_HERE = 8;
const END_FILES = 10;
const END_DIRECTORY_BYTES = 12;
const END_DIRECTORY_OFFSET = 16;

/* What both headers have, counted from where the version needed stands. */
const VERSION_NEEDED = 0;
const METHOD = 4;
const TIME = 6;
const DATE = 8;
const CRC = 10;
const PACKED_BYTES = 14;
const WHOLE_BYTES = 18;
const NAME_BYTES = 22;
const LOCAL_COMMON = 4;
const CENTRAL_COMMON = 6;

/** §4.4.3: 2.0, for deflate. */
const VERSION = 20;
/** §4.4.2: the upper byte 3 is UNIX, whose permissions stand in the upper half of the attributes. */
const MADE_BY_UNIX: number = (3 << 8) | VERSION;
const PLAIN_FILE_ATTRIBUTES: number = 0o100_644 * 2 ** 16;
const DEFLATED = 8;

interface Entry {
  readonly name: Uint8Array;
  readonly packed: Uint8Array;
  readonly wholeBytes: number;
  readonly crc: number;
}

/**
 * The archive of some files, each deflated, below 4 GB together.
 * @param epochSeconds  the time that each file gets, since 1970, in UTC; ZIP has no zones, and nothing before 1980
 */
export function zipped(files: readonly ZippedFile[], epochSeconds: number): Uint8Array {
  const stamp = stampOf(epochSeconds);
  const entries = files.map(entryOf);
  const locals = entries.flatMap((entry) => [localHeader(entry, stamp), entry.packed]);
  const headers: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    headers.push(centralHeader(entry, stamp, offset));
    offset += LOCAL_BYTES + entry.name.length + entry.packed.length;
  }
  const directoryBytes = headers.reduce((sum, { length }) => sum + length, 0);
  return new Uint8Array(Buffer.concat([...locals, ...headers, endRecord(entries.length, directoryBytes, offset)]));
}

function entryOf({ name, bytes }: ZippedFile): Entry {
  const packed = deflateRawSync(bytes, { level: constants.Z_BEST_COMPRESSION });
  return {
    name: new TextEncoder().encode(name),
    packed: new Uint8Array(packed),
    wholeBytes: bytes.length,
    crc: crc32(bytes),
  };
}

function localHeader(entry: Entry, stamp: Stamp): Uint8Array {
  const { bytes, view } = record(LOCAL_SIGNATURE, LOCAL_BYTES, entry.name);
  writeCommon(view, LOCAL_COMMON, entry, stamp);
  return bytes;
}

function centralHeader(entry: Entry, stamp: Stamp, offset: number): Uint8Array {
  const { bytes, view } = record(CENTRAL_SIGNATURE, CENTRAL_BYTES, entry.name);
  view.setUint16(CENTRAL_MADE_BY, MADE_BY_UNIX, LITTLE);
  writeCommon(view, CENTRAL_COMMON, entry, stamp);
  view.setUint32(CENTRAL_ATTRIBUTES, PLAIN_FILE_ATTRIBUTES, LITTLE);
  view.setUint32(CENTRAL_OFFSET, offset, LITTLE);
  return bytes;
}

function endRecord(files: number, directoryBytes: number, offset: number): Uint8Array {
  const { bytes, view } = record(END_SIGNATURE, END_BYTES, new Uint8Array(0));
  view.setUint16(END_FILES_HERE, files, LITTLE);
  view.setUint16(END_FILES, files, LITTLE);
  view.setUint32(END_DIRECTORY_BYTES, directoryBytes, LITTLE);
  view.setUint32(END_DIRECTORY_OFFSET, offset, LITTLE);
  return bytes;
}

function record(signature: number, headBytes: number, name: Uint8Array): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(headBytes + name.length);
  bytes.set(name, headBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, LITTLE);
  return { bytes, view };
}

function writeCommon(view: DataView, at: number, entry: Entry, { time, date }: Stamp): void {
  view.setUint16(at + VERSION_NEEDED, VERSION, LITTLE);
  view.setUint16(at + METHOD, DEFLATED, LITTLE);
  view.setUint16(at + TIME, time, LITTLE);
  view.setUint16(at + DATE, date, LITTLE);
  view.setUint32(at + CRC, entry.crc, LITTLE);
  view.setUint32(at + PACKED_BYTES, entry.packed.length, LITTLE);
  view.setUint32(at + WHOLE_BYTES, entry.wholeBytes, LITTLE);
  view.setUint16(at + NAME_BYTES, entry.name.length, LITTLE);
}

/** §4.4.6: MS-DOS date and time, in steps of two seconds. */
interface Stamp {
  readonly time: number;
  readonly date: number;
}

const FIRST_YEAR = 1980;
const LAST_YEAR = 2107;

function stampOf(epochSeconds: number): Stamp {
  const at = new Date(epochSeconds * 1000);
  const year = at.getUTCFullYear();
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) return { time: 0, date: (1 << 5) | 1 };
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: ((year - FIRST_YEAR) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}

/** §4.4.7: the polynomial of IEEE 802.3, bits turned around. zlib's own is in Node from 20.15 on only. */
const CRC_POLYNOMIAL = 0xedb8_8320;
const CRC_TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : CRC_POLYNOMIAL);
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return (crc ^ -1) >>> 0;
}
