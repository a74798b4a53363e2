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
/** One table look-up tells every code up to this length: letters, digits and nearly all that a URL holds. */
const SHORT_BITS = 8;

/** By the next SHORT_BITS bits: code length << 8 | octet; 0 where the code is longer. */
const shortCodes = new Uint16Array(1 << SHORT_BITS);
/** Octets by (code length, octet); per length its first code, how many there are, and where they begin in here. */
const octets = new Uint8Array(256);
const firstCode = new Int32Array(CODE_MAX_BITS + 1);
const codeCount = new Int32Array(CODE_MAX_BITS + 1);
const firstOctet = new Int32Array(CODE_MAX_BITS + 1);

function buildTables(): void {
  let code = 0;
  let filled = 0;
  for (let bits = 1; bits <= CODE_MAX_BITS; bits++) {
    code <<= 1;
    firstCode[bits] = code;
    firstOctet[bits] = filled;
    for (let octet = 0; octet < 256; octet++) {
      if (HUFFMAN_CODE_BITS[octet] !== bits) continue;
      octets[filled++] = octet;
      if (bits <= SHORT_BITS) {
        const free = SHORT_BITS - bits;
        shortCodes.fill((bits << 8) | octet, code << free, (code + 1) << free);
      }
      code++;
    }
    codeCount[bits] = filled - (firstOctet[bits] ?? 0);
  }
}
buildTables();

/**
 * Decodes a Huffman-coded string (RFC 7541 §5.2).
 * @param into  gets the octets as far as it has room; none where it is empty
 * @returns the decoded length in bytes, also beyond the room of `into`;
 *          -1 where a code is invalid (EOS) or the padding is not the most significant bits of EOS, or 8 bits and more of it
 */
export function decodeHuffman(view: DataView, at: number, end: number, into: Uint8Array): number {
  const room = into.length;
  let held = 0;
  let heldBits = 0;
  let length = 0;
  let next = at;
  for (;;) {
    if (heldBits < SHORT_BITS) {
      if (next === end) break;
      held = ((held << 8) | view.getUint8(next++)) & 0xffff;
      heldBits += 8;
    }
    let code = (held >>> (heldBits - SHORT_BITS)) & 0xff;
    const short = shortCodes[code] ?? 0;
    if (short !== 0) {
      heldBits -= short >>> 8;
      if (length < room) into[length] = short & 0xff;
      length++;
      continue;
    }
    heldBits -= SHORT_BITS;
    let bits = SHORT_BITS;
    for (;;) {
      if (heldBits === 0) {
        if (next === end) return -1; // RFC 7541 §5.2: a padding longer than 7 bits is an error
        held = view.getUint8(next++);
        heldBits = 8;
      }
      heldBits--;
      code = (code << 1) | ((held >>> heldBits) & 1);
      bits++;
      const nth = code - (firstCode[bits] ?? 0);
      if (nth < (codeCount[bits] ?? 0)) {
        if (length < room) into[length] = octets[(firstOctet[bits] ?? 0) + nth] ?? 0;
        length++;
        break;
      }
      if (bits === CODE_MAX_BITS) return -1; // EOS
    }
  }
  return finish(held, heldBits, into, length);
}

/** The last, fewer than SHORT_BITS bits: at most one code, then the padding. */
function finish(held: number, heldBits: number, into: Uint8Array, length: number): number {
  let bits = heldBits;
  let decoded = length;
  const short = shortCodes[((held << (SHORT_BITS - bits)) | (0xff >>> bits)) & 0xff] ?? 0;
  if (short !== 0 && short >>> 8 <= bits) {
    bits -= short >>> 8;
    if (decoded < into.length) into[decoded] = short & 0xff;
    decoded++;
  }
  const ones = (1 << bits) - 1;
  return (held & ones) === ones ? decoded : -1;
}
