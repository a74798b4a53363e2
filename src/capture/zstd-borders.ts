import { beginsWith, isZstd, ZSTD_MAGIC } from './magic.ts';

// RFC 8878 §3.1.1: magic number, frame header, blocks, and where a bit says so a checksum; §3.1.2: frames that are skipped
const MAGIC_BYTES = 4;
const SKIPPED_HEADER_BYTES = 8;
const SKIPPED_SIZE = 4;
const DESCRIPTOR = 4;
const WINDOW = 5;
const SINGLE_SEGMENT_BIT = 0x20;
const CHECKSUM_BIT = 0x04;
const CHECKSUM_BYTES = 4;
/** §3.1.1.1.1: by the descriptor's lowest two bits, and by its highest two. */
const DICTIONARY_BYTES: readonly number[] = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES: readonly number[] = [0, 2, 4, 8];
const CONTENT_SIZE_SHIFT = 6;
const DICTIONARY_MASK = 3;

// §3.1.1.2: three bytes, little-endian: last, type, size
const BLOCK_HEADER_BYTES = 3;
const BLOCK_LAST_BIT = 1;
const BLOCK_TYPE_MASK = 3;
const BLOCK_SIZE_SHIFT = 3;
const RUN_TYPE = 1;

const HEADER_MAX_BYTES = 18;

/**
 * Follows a zstd stream from header to header, without unpacking it: how much memory it asks for, before the decoder takes it, and whether it ends
 * at the end of a frame. The decoder cannot tell, since what it is given to make it hand out what it holds may be taken for the end of a block
 * that was cut.
 */
export class ZstdBorders {
  readonly #header: DataView = new DataView(new ArrayBuffer(HEADER_MAX_BYTES));
  #headerBytes = 0;
  #toSkip = 0;
  #isInFrame = false;
  #hasChecksum = false;
  #isLost = false;
  #windowBytes: number | null = null;

  /** What unpacking the first frame that is not skipped asks for; 0 as long as it is not known, and where the frame's header does not say. */
  get windowBytes(): number {
    return this.#windowBytes ?? 0;
  }

  /** Whether all bytes so far are whole frames. */
  get isAtBorder(): boolean {
    return !this.#isLost && !this.#isInFrame && this.#headerBytes === 0 && this.#toSkip === 0;
  }

  /** Takes the next bytes of the file. */
  look(piece: Uint8Array): void {
    for (let at = 0; at < piece.length && !this.#isLost;) {
      const skipped = Math.min(this.#toSkip, piece.length - at);
      this.#toSkip -= skipped;
      at += skipped;
      if (at < piece.length) this.#add(piece[at++] ?? 0);
    }
  }

  #add(byte: number): void {
    this.#header.setUint8(this.#headerBytes++, byte);
    if (this.#isInFrame) this.#readBlock();
    else this.#readFrame();
  }

  #readFrame(): void {
    if (this.#headerBytes <= MAGIC_BYTES) return;
    if (!beginsWith(this.#header, 0, this.#headerBytes, ZSTD_MAGIC)) {
      this.#readSkipped();
      return;
    }
    const descriptor = this.#header.getUint8(DESCRIPTOR);
    if (this.#headerBytes > WINDOW) this.#windowBytes ??= windowOf(descriptor, this.#header.getUint8(WINDOW));
    if (this.#headerBytes < headerBytesOf(descriptor)) return;
    this.#headerBytes = 0;
    this.#isInFrame = true;
    this.#hasChecksum = (descriptor & CHECKSUM_BIT) !== 0;
  }

  #readSkipped(): void {
    if (!isZstd(this.#header, 0, this.#headerBytes)) this.#isLost = true;
    else if (this.#headerBytes === SKIPPED_HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#toSkip = this.#header.getUint32(SKIPPED_SIZE, true);
    }
  }

  #readBlock(): void {
    if (this.#headerBytes < BLOCK_HEADER_BYTES) return;
    this.#headerBytes = 0;
    const first = this.#header.getUint8(0);
    const header = first | (this.#header.getUint8(1) << 8) | (this.#header.getUint8(2) << 16);
    const type = (header >> 1) & BLOCK_TYPE_MASK;
    this.#toSkip = type === RUN_TYPE ? 1 : header >> BLOCK_SIZE_SHIFT;
    if ((header & BLOCK_LAST_BIT) === 0) return;
    this.#isInFrame = false;
    if (this.#hasChecksum) this.#toSkip += CHECKSUM_BYTES;
  }
}

function headerBytesOf(descriptor: number): number {
  const isSingle = (descriptor & SINGLE_SEGMENT_BIT) !== 0;
  const sizeBytes = CONTENT_SIZE_BYTES[descriptor >> CONTENT_SIZE_SHIFT] ?? 0;
  const dictionaryBytes = DICTIONARY_BYTES[descriptor & DICTIONARY_MASK] ?? 0;
  return DESCRIPTOR + 1 + dictionaryBytes + (isSingle ? Math.max(1, sizeBytes) : 1 + sizeBytes);
}

/** §3.1.1.1.2; a frame of a single segment has no such byte. */
function windowOf(descriptor: number, window: number): number {
  if ((descriptor & SINGLE_SEGMENT_BIT) !== 0) return 0;
  const base = 2 ** (10 + (window >> 3));
  return base + (base / 8) * (window & 7);
}
