import { joined } from './pcapng.ts';

const MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
const BLOCK_BYTES = 100_000;

/**
 * A zstd frame of stored blocks (RFC 8878 §3.1.1), which is all that a test needs.
 * @param windowByte  the frame header's window descriptor; 0x58 is 2 MiB
 */
export function buildZstd(content: Uint8Array, windowByte = 0x58): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < content.length || blocks.length === 0; at += BLOCK_BYTES) {
    const piece = content.subarray(at, at + BLOCK_BYTES);
    const isLast = at + BLOCK_BYTES >= content.length;
    const head = (piece.length << 3) | (isLast ? 1 : 0);
    blocks.push(Uint8Array.of(head & 255, (head >> 8) & 255, head >> 16), piece);
  }
  return joined([MAGIC, Uint8Array.of(0, windowByte), ...blocks]);
}
