import type { Block } from './block.ts';
import { CaptureError } from './errors.ts';
import { identify, MAGIC_BYTES } from './magic.ts';
import { PcapReader } from './pcap.ts';
import { readPcapHeader } from './pcap-header.ts';
import { PcapngReader } from './pcapng.ts';
import { SECTION_MAJOR, SECTION_MIN_BYTES, SECTION_MINOR } from './pcapng-layout.ts';
import { sectionByteOrder } from './pcapng-resync.ts';
import type { Source } from './source.ts';
import type { ReaderParts, RecordReader } from './reader.ts';

/**
 * Tells the format by the file's first bytes and makes its reader. Another format gets its reader here.
 * Throws CaptureError where it is none that is read.
 */
export function openReader(parts: ReaderParts): RecordReader {
  const { block } = parts;
  const { path } = block.source;
  block.require(MAGIC_BYTES);
  if (block.end === block.at) throw block.failure ?? emptyFile(block.source);
  const kind = identify(block.view, block.at, block.end);
  switch (kind.kind) {
    case 'pcap':
      return new PcapReader(parts, readPcapHeader(block, path, kind));
    case 'pcapng':
      checkSection(block, path);
      return new PcapngReader(parts);
    case 'foreign':
      throw new CaptureError(path, 0, { code: 'unsupported-format', format: kind.name, cure: kind.cure });
    case 'text':
      throw new CaptureError(path, 0, { code: 'not-a-capture', found: 'text' });
    case 'unknown':
      throw new CaptureError(path, 0, { code: 'not-a-capture', found: 'unknown-bytes' });
  }
}

function emptyFile({ path, damage }: Source): CaptureError {
  if (damage === undefined) return new CaptureError(path, 0, { code: 'not-a-capture', found: 'nothing' });
  const { compression } = damage;
  return new CaptureError(path, 0, { code: 'not-a-capture', found: 'damaged-compression', compression });
}

/** The first section decides whether the file can be read at all. Takes nothing from the block. */
function checkSection(block: Block, path: string): void {
  if (!block.require(SECTION_MIN_BYTES)) {
    const bytes = block.end - block.at;
    throw new CaptureError(path, bytes, { code: 'not-a-capture', found: 'cut-header', format: 'pcapng', bytes });
  }
  const { view, at } = block;
  const littleEndian = sectionByteOrder(view, at) === 'little';
  const major = view.getUint16(at + SECTION_MAJOR, littleEndian);
  if (major === 1) return;
  const format = `a pcapng file of version ${major}.${view.getUint16(at + SECTION_MINOR, littleEndian)}`;
  throw new CaptureError(path, SECTION_MAJOR, { code: 'unsupported-format', format, cure: null });
}
