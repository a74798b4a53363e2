import { HUFFMAN_CODE_BITS } from '../../../http/index.ts';
import type { NameBook, NameKind, Names } from '../name-book.ts';

/**
 * Characters by the length of their codes in HPACK (RFC 7541 appendix B), from 5 bits to 8, that no stand-in of a NameBook ends with: so one
 * that is filled up with them is never another.
 */
const FILLERS: readonly string[] = ['iost', 'glmnpru', 'jkqvwxyz', 'XZ'];
const BITS_MIN = 5;
const BITS_MAX = 8;
/** Names that are too short for a stand-in with a number: as many are tried until one is free. */
const TRIES_MAX = 1024;

/**
 * Stand-ins as long as what they stand for, in characters and in bits of HPACK's code, so that they fit into its place in every encoding: an
 * HTTP/1.1 leg and an HTTP/2 leg have the same one. They are the report's, filled up with letters, where there is room for that.
 */
export class SizedNames implements Names {
  readonly #names: NameBook;
  readonly #standIns = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(names: NameBook) {
    this.#names = names;
  }

  standIn(kind: NameKind, name: string): string {
    const key = `${kind} ${name}`;
    const known = this.#standIns.get(key);
    if (known !== undefined) return known;
    const made = this.#filledUp(this.#names.standIn(kind, name), name) ?? this.#free(name);
    this.#taken.add(made);
    this.#standIns.set(key, made);
    return made;
  }

  /** @returns null where the stand-in does not fit, or stands for a longer name */
  #filledUp(standIn: string, name: string): string | null {
    const characters = name.length - standIn.length;
    const filler = fillerOf(characters, bitsOf(name) - bitsOf(standIn), 0);
    return filler === null ? null : standIn + filler;
  }

  /** There are few names as short as this; where they run out, two share one. */
  #free(name: string): string {
    const bits = bitsOf(name);
    for (let nth = 0; nth < TRIES_MAX; nth++) {
      const made = fillerOf(name.length, bits, nth);
      if (made === null) break;
      if (!this.#taken.has(made)) return made;
    }
    return filler(name);
  }
}

/** Characters in place of others, as long in characters and, where that can be, in bits; the same for all of that length. */
export function filler(text: string): string {
  return fillerOf(text.length, bitsOf(text), 0) ?? 'x'.repeat(text.length);
}

/** @param nth  which of those of that length. @returns null where there is none */
function fillerOf(characters: number, bits: number, nth: number): string | null {
  const spare = bits - BITS_MIN * characters;
  if (characters < 0 || spare < 0 || spare > (BITS_MAX - BITS_MIN) * characters) return null;
  let rest = nth;
  let made = '';
  for (let i = 0; i < characters; i++) {
    const extra = Math.floor(spare / characters) + (i < spare % characters ? 1 : 0);
    const letters = FILLERS[extra] ?? '';
    made += letters[rest % letters.length] ?? '';
    rest = Math.floor(rest / letters.length);
  }
  return made;
}

/** Bits of a text in HPACK's code, without what fills up the last byte. */
export function bitsOf(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += HUFFMAN_CODE_BITS[text.charCodeAt(i)] ?? 0;
  return bits;
}
