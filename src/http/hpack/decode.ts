import { FIELD, FIRST_KEPT, KEPT_NAME_MAX_BYTES, fieldKind, setField, type FieldKind } from '../headers.ts';
import { MASKING, mask, maskingOf, type Masking } from '../masking.ts';
import type { KeptFields } from '../sink.ts';
import { decodeHuffman, leastLength } from './huffman.ts';
import { Cursor, readInteger } from './integer.ts';
import { STATIC_TABLE, type DynamicTable } from './table.ts';
import { ValueCache } from './values.ts';

/** Room for a name: beyond KEPT_NAME_MAX_BYTES, so that the usual ones do not end in the slower case of too little room. */
const NAME_BYTES: number = 4 * KEPT_NAME_MAX_BYTES;
/** Longest value that is kept; a longer one is told as null. */
export const KEPT_VALUE_MAX_BYTES: number = 8 * 1024;

const staticKinds: Uint8Array = Uint8Array.from(STATIC_TABLE, ([name]) => {
  const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
  return fieldKind(bytes, bytes.length);
});
const staticValues: readonly string[] = STATIC_TABLE.map(([, value]) => value);
const staticNameBytes: Uint8Array = Uint8Array.from(STATIC_TABLE, ([name]) => name.length);

/** First byte of an indexed field (RFC 7541 §6.1), and the one whose index goes on in the next bytes. */
const INDEXED = 0x80;
const INDEXED_LONG = 0xff;
/** Of a literal field (RFC 7541 §6.2): it enters the table. */
const INSERTED = 0x40;
/** First byte of a string literal (RFC 7541 §5.2): it is Huffman-coded; its length, and the one that goes on in the next bytes. */
const CODED = 0x80;
const LENGTH_LONG = 0x7f;

/** What Buffer has and its types leave out; `toString` finds its way to it in 90 ns more. */
interface Latin1Bytes {
  latin1Slice(start: number, end: number): string;
}

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
  private readonly text: Latin1Bytes = Buffer.from(this.octets.buffer) as Buffer & Latin1Bytes;
  private readonly cursor = new Cursor();
  private readonly values = new ValueCache();
  /** The string literal in hand: where its bytes lie, and whether they are Huffman-coded. */
  private stringAt = 0;
  private stringEnd = 0;
  private isCoded = false;
  /** The kept value read last. */
  private value: string | null = null;

  /**
   * Decodes one whole field block; `fields` is filled, not cleared.
   * @returns false where the block is malformed: `fields` and `table` then hold what came before
   */
  decode(table: DynamicTable, view: DataView, at: number, end: number, fields: KeptFields): boolean {
    const { cursor } = this;
    this.sawScheme = false;
    let updatesAllowed = true;
    let next = at;
    while (next < end) {
      const first = view.getUint8(next);
      if (first > INDEXED && first < INDEXED_LONG) {
        this.indexed(table, first - INDEXED, fields);
        next++;
        updatesAllowed = false;
        continue;
      }
      cursor.next = next;
      if ((first & 0xe0) === 0x20) {
        // RFC 7541 §4.2: only at the beginning of a block
        if (!updatesAllowed || !readInteger(view, end, 5, cursor)) return false;
        table.resize(cursor.value);
      } else {
        const isRead =
          first >= INDEXED ? this.longIndex(table, view, end, fields) : this.literal(table, view, end, fields);
        if (!isRead) return false;
        updatesAllowed = false;
      }
      next = cursor.next;
    }
    return true;
  }

  /** RFC 7541 §6.1, where the index takes several bytes, or is the illegal 0. */
  private longIndex(table: DynamicTable, view: DataView, end: number, fields: KeptFields): boolean {
    if (!readInteger(view, end, 7, this.cursor) || this.cursor.value === 0) return false;
    this.indexed(table, this.cursor.value, fields);
    return true;
  }

  private indexed(table: DynamicTable, index: number, fields: KeptFields): void {
    if (index <= STATIC_TABLE.length) {
      const kind = (staticKinds[index - 1] ?? FIELD.other) as FieldKind;
      if (kind >= FIRST_KEPT) setField(fields, kind, staticValues[index - 1] ?? null);
      else if (kind === FIELD.scheme) this.sawScheme = true;
      return;
    }
    const row = table.find(index);
    if (row < 0) {
      this.noteBehind(table);
      fields.unknownNames++;
      return;
    }
    const kind = table.kind(row);
    if (kind >= FIRST_KEPT) setField(fields, kind, table.value(row));
    else if (kind !== FIELD.other) this.noteUnkept(kind, fields);
  }

  /** An index behind the entries that are known. */
  private noteBehind(table: DynamicTable): void {
    if (table.complete) this.badIndices++;
  }

  private noteUnkept(kind: FieldKind, fields: KeptFields): void {
    if (kind === FIELD.unknown) fields.unknownNames++;
    else if (kind === FIELD.scheme) this.sawScheme = true;
  }

  /** RFC 7541 §6.2: with incremental indexing, without, never. */
  private literal(table: DynamicTable, view: DataView, end: number, fields: KeptFields): boolean {
    const { cursor } = this;
    const first = view.getUint8(cursor.next);
    const inserted = (first & INSERTED) !== 0;
    const most = inserted ? 0x3f : 0x0f;
    let index = first & most;
    if (index < most) cursor.next++;
    else if (readInteger(view, end, inserted ? 6 : 4, cursor)) index = cursor.value;
    else return false;
    let kind: FieldKind;
    let nameBytes: number;
    if (index === 0) {
      if (!this.locate(view, end)) return false;
      nameBytes = this.octetsOf(view, this.name);
      if (nameBytes < 0) return false;
      kind = fieldKind(this.name, nameBytes);
    } else if (index <= STATIC_TABLE.length) {
      kind = (staticKinds[index - 1] ?? FIELD.other) as FieldKind;
      nameBytes = staticNameBytes[index - 1] ?? 0;
    } else {
      const row = table.find(index);
      if (row < 0) this.noteBehind(table);
      kind = row < 0 ? FIELD.unknown : table.kind(row);
      nameBytes = row < 0 ? 0 : table.nameLength(row);
    }
    if (!this.locate(view, end)) return false;
    if (kind < FIRST_KEPT) {
      this.noteUnkept(kind, fields);
      if (inserted) table.insert(kind, nameBytes, this.leastBytes(), null);
      return true;
    }
    const valueBytes = this.keptValue(kind, view);
    if (valueBytes < 0) return false;
    setField(fields, kind, this.value);
    if (inserted) table.insert(kind, nameBytes, valueBytes, this.value);
    return true;
  }

  /** Finds the string literal at the cursor (RFC 7541 §5.2), and steps over it. @returns false where it is cut */
  private locate(view: DataView, end: number): boolean {
    const { cursor } = this;
    let at = cursor.next;
    if (at >= end) return false;
    const first = view.getUint8(at++);
    let bytes = first & LENGTH_LONG;
    if (bytes === LENGTH_LONG) {
      if (!readInteger(view, end, 7, cursor)) return false;
      at = cursor.next;
      bytes = cursor.value;
    }
    if (bytes > end - at) return false;
    this.isCoded = first >= CODED;
    this.stringAt = at;
    this.stringEnd = cursor.next = at + bytes;
    return true;
  }

  /** The fewest octets that the string can have, without decoding it: that saves half of all Huffman decoding. */
  private leastBytes(): number {
    const bytes = this.stringEnd - this.stringAt;
    return this.isCoded ? leastLength(bytes) : bytes;
  }

  /**
   * Puts the string's octets into `into`, as far as it has room.
   * @returns how many it has, -1 where it is malformed
   */
  private octetsOf(view: DataView, into: Uint8Array): number {
    const at = this.stringAt;
    if (this.isCoded) return decodeHuffman(view, at, this.stringEnd, into);
    const bytes = this.stringEnd - at;
    const kept = Math.min(bytes, into.length);
    for (let i = 0; i < kept; i++) into[i] = view.getUint8(at + i);
    return bytes;
  }

  /**
   * Makes the string a kept value in `this.value`; masked before anything can keep it.
   * @returns how many octets it has, -1 where it is malformed
   */
  private keptValue(kind: FieldKind, view: DataView): number {
    if (kind === FIELD.requestId || kind === FIELD.traceparent) return this.newValue(view, MASKING.none);
    const { values } = this;
    const at = this.stringAt;
    const wireBytes = this.stringEnd - at;
    const masking = maskingOf(kind);
    if (values.find(view, at, wireBytes, (this.isCoded ? 1 : 0) | (masking << 1))) {
      this.value = values.value;
      return values.length;
    }
    const bytes = this.newValue(view, masking);
    if (bytes >= 0 && this.value !== null) values.keep(view, at, wireBytes, bytes, this.value);
    return bytes;
  }

  private newValue(view: DataView, masking: Masking): number {
    const bytes = this.octetsOf(view, this.octets);
    if (bytes < 0) return bytes;
    if (bytes > KEPT_VALUE_MAX_BYTES) {
      this.longValues++;
      this.value = null;
      return bytes;
    }
    this.value = mask(this.text.latin1Slice(0, bytes), masking);
    return bytes;
  }
}
