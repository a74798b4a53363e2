import {
  Cursor,
  decodeHuffman,
  ENTRY_OVERHEAD_BYTES,
  HUFFMAN_CODE_BITS,
  readInteger,
  STATIC_TABLE,
} from '../../../http/index.ts';
import { fieldStandIn, isKnownField } from './field-value.ts';
import { bitsOf, filler, type SizedNames } from './sized-names.ts';

/** RFC 7541 §6: what the first bits say, and how long the prefix of the number behind them is. */
const INDEXED = 0x80;
const INDEXED_PREFIX = 7;
const INCREMENTAL = 0x40;
const INCREMENTAL_PREFIX = 6;
const SIZE_UPDATE = 0x20;
const SIZE_UPDATE_PREFIX = 5;
const LITERAL_PREFIX = 4;
/** §5.2: a string's first bit says that it is coded. */
const HUFFMAN = 0x80;
const LENGTH_PREFIX = 7;
const FILLER = 0x78;
/** Larger tables are not followed to their end. */
const TABLE_MAX_BYTES: number = 64 * 1024;
/** Names of fields that later blocks refer to: no table of that size holds more (§4.1). */
const NAMES_MAX: number = TABLE_MAX_BYTES / ENTRY_OVERHEAD_BYTES;
/** A code has at least five bits. */
const EXPANSION = 8 / 5;

/**
 * Field blocks of one direction (RFC 7541) with stand-ins in place of values, each representation as long as it was. So tables grow as they
 * did, and every index means what it meant.
 */
export class FieldBlocks {
  readonly #names: SizedNames;
  /** Names in the dynamic table, the newest first; the empty name where it is not known. What was evicted is not referred to. */
  readonly #table: string[] = [];

  constructor(names: SizedNames) {
    this.#names = names;
  }

  /** A block was missed: what is in the table is not known any more. */
  lose(): void {
    this.#table.length = 0;
  }

  /** @returns as many bytes; null where it is no block, or is cut */
  rewritten(block: Uint8Array): Uint8Array | null {
    const told = block.slice();
    const view = new DataView(told.buffer);
    const cursor = new Cursor();
    while (cursor.next < told.length) if (!this.#field(view, told, cursor)) return null;
    return told;
  }

  #field(view: DataView, told: Uint8Array, cursor: Cursor): boolean {
    const first = told[cursor.next] ?? 0;
    if ((first & INDEXED) !== 0) return readInteger(view, told.length, INDEXED_PREFIX, cursor);
    const isIncremental = (first & INCREMENTAL) !== 0;
    if (!isIncremental && (first & SIZE_UPDATE) !== 0)
      return readInteger(view, told.length, SIZE_UPDATE_PREFIX, cursor);
    if (!readInteger(view, told.length, isIncremental ? INCREMENTAL_PREFIX : LITERAL_PREFIX, cursor)) return false;
    let name = this.#nameAt(cursor.value);
    if (cursor.value === 0) {
      const literal = rewriteString(view, told, cursor, (text) => (isKnownField(text) ? text : null));
      if (literal === null) return false;
      name = literal;
    }
    if (isIncremental) this.#add(name);
    return rewriteString(view, told, cursor, (value) => fieldStandIn(name, value, this.#names)) !== null;
  }

  #nameAt(index: number): string {
    return STATIC_TABLE[index - 1]?.[0] ?? this.#table[index - STATIC_TABLE.length - 1] ?? '';
  }

  #add(name: string): void {
    this.#table.unshift(name);
    if (this.#table.length > NAMES_MAX) this.#table.pop();
  }
}

/** Puts another text into the place of a string (RFC 7541 §5.2), of which it leaves the length. @returns the original; null where it is cut */
function rewriteString(
  view: DataView,
  told: Uint8Array,
  cursor: Cursor,
  standIn: (text: string) => string | null,
): string | null {
  const headAt = cursor.next;
  if (headAt >= told.length || !readInteger(view, told.length, LENGTH_PREFIX, cursor)) return null;
  const at = cursor.next;
  const end = at + cursor.value;
  if (end > told.length) return null;
  cursor.next = end;
  const head = told[headAt] ?? 0;
  const isCoded = (head & HUFFMAN) !== 0;
  const text = isCoded ? decoded(view, at, end) : latin1(told.subarray(at, end));
  if (text === null) return null;
  const other = standIn(text) ?? (isCoded ? filler(text) : 'x'.repeat(text.length));
  if (other === text) return text;
  if (isCoded && Math.ceil(bitsOf(other) / 8) === end - at) told.set(encoded(other), at);
  else if (!isCoded && other.length === end - at) told.set(bytesOf(other), at);
  else {
    // As many plain characters: where codes are longer than characters, the table's entry is too, and an old one may be missed.
    told.fill(FILLER, at, end);
    told[headAt] = head & ~HUFFMAN;
  }
  return text;
}

function decoded(view: DataView, at: number, end: number): string | null {
  const into = new Uint8Array(Math.ceil((end - at) * EXPANSION));
  const length = decodeHuffman(view, at, end, into);
  return length < 0 || length > into.length ? null : latin1(into.subarray(0, length));
}

const CODES = codes();

/** Codes are canonical: those of one length ascend with the octet, and longer ones come after (RFC 7541 appendix B). */
function codes(): readonly number[] {
  const made: number[] = [];
  let code = 0;
  for (let bits = 1; bits <= Math.max(...HUFFMAN_CODE_BITS); bits++) {
    code *= 2;
    for (const [octet, length] of HUFFMAN_CODE_BITS.entries()) if (length === bits) made[octet] = code++;
  }
  return made;
}

/** Filled up with ones (RFC 7541 §5.2). */
function encoded(text: string): Uint8Array {
  const into = new Uint8Array(Math.ceil(bitsOf(text) / 8)).fill(0xff);
  let at = 0;
  for (const octet of bytesOf(text)) {
    for (let bit = (HUFFMAN_CODE_BITS[octet] ?? 0) - 1; bit >= 0; bit--, at++) {
      const isOne = ((CODES[octet] ?? 0) >>> bit) & 1;
      if (isOne === 0) into[at >> 3] = (into[at >> 3] ?? 0) & ~(0x80 >> (at & 7));
    }
  }
  return into;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
