/** Writes classic pcap files for tests: any byte order, resolution and link type, and lies where a test asks for them. */

/** Seconds since 1970 of `timeNs` 0 in built captures: 2026-01-01T00:00:00Z. */
export const BUILT_EPOCH_SECONDS: bigint = 1_767_225_600n;

/** LINKTYPE_ numbers that builders and tests name. */
export const LINKTYPE = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;
export type LinkTypeName = keyof typeof LINKTYPE;

export interface PcapRecord {
  /** Nanoseconds since BUILT_EPOCH_SECONDS; may be negative. Rounded down where the file's resolution is coarser. */
  readonly timeNs: number;
  readonly bytes: Uint8Array;
  /** Length on the wire; the length of `bytes` where absent. */
  readonly originalBytes?: number;
  /** What the record's header says instead of the length of `bytes`: a lie. */
  readonly claimedBytes?: number;
  /** What the header says as the fraction of the second, in the file's unit: a lie. */
  readonly claimedFraction?: number;
  /** What the header says as the second. */
  readonly claimedSeconds?: number;
}

export interface PcapOptions {
  readonly byteOrder?: 'little' | 'big';
  readonly resolution?: 'us' | 'ns';
  /** A name, or the whole 32-bit link field with its FCS bits. */
  readonly linkType?: LinkTypeName | number;
  readonly snapLength?: number;
  readonly version?: readonly [major: number, minor: number];
  readonly magic?: number;
  /** Kuznetzov's record headers, 8 bytes longer, and their magic number. */
  readonly modified?: boolean;
  /** Bytes of record headers beyond what the magic number says, as other patched libpcaps wrote. */
  readonly moreHeaderBytes?: number;
}

const MAGIC = { us: 0xa1b2c3d4, ns: 0xa1b23c4d } as const;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MODIFIED_HEADER_BYTES = 24;
const MAGIC_MODIFIED = 0xa1b2cd34;

/** @returns the bytes of a capture file that holds `records` in this order */
export function buildPcap(records: readonly PcapRecord[], options: PcapOptions = {}): Uint8Array {
  const usualBytes = options.modified === true ? MODIFIED_HEADER_BYTES : RECORD_HEADER_BYTES;
  const headerBytes = usualBytes + (options.moreHeaderBytes ?? 0);
  const total = records.reduce((sum, record) => sum + headerBytes + record.bytes.length, FILE_HEADER_BYTES);
  const file = new Uint8Array(total);
  const view = new DataView(file.buffer);
  writeFileHeader(view, options);
  let at = FILE_HEADER_BYTES;
  for (const record of records) {
    writeRecordHeader(view, at, record, options);
    file.set(record.bytes, at + headerBytes);
    at += headerBytes + record.bytes.length;
  }
  return file;
}

function writeFileHeader(view: DataView, options: PcapOptions): void {
  const { byteOrder = 'little', resolution = 'us', linkType = 'ETHERNET', snapLength = 262_144 } = options;
  const [major, minor] = options.version ?? [2, 4];
  const little = byteOrder === 'little';
  view.setUint32(0, options.magic ?? (options.modified === true ? MAGIC_MODIFIED : MAGIC[resolution]), little);
  view.setUint16(4, major, little);
  view.setUint16(6, minor, little);
  view.setUint32(16, snapLength, little);
  view.setUint32(20, typeof linkType === 'number' ? linkType : LINKTYPE[linkType], little);
}

function writeRecordHeader(view: DataView, at: number, record: PcapRecord, options: PcapOptions): void {
  const little = (options.byteOrder ?? 'little') === 'little';
  const timeNs = BUILT_EPOCH_SECONDS * 1_000_000_000n + BigInt(record.timeNs);
  const fractionNs = Number(timeNs % 1_000_000_000n);
  const fraction = options.resolution === 'ns' ? fractionNs : Math.floor(fractionNs / 1000);
  view.setUint32(at, record.claimedSeconds ?? Number(timeNs / 1_000_000_000n), little);
  view.setUint32(at + 4, record.claimedFraction ?? fraction, little);
  view.setUint32(at + 8, record.claimedBytes ?? record.bytes.length, little);
  view.setUint32(at + 12, record.originalBytes ?? record.bytes.length, little);
}

/** The byte at which record `index` (0-based) begins in what `buildPcap` made of `records`. */
export function recordOffset(records: readonly PcapRecord[], index: number): number {
  return records
    .slice(0, index)
    .reduce((at, record) => at + RECORD_HEADER_BYTES + record.bytes.length, FILE_HEADER_BYTES);
}
