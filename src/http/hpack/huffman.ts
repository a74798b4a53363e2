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
const WORD_BYTES = 4;
/** Leaves the first step of a word. */
const STEP_SHIFT: number = 8 * WORD_BYTES - STEP_BITS;

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
  const lastWordAt = end - WORD_BYTES;
  let bitAt = at * 8;
  let length = 0;
  // A word has 25 bits from any bit of its first byte on: two steps. What does not fit into the array is dropped by it.
  while (bitAt >>> 3 <= lastWordAt) {
    const word = view.getInt32(bitAt >>> 3) << (bitAt & 7);
    const one = steps[word >>> STEP_SHIFT] ?? 0;
    if (one === 0) {
      const octet = longCode(view, bitAt, end * 8);
      if (octet < 0) return -1;
      into[length++] = octet;
      bitAt += longBits;
      continue;
    }
    const oneBits = one >>> BITS_SHIFT;
    into[length] = one;
    into[length + 1] = one >>> SECOND_SHIFT;
    length += (one >>> COUNT_SHIFT) & 0xf;
    // Where this is a long code its step is 0 and adds nothing.
    const two = steps[(word << oneBits) >>> STEP_SHIFT] ?? 0;
    into[length] = two;
    into[length + 1] = two >>> SECOND_SHIFT;
    length += (two >>> COUNT_SHIFT) & 0xf;
    bitAt += oneBits + (two >>> BITS_SHIFT);
  }
  return finish(view, at, end, bitAt, into, length);
}

/** The last bits, fewer than a word: codes, then the padding. */
function finish(view: DataView, at: number, end: number, from: number, into: Uint8Array, decoded: number): number {
  let bitAt = from;
  let left = end * 8 - bitAt;
  let length = decoded;
  let word = lastWord(view, at, end) << (32 - left);
  while (left > 0) {
    word |= -1 >>> left; // ones, as padding is
    const step = steps[word >>> STEP_SHIFT] ?? 0;
    let octet = step & 0xff;
    let bits = step === 0 ? CODE_MAX_BITS + 1 : (HUFFMAN_CODE_BITS[octet] ?? 0);
    if (bits > left) {
      if (left < 8 && word === -1) return length;
      octet = longCode(view, bitAt, end * 8);
      if (octet < 0) return -1;
      bits = longBits;
    }
    into[length++] = octet;
    bitAt += bits;
    left -= bits;
    word <<= bits;
  }
  return length;
}

function lastWord(view: DataView, at: number, end: number): number {
  if (end - at >= WORD_BYTES) return view.getInt32(end - WORD_BYTES);
  let word = 0;
  for (let next = at; next < end; next++) word = (word << 8) | view.getUint8(next);
  return word;
}

/** The fewest octets that so many bytes can stand for: all codes of the longest, and seven bits of padding. */
export function leastLength(codedBytes: number): number {
  const bits = codedBytes * 8 - 7;
  // With `| 0` the engine divides integers, in a fifth of the time.
  return ((bits + CODE_MAX_BITS - 1) / CODE_MAX_BITS) | 0;
}
