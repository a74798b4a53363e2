import { FIELD, FIRST_KEPT, KEPT_NAME_MAX_BYTES, fieldKind, maskPath, setField, type FieldKind } from '../headers.ts';
import type { KeptFields } from '../sink.ts';
import { decodeHuffman, leastLength } from './huffman.ts';
import { Cursor, readInteger } from './integer.ts';
import { STATIC_TABLE, type DynamicTable } from './table.ts';

/** Room for a name: beyond KEPT_NAME_MAX_BYTES, so that the usual ones do not end in the slower case of too little room. */
const NAME_BYTES: number = 4 * KEPT_NAME_MAX_BYTES;
/** Longest value that is kept; a longer one is told as null. */
const KEPT_VALUE_MAX_BYTES = 8 * 1024;

const staticKinds: readonly FieldKind[] = STATIC_TABLE.map(([name]) => {
  const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
  return fieldKind(bytes, bytes.length);
});
const staticNameBytes: Uint8Array = Uint8Array.from(STATIC_TABLE, ([name]) => name.length);

/**
 * Decodes field blocks (RFC 7541) of any flow into kept fields; the flow's state is its table.
 * Values of fields that are neither kept nor inserted are stepped over, so errors inside them stay unseen.
 */
export class FieldDecoder {
  /** A field was met that only requests have (RFC 9113 §8.3.1). */
  sawScheme = false;
  /** Indices behind a table that was seen from its start on: an error of the encoder, or an insertion that we missed. */
  badIndices = 0;
  /** Kept fields told as null because they were longer than KEPT_VALUE_MAX_BYTES. */
  longValues = 0;

  private readonly name = new Uint8Array(NAME_BYTES);
  private readonly octets = new Uint8Array(KEPT_VALUE_MAX_BYTES);
  private readonly text: Buffer = Buffer.from(this.octets.buffer);
  private readonly cursor = new Cursor();

  /**
   * Decodes one whole field block; `fields` is filled, not cleared.
   * @returns false where the block is malformed: `fields` and `table` then hold what came before
   */
  decode(table: DynamicTable, view: DataView, at: number, end: number, fields: KeptFields): boolean {
    const { cursor } = this;
    cursor.next = at;
    this.sawScheme = false;
    let updatesAllowed = true;
    while (cursor.next < end) {
      const first = view.getUint8(cursor.next);
      if ((first & 0x80) !== 0) {
        if (!this.indexed(table, view, end, fields)) return false;
      } else if ((first & 0xe0) === 0x20) {
        // RFC 7541 §4.2: only at the beginning of a block
        if (!updatesAllowed || !readInteger(view, end, 5, cursor)) return false;
        table.resize(cursor.value);
        continue;
      } else {
        const inserted = (first & 0x40) !== 0;
        if (!this.literal(table, view, end, inserted ? 6 : 4, inserted, fields)) return false;
      }
      updatesAllowed = false;
    }
    return true;
  }

  /** RFC 7541 §6.1. */
  private indexed(table: DynamicTable, view: DataView, end: number, fields: KeptFields): boolean {
    if (!readInteger(view, end, 7, this.cursor)) return false;
    const index = this.cursor.value;
    if (index === 0) return false;
    if (index <= STATIC_TABLE.length) {
      const kind = staticKinds[index - 1] ?? FIELD.other;
      if (kind >= FIRST_KEPT) setField(fields, kind, STATIC_TABLE[index - 1]?.[1] ?? null);
      else if (kind === FIELD.scheme) this.sawScheme = true;
      return true;
    }
    const row = this.findRow(table, index);
    const kind = row < 0 ? FIELD.unknown : table.kind(row);
    if (kind >= FIRST_KEPT) setField(fields, kind, table.value(row));
    else this.noteUnkept(kind, fields);
    return true;
  }

  private findRow(table: DynamicTable, index: number): number {
    const row = table.find(index);
    if (row < 0 && table.complete) this.badIndices++;
    return row;
  }

  private noteUnkept(kind: FieldKind, fields: KeptFields): void {
    if (kind === FIELD.unknown) fields.unknownNames++;
    else if (kind === FIELD.scheme) this.sawScheme = true;
  }

  /** RFC 7541 §6.2: with incremental indexing, without, never. */
  private literal(
    table: DynamicTable,
    view: DataView,
    end: number,
    prefixBits: number,
    inserted: boolean,
    fields: KeptFields,
  ): boolean {
    if (!readInteger(view, end, prefixBits, this.cursor)) return false;
    const index = this.cursor.value;
    let kind: FieldKind;
    let nameBytes: number;
    if (index === 0) {
      nameBytes = this.string(view, end, this.name, true);
      if (nameBytes < 0) return false;
      kind = fieldKind(this.name, nameBytes);
    } else if (index <= STATIC_TABLE.length) {
      kind = staticKinds[index - 1] ?? FIELD.other;
      nameBytes = staticNameBytes[index - 1] ?? 0;
    } else {
      const row = this.findRow(table, index);
      kind = row < 0 ? FIELD.unknown : table.kind(row);
      nameBytes = row < 0 ? 0 : table.nameLength(row);
    }
    const kept = kind >= FIRST_KEPT;
    const valueBytes = this.string(view, end, this.octets, kept);
    if (valueBytes < 0) return false;
    const value = kept ? this.keptValue(kind, valueBytes) : null;
    if (kept) setField(fields, kind, value);
    else this.noteUnkept(kind, fields);
    if (inserted) table.insert(kind, nameBytes, valueBytes, value);
    return true;
  }

  /** The value that stands in `octets`; masked before anything can keep it. */
  private keptValue(kind: FieldKind, bytes: number): string | null {
    if (bytes > KEPT_VALUE_MAX_BYTES) {
      this.longValues++;
      return null;
    }
    const value = this.text.toString('latin1', 0, bytes);
    return kind === FIELD.path ? maskPath(value) : value;
  }

  /**
   * A string literal (RFC 7541 §5.2).
   * @param into    gets its octets, as far as it has room
   * @param needed  false: the string is stepped over, which saves half of all Huffman decoding
   * @returns its decoded length, where stepped over at least not more than that; -1 where it is cut or malformed
   */
  private string(view: DataView, end: number, into: Uint8Array, needed: boolean): number {
    const { cursor } = this;
    if (cursor.next >= end) return -1;
    const coded = (view.getUint8(cursor.next) & 0x80) !== 0;
    if (!readInteger(view, end, 7, cursor)) return -1;
    const bytes = cursor.value;
    const at = cursor.next;
    if (bytes > end - at) return -1;
    cursor.next = at + bytes;
    if (!needed) return coded ? leastLength(bytes) : bytes;
    if (coded) return decodeHuffman(view, at, cursor.next, into);
    const kept = Math.min(bytes, into.length);
    for (let i = 0; i < kept; i++) into[i] = view.getUint8(at + i);
    return bytes;
  }
}
