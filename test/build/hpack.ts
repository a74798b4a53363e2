import { HUFFMAN_CODE_BITS } from '../../src/http/hpack/huffman.ts';
import { ENTRY_OVERHEAD_BYTES, STATIC_TABLE, TABLE_DEFAULT_BYTES } from '../../src/http/hpack/table.ts';

/** How a field is represented (RFC 7541 §6): `index` also inserts it, `plain` does not, `never` is §6.2.3. */
export type FieldMode = 'index' | 'plain' | 'never';
export type Field = readonly [name: string, value: string, mode?: FieldMode];

export interface HpackOptions {
  /** Huffman-code strings where that makes them shorter. Default true. */
  readonly huffman?: boolean;
  /** Size of the dynamic table. Other than 4096 it is signalled at the start of the first block. */
  readonly tableBytes?: number;
}

const codes = canonicalCodes();

/** Huffman codes from their lengths: RFC 7541 appendix B is a canonical code. */
function canonicalCodes(): Uint32Array {
  const made = new Uint32Array(256);
  let code = 0;
  for (let bits = 1; bits <= 30; bits++) {
    code *= 2;
    for (let octet = 0; octet < 256; octet++) if (HUFFMAN_CODE_BITS[octet] === bits) made[octet] = code++;
  }
  return made;
}

/** The bytes of a latin1 string. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}

/** Huffman code of a latin1 string, padded with ones (RFC 7541 §5.2). */
export function huffman(text: string): number[] {
  const out: number[] = [];
  let held = 0;
  let heldBits = 0;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 0xff;
    const code = codes[octet] ?? 0;
    for (let bit = (HUFFMAN_CODE_BITS[octet] ?? 0) - 1; bit >= 0; bit--) {
      held = (held << 1) | ((code >>> bit) & 1);
      if (++heldBits === 8) {
        out.push(held);
        held = heldBits = 0;
      }
    }
  }
  if (heldBits > 0) out.push(((held << (8 - heldBits)) | (0xff >> heldBits)) & 0xff);
  return out;
}

/** An HPACK integer (RFC 7541 §5.1): `pattern` are the bits before the prefix. */
export function hpackInteger(value: number, prefixBits: number, pattern = 0): number[] {
  const most = (1 << prefixBits) - 1;
  if (value < most) return [pattern | value];
  const out = [pattern | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  out.push(rest);
  return out;
}

/** An HPACK string literal (RFC 7541 §5.2), Huffman-coded where that is asked for and shorter. */
export function hpackString(text: string, coded = true): number[] {
  if (coded) {
    const bytes = huffman(text);
    if (bytes.length < text.length) return [...hpackInteger(bytes.length, 7, 0x80), ...bytes];
  }
  return [...hpackInteger(text.length, 7), ...latin1(text)];
}

const staticFields = new Map<string, number>();
const staticNames = new Map<string, number>();
STATIC_TABLE.forEach(([name, value], row) => {
  staticFields.set(`${name}\0${value}`, row + 1);
  if (!staticNames.has(name)) staticNames.set(name, row + 1);
});

const PATTERN = {
  index: { bits: 6, pattern: 0x40 },
  plain: { bits: 4, pattern: 0x00 },
  never: { bits: 4, pattern: 0x10 },
} as const;

/**
 * An HPACK encoder for tests and for the benchmark's traffic: static and dynamic table, Huffman, size updates.
 * Credentials are never indexed; all else is, unless the field says otherwise.
 */
export class HpackEncoder {
  readonly #huffman: boolean;
  readonly #entries: { name: string; value: string }[] = [];
  readonly #byField = new Map<string, number>();
  readonly #byName = new Map<string, number>();
  #inserted = 0;
  #sizeBytes = 0;
  #maxBytes = TABLE_DEFAULT_BYTES;
  #updates: number[] = [];

  constructor(options: HpackOptions = {}) {
    this.#huffman = options.huffman ?? true;
    if (options.tableBytes !== undefined && options.tableBytes !== TABLE_DEFAULT_BYTES) this.resize(options.tableBytes);
  }

  /** Sizes the dynamic table; the next block says so first (RFC 7541 §4.2). */
  resize(tableBytes: number): void {
    this.#maxBytes = tableBytes;
    this.#updates.push(tableBytes);
    this.#evictTo(tableBytes);
  }

  /** One field block. */
  encode(fields: readonly Field[]): Uint8Array {
    const out: number[] = [];
    for (const size of this.#updates) out.push(...hpackInteger(size, 5, 0x20));
    this.#updates = [];
    for (const [name, value, mode] of fields) this.#field(out, name, value, mode ?? defaultMode(name));
    return Uint8Array.from(out);
  }

  #field(out: number[], name: string, value: string, mode: FieldMode): void {
    const known = this.#find(staticFields, this.#byField, `${name}\0${value}`);
    if (known > 0 && mode !== 'never') {
      push(out, hpackInteger(known, 7, 0x80));
      return;
    }
    const nameIndex = this.#find(staticNames, this.#byName, name);
    push(out, hpackInteger(nameIndex, PATTERN[mode].bits, PATTERN[mode].pattern));
    if (nameIndex === 0) push(out, hpackString(name, this.#huffman));
    push(out, hpackString(value, this.#huffman));
    if (mode === 'index') this.#insert(name, value);
  }

  #find(fixed: Map<string, number>, added: Map<string, number>, key: string): number {
    const row = fixed.get(key);
    if (row !== undefined) return row;
    const nth = added.get(key);
    return nth === undefined ? 0 : STATIC_TABLE.length + this.#inserted - nth;
  }

  #insert(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#evictTo(this.#maxBytes - size);
    if (size > this.#maxBytes) return;
    this.#entries.push({ name, value });
    this.#sizeBytes += size;
    this.#byField.set(`${name}\0${value}`, this.#inserted);
    this.#byName.set(name, this.#inserted);
    this.#inserted++;
  }

  #evictTo(bytes: number): void {
    while (this.#sizeBytes > bytes) {
      const nth = this.#inserted - this.#entries.length;
      const entry = this.#entries.shift();
      if (entry === undefined) return;
      this.#sizeBytes -= entry.name.length + entry.value.length + ENTRY_OVERHEAD_BYTES;
      const key = `${entry.name}\0${entry.value}`;
      if (this.#byField.get(key) === nth) this.#byField.delete(key);
      if (this.#byName.get(entry.name) === nth) this.#byName.delete(entry.name);
    }
  }
}

function push(out: number[], bytes: readonly number[]): void {
  for (const byte of bytes) out.push(byte);
}

function defaultMode(name: string): FieldMode {
  return name === 'authorization' || name === 'cookie' ? 'never' : 'index';
}
