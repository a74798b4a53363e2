/**
 * Bits of each octet's code (RFC 7541 appendix B). The code is canonical (codes of one length ascend with the octet),
 * so the lengths alone give it. EOS, thirty ones, is left out: it must not occur (RFC 7541 §5.2).
 */
export const HUFFMAN_CODE_BITS: Uint8Array = Uint8Array.from([
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26,
]);

/** Code length of EOS, the longest. */
const CODE_MAX_BITS = 30;
/** One look-up tells all codes that lie whole in so many bits, at most two: in paths and identifiers nearly always two. 16 kB. */
const STEP_BITS = 12;

/** Fields of a step: octet | second octet << 8 | how many << 16 | their bits together << 20. 0: the code is longer than a step. */
const SECOND_SHIFT = 8;
const COUNT_SHIFT = 16;
const BITS_SHIFT = 20;
const steps = new Int32Array(1 << STEP_BITS);

/** Octets by (code length, octet); per length its first code, how many there are, and where they begin in here. */
const octets = new Uint8Array(256);
const firstCode = new Int32Array(CODE_MAX_BITS + 1);
const codeCount = new Int32Array(CODE_MAX_BITS + 1);
const firstOctet = new Int32Array(CODE_MAX_BITS + 1);

function buildCodes(): void {
  let code = 0;
  let filled = 0;
  for (let bits = 1; bits <= CODE_MAX_BITS; bits++) {
    code <<= 1;
    firstCode[bits] = code;
    firstOctet[bits] = filled;
    for (let octet = 0; octet < 256; octet++) {
      if (HUFFMAN_CODE_BITS[octet] !== bits) continue;
      octets[filled++] = octet;
      if (bits <= STEP_BITS)
        steps.fill(stepOf(octet, bits), code << (STEP_BITS - bits), (code + 1) << (STEP_BITS - bits));
      code++;
    }
    codeCount[bits] = filled - (firstOctet[bits] ?? 0);
  }
}

function stepOf(octet: number, bits: number): number {
  return octet | (1 << COUNT_SHIFT) | (bits << BITS_SHIFT);
}

/** Adds to each step the code after its first, where that lies in it whole. */
function pairSteps(): void {
  const single = steps.slice();
  for (let window = 0; window < steps.length; window++) {
    const first = single[window] ?? 0;
    const firstBits = first >>> BITS_SHIFT;
    const second = single[(window << firstBits) & (steps.length - 1)] ?? 0;
    const bits = firstBits + (second >>> BITS_SHIFT);
    if (first === 0 || second === 0 || bits > STEP_BITS) continue;
    steps[window] = (first & 0xff) | ((second & 0xff) << SECOND_SHIFT) | (2 << COUNT_SHIFT) | (bits << BITS_SHIFT);
  }
}

buildCodes();
pairSteps();

/** A code too long for a step: its octet, or -1 where it is EOS or cut; `longBits` is its length. */
let longBits = 0;

/** @param bitAt  offset in bits, from the start of the view, of the code's first bit */
function longCode(view: DataView, bitAt: number, endBit: number): number {
  let code = 0;
  for (let bits = 1; bits <= CODE_MAX_BITS; bits++) {
    const at = bitAt + bits - 1;
    if (at >= endBit) return -1;
    code = (code << 1) | ((view.getUint8(at >>> 3) >>> (7 - (at & 7))) & 1);
    const nth = code - (firstCode[bits] ?? 0);
    if (nth >= (codeCount[bits] ?? 0)) continue;
    longBits = bits;
    return octets[(firstOctet[bits] ?? 0) + nth] ?? 0;
  }
  return -1;
}

/**
 * Decodes a Huffman-coded string (RFC 7541 §5.2).
 * @param into  gets the octets as far as it has room
 * @returns the decoded length in bytes, also beyond the room of `into`;
 *          -1 where a code is invalid (EOS) or the padding is not the most significant bits of EOS, or 8 bits and more of it
 */
export function decodeHuffman(view: DataView, at: number, end: number, into: Uint8Array): number {
  const pairRoom = into.length - 1;
  let held = 0;
  let heldBits = 0;
  let length = 0;
  let next = at;
  for (;;) {
    if (heldBits < STEP_BITS) {
      if (end - next >= 2) {
        held = (held << 16) | view.getUint16(next);
        heldBits += 16;
        next += 2;
      } else if (next < end) {
        held = (held << 8) | view.getUint8(next++);
        heldBits += 8;
        if (heldBits < STEP_BITS) break;
      } else {
        break;
      }
    }
    const step = steps[(held >>> (heldBits - STEP_BITS)) & (steps.length - 1)] ?? 0;
    if (step === 0) {
      const bitAt = next * 8 - heldBits;
      const octet = longCode(view, bitAt, end * 8);
      if (octet < 0) return -1; // longer than any padding
      if (length <= pairRoom) into[length] = octet;
      length++;
      next = (bitAt + longBits) >>> 3;
      const usedBits = (bitAt + longBits) & 7;
      held = usedBits === 0 ? 0 : view.getUint8(next++);
      heldBits = usedBits === 0 ? 0 : 8 - usedBits;
      continue;
    }
    heldBits -= step >>> BITS_SHIFT;
    if (length < pairRoom) {
      into[length] = step & 0xff;
      into[length + 1] = (step >>> SECOND_SHIFT) & 0xff;
    } else if (length === pairRoom) {
      into[length] = step & 0xff;
    }
    length += (step >>> COUNT_SHIFT) & 0xf;
  }
  return finish(held, heldBits, into, length);
}

/** The fewest octets that so many bytes can stand for: all codes of the longest, and seven bits of padding. */
export function leastLength(codedBytes: number): number {
  return Math.trunc((codedBytes * 8 - 7 + CODE_MAX_BITS - 1) / CODE_MAX_BITS);
}

/** The last, fewer than STEP_BITS bits: at most two codes, then the padding. */
function finish(held: number, heldBits: number, into: Uint8Array, length: number): number {
  let bits = heldBits;
  let decoded = length;
  for (;;) {
    const ones = (1 << bits) - 1;
    if (bits < 8 && (held & ones) === ones) return decoded;
    const step = steps[((held << (STEP_BITS - bits)) | (0xfff >>> bits)) & 0xfff] ?? 0;
    const octet = step & 0xff;
    const octetBits = HUFFMAN_CODE_BITS[octet] ?? 0;
    if (step === 0 || octetBits > bits) return -1;
    bits -= octetBits;
    if (decoded < into.length) into[decoded] = octet;
    decoded++;
  }
}
