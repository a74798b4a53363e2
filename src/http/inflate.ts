/** RFC 1951 §3.2.7: the order in which the lengths of the code length code stand. */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;
/** RFC 1951 §3.2.5: extra bits of the length symbols from 257 on, of the distance symbols from 0 on. */
const LENGTH_EXTRA_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
] as const;
const DISTANCE_EXTRA_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
] as const;
const LENGTH_BASE: readonly number[] = [...basesOf(LENGTH_EXTRA_BITS.slice(0, -1), 3), 258];
const DISTANCE_BASE: readonly number[] = basesOf(DISTANCE_EXTRA_BITS, 1);
const BLOCK = { stored: 0, fixed: 1, dynamic: 2 } as const;
const CODE_BITS_MAX = 15;
const END_OF_BLOCK = 256;
/** Symbols of the code length code that repeat (RFC 1951 §3.2.7). */
const REPEAT = { previous: 16, fewZeros: 17, manyZeros: 18 } as const;
const NOTHING = -1;

/**
 * Decodes the start of a deflate stream (RFC 1951), for looking at the first words of a coded body; stops at `maxBytes`, of a hostile stream too.
 * fflate, fed in pieces of 64 bytes, gives the same, for 5 ms more of every start and 100 kB of buffers a body.
 * @returns what could be decoded up to there, or up to where the stream is cut or wrong
 */
export function inflateStart(view: DataView, at: number, end: number, maxBytes: number): Uint8Array {
  const out = new Uint8Array(maxBytes);
  const bytes = new Inflater(view, at, end, out).run();
  return out.subarray(0, bytes);
}

class Inflater {
  readonly #view: DataView;
  readonly #end: number;
  readonly #out: Uint8Array;
  #at: number;
  #held = 0;
  #heldBits = 0;
  #bytes = 0;
  /** It is cut or wrong, or enough of it was decoded. */
  #isOver = false;

  constructor(view: DataView, at: number, end: number, out: Uint8Array) {
    this.#view = view;
    this.#at = at;
    this.#end = end;
    this.#out = out;
  }

  run(): number {
    for (let isLast = false; !isLast && !this.#isOver;) {
      isLast = this.#bits(1) === 1;
      this.#block(this.#bits(2));
    }
    return this.#bytes;
  }

  #block(type: number): void {
    if (this.#isOver) return;
    if (type === BLOCK.stored) this.#stored();
    else if (type === BLOCK.fixed) this.#coded(FIXED_LITERALS, FIXED_DISTANCES);
    else if (type === BLOCK.dynamic) this.#dynamic();
    else this.#isOver = true;
  }

  /** RFC 1951 §3.2.4. */
  #stored(): void {
    this.#held = this.#heldBits = 0;
    const length = this.#bits(16);
    this.#bits(16);
    for (let n = 0; n < length && !this.#isOver; n++) {
      const byte = this.#bits(8);
      if (byte >= 0) this.#put(byte);
    }
  }

  #dynamic(): void {
    const literals = 257 + this.#bits(5);
    const distances = 1 + this.#bits(5);
    const codes = 4 + this.#bits(4);
    const order = new Uint8Array(LENGTH_ORDER.length);
    for (const symbol of LENGTH_ORDER.slice(0, codes)) order[symbol] = Math.max(0, this.#bits(3));
    if (this.#isOver) return;
    const lengths = this.#lengths(new HuffmanCode(order), literals + distances);
    const before = this.#bytes;
    if (lengths !== null)
      this.#coded(new HuffmanCode(lengths.subarray(0, literals)), new HuffmanCode(lengths.subarray(literals)));
    // No coder describes codes for nothing: a fixed block, or a stored one, says that in a few bits.
    if (this.#bytes === before) this.#isOver = true;
  }

  #lengths(code: HuffmanCode, count: number): Uint8Array | null {
    const lengths = new Uint8Array(count);
    for (let n = 0; n < count;) {
      const symbol = this.#symbol(code);
      if (symbol < 0) return null;
      if (symbol < REPEAT.previous) {
        lengths[n++] = symbol;
        continue;
      }
      const length = symbol === REPEAT.previous ? lengths[n - 1] : 0;
      const times = this.#times(symbol);
      if (length === undefined || times < 0 || n + times > count) return null;
      lengths.fill(length, n, n + times);
      n += times;
    }
    return lengths;
  }

  #times(symbol: number): number {
    if (symbol === REPEAT.previous) return 3 + this.#bits(2);
    return symbol === REPEAT.fewZeros ? 3 + this.#bits(3) : 11 + this.#bits(7);
  }

  #coded(literals: HuffmanCode, distances: HuffmanCode): void {
    while (!this.#isOver) {
      const symbol = this.#symbol(literals);
      if (symbol < 0 || symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) this.#put(symbol);
      else this.#copy(symbol - END_OF_BLOCK - 1, distances);
    }
  }

  #copy(nth: number, distances: HuffmanCode): void {
    const length = (LENGTH_BASE[nth] ?? NOTHING) + this.#bits(LENGTH_EXTRA_BITS[nth] ?? 0);
    const symbol = this.#symbol(distances);
    const distance = (DISTANCE_BASE[symbol] ?? NOTHING) + this.#bits(DISTANCE_EXTRA_BITS[symbol] ?? 0);
    if (nth >= LENGTH_BASE.length || symbol >= DISTANCE_BASE.length || distance > this.#bytes) this.#isOver = true;
    for (let n = 0; n < length && !this.#isOver; n++) this.#put(this.#out[this.#bytes - distance] ?? 0);
  }

  #put(byte: number): void {
    if (this.#bytes < this.#out.length) this.#out[this.#bytes++] = byte;
    if (this.#bytes === this.#out.length) this.#isOver = true;
  }

  /** RFC 1951 §3.2.2: codes of one length are numbers that follow each other. @returns NOTHING where there is none */
  #symbol(code: HuffmanCode): number {
    let first = 0;
    let index = 0;
    for (let bits = 1, word = 0; bits <= CODE_BITS_MAX; bits++) {
      const bit = this.#bits(1);
      if (bit < 0) return NOTHING;
      word = (word << 1) | bit;
      const count = code.counts[bits] ?? 0;
      if (word - first < count) return code.symbols[index + word - first] ?? NOTHING;
      index += count;
      first = (first + count) << 1;
    }
    this.#isOver = true;
    return NOTHING;
  }

  /** The lowest bit of a byte comes first. @returns NOTHING where the stream is cut */
  #bits(count: number): number {
    while (this.#heldBits < count) {
      if (this.#at >= this.#end) {
        this.#isOver = true;
        return NOTHING;
      }
      this.#held |= this.#view.getUint8(this.#at++) << this.#heldBits;
      this.#heldBits += 8;
    }
    const value = this.#held & ((1 << count) - 1);
    this.#held >>>= count;
    this.#heldBits -= count;
    return value;
  }
}

/** Symbols by code length, and in the order of their codes. Without lists and sorting: a hostile kilobyte has a hundred codes of three hundred symbols. */
class HuffmanCode {
  readonly counts: Uint16Array = new Uint16Array(CODE_BITS_MAX + 1);
  readonly symbols: Uint16Array;

  /** @param lengths  the length of each symbol's code, 0 where it has none */
  constructor(lengths: Uint8Array) {
    const { counts } = this;
    let used = 0;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const bits = lengths[symbol] ?? 0;
      if (bits === 0) continue;
      counts[bits] = (counts[bits] ?? 0) + 1;
      used++;
    }
    this.symbols = new Uint16Array(used);
    let place = 0;
    for (let bits = 1; place < used; bits++) {
      for (let symbol = 0; symbol < lengths.length; symbol++)
        if (lengths[symbol] === bits) this.symbols[place++] = symbol;
    }
  }
}

/** RFC 1951 §3.2.6. */
const FIXED_LITERALS = new HuffmanCode(
  Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = new HuffmanCode(new Uint8Array(30).fill(5));

/** Each stands as far behind the one before as that one's extra bits count. */
function basesOf(extraBits: readonly number[], first: number): number[] {
  let base = first;
  return extraBits.map((bits) => {
    const own = base;
    base += 2 ** bits;
    return own;
  });
}
