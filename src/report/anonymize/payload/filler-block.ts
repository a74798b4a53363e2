import type { ByteCopy } from '../packet/copy.ts';

/**
 * Field blocks (RFC 7541) without their fields: another block of as many bytes, which any decoder takes and which changes no table, so that
 * what follows can be decoded too.
 */

/** §6.1: fields of the static table. Appendix A: from `:authority` without a value to `:status: 500`; they name nobody. */
const INDEXED = 0x80;
const PSEUDO_FIRST = 1;
const PSEUDO_LAST = 14;
/** `accept` without a value: a field of one byte. */
const ONE_BYTE = INDEXED | 19;
/** §6.2.2: literal, not indexed, with a name of its own. */
const LITERAL = 0x00;
const NAME = 0x78;
/** §5.1: a number behind a prefix of 7 bits, then 7 bits a byte. */
const PREFIX_MAX = 0x7f;
const MORE = 0x80;

/**
 * Writes such a block. The pseudo-header fields at its very beginning that the static table has as a whole stay: method, path `/`, scheme, status.
 * @param end          of the block, perhaps beyond the packet
 * @param capturedEnd  where the packet's captured bytes end
 * @param isFirst      the block begins here, and is not the rest of one
 */
export function copyFieldBlock(copy: ByteCopy, at: number, end: number, capturedEnd: number, isFirst: boolean): void {
  let next = at;
  while (isFirst && next < Math.min(end, capturedEnd) && isPseudo(copy.from.getUint8(next))) copy.keep(next++, 1);
  const filler = fillerOf(end - next);
  for (const [i, byte] of filler.entries()) if (next + i < capturedEnd) copy.to.setUint8(next + i, byte);
}

function isPseudo(byte: number): boolean {
  return byte >= (INDEXED | PSEUDO_FIRST) && byte <= (INDEXED | PSEUDO_LAST);
}

/** The bytes that are not zero at the beginning of `bytes` of block: one literal field, of zeros, or where that has no room fields of one byte. */
function fillerOf(bytes: number): number[] {
  for (const nameBytes of [1, 2]) {
    const headBytes = 2 + nameBytes;
    for (let lengthBytes = 1; lengthBytes <= 4; lengthBytes++) {
      const length = bytes >= headBytes + lengthBytes ? numberOf(bytes - headBytes - lengthBytes) : [];
      if (length.length !== lengthBytes) continue;
      return [LITERAL, nameBytes, ...Array.from({ length: nameBytes }, () => NAME), ...length];
    }
  }
  return Array.from({ length: Math.max(bytes, 0) }, () => ONE_BYTE);
}

function numberOf(value: number): number[] {
  if (value < PREFIX_MAX) return [value];
  const bytes = [PREFIX_MAX];
  let rest = value - PREFIX_MAX;
  for (; rest >= MORE; rest >>>= 7) bytes.push((rest & PREFIX_MAX) | MORE);
  return [...bytes, rest];
}
