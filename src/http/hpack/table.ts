import { FIRST_KEPT, type FieldKind } from '../headers.ts';

/** The static table (RFC 7541 appendix A) as name, value; index 1 is row 0. */
export const STATIC_TABLE: readonly (readonly [name: string, value: string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
];

/** Bytes that every entry counts on top of its name and value (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;
/** Size of a dynamic table before any SETTINGS (RFC 9113 §6.5.2). */
export const TABLE_DEFAULT_BYTES = 4096;

/** Rows that a table begins with; 4096 bytes hold at most 128. */
const ROWS_FIRST = 16;
/** What is followed of one table. Above, entries count as unknown: encoders seen in the wild use 4 to 64 kB. */
export const TABLE_KEPT_MAX_BYTES: number = 64 * 1024;
/** Rows of all tables of a pass together: 12 bytes each, plus kept values. */
export const ROWS_TOTAL_MAX: number = 2 * 1024 * 1024;

/** Fields of a row: its entry's size, which is at most TABLE_KEPT_MAX_BYTES | kind | length of its name, or NAME_MAX_BYTES where that is more. */
const KIND_SHIFT = 17;
const KIND_MASK = 0xf;
const NAME_SHIFT = 21;
const SIZE_MASK: number = 2 ** KIND_SHIFT - 1;
const NAME_MAX_BYTES: number = 2 ** (32 - NAME_SHIFT) - 1;

/** Bytes of all entries together (RFC 7541 §4.1), which bounds the values kept. Tables of 4 kB: 16,384 full ones. */
const ENTRIES_TOTAL_MAX_BYTES: number = 16 * 1024 * TABLE_DEFAULT_BYTES;

/** What all tables of a pass have in use, and how often a bound was hit. */
export class TableBudget {
  rows = 0;
  entryBytes = 0;
  refused = 0;
  /** Times that one table was announced to be larger than TABLE_KEPT_MAX_BYTES. */
  long = 0;
}

/**
 * The dynamic table of one flow, newest entry first (RFC 7541 §2.3.2), of which only the kept values are held.
 *
 * Why it stays right where its start, its size or SETTINGS were not captured: an index counts from the newest entry, so the
 * n newest entries are right whatever lies behind them. An entry that the encoder has evicted, or one too large that only
 * emptied the encoder's table (RFC 7541 §4.4), can linger here but is never referred to again.
 * An index behind the entries that we know is `unknown`. For the same reason sizes may be too small (we then hold entries that the
 * encoder has evicted), but never too large.
 *
 * Nothing is allocated before the first insertion.
 */
export class DynamicTable {
  /** Whether every entry since the connection's start was seen; else an index behind the known ones is no error. */
  complete: boolean;
  private readonly budget: TableBudget;
  private maxBytes = TABLE_DEFAULT_BYTES;
  /** Bytes of the entries held (RFC 7541 §4.1), or fewer: of values that nobody keeps only a lower bound is known. */
  sizeBytes = 0;
  private count = 0;
  /** Row that the next entry goes into. */
  private head = 0;
  /** One word an entry, so that what an index or an eviction needs lies in one place. */
  private rows: Int32Array = NO_ROWS;
  /** Rows, less one: they are a power of two, or none. */
  private mask = -1;
  private values: (string | null)[] = NO_VALUES;

  constructor(complete: boolean, budget: TableBudget) {
    this.complete = complete;
    this.budget = budget;
  }

  /** @param index from 62 on (RFC 7541 §2.3.3) @returns the row for the readers below, or -1 where the entry is not known */
  find(index: number): number {
    const back = index - STATIC_TABLE.length - 1;
    if (back >= this.count) return -1;
    return (this.head - 1 - back) & this.mask;
  }

  kind(row: number): FieldKind {
    return (((this.rows[row] ?? 0) >>> KIND_SHIFT) & KIND_MASK) as FieldKind;
  }

  /** Exact up to NAME_MAX_BYTES, above too small. */
  nameLength(row: number): number {
    return (this.rows[row] ?? 0) >>> NAME_SHIFT;
  }

  value(row: number): string | null {
    return this.values[row] ?? null;
  }

  /** Adds an entry, after evicting what it displaces (RFC 7541 §4.4). */
  insert(kind: FieldKind, nameBytes: number, valueBytes: number, value: string | null): void {
    const bytes = nameBytes + valueBytes + ENTRY_OVERHEAD_BYTES;
    const room = this.maxBytes - bytes;
    if (this.sizeBytes > room) this.evictTo(room);
    if (room < 0) return;
    if (this.count > this.mask && !this.grow()) return;
    const row = this.head;
    this.rows[row] = bytes | (kind << KIND_SHIFT) | (Math.min(nameBytes, NAME_MAX_BYTES) << NAME_SHIFT);
    if (kind >= FIRST_KEPT) this.values[row] = value;
    this.head = (row + 1) & this.mask;
    this.count++;
    this.sizeBytes += bytes;
    this.budget.entryBytes += bytes;
    if (this.budget.entryBytes > ENTRIES_TOTAL_MAX_BYTES) this.refuse();
  }

  /** A dynamic table size update (RFC 7541 §6.3). Size 0 empties it, after which all of it is known again. */
  resize(maxBytes: number): void {
    this.maxBytes = Math.min(maxBytes, TABLE_KEPT_MAX_BYTES);
    this.evictTo(this.maxBytes);
    if (maxBytes === 0) this.complete = true;
    if (maxBytes <= TABLE_KEPT_MAX_BYTES) return;
    this.complete = false;
    this.budget.long++;
  }

  /** Nothing of the table is known from here on: bytes of the flow are missing. */
  forget(): void {
    this.complete = false;
    this.free();
  }

  /** Gives the memory back. */
  free(): void {
    this.budget.rows -= this.rows.length;
    this.budget.entryBytes -= this.sizeBytes;
    this.rows = NO_ROWS;
    this.mask = -1;
    this.values = NO_VALUES;
    this.count = this.head = this.sizeBytes = 0;
  }

  private evictTo(bytes: number): void {
    const { rows, mask } = this;
    let { count, sizeBytes } = this;
    while (count > 0 && sizeBytes > bytes) {
      const oldest = (this.head - count) & mask;
      const entry = rows[oldest] ?? 0;
      sizeBytes -= entry & SIZE_MASK;
      if (((entry >>> KIND_SHIFT) & KIND_MASK) >= FIRST_KEPT) this.values[oldest] = null;
      count--;
    }
    this.budget.entryBytes -= this.sizeBytes - sizeBytes;
    this.count = count;
    this.sizeBytes = sizeBytes;
  }

  /** All tables together are too large: this one is forgotten. */
  private refuse(): void {
    this.budget.refused++;
    this.forget();
  }

  /** @returns false, and all is forgotten, where the rows of all tables are used up. */
  private grow(): boolean {
    const old = this.rows.length;
    const length = old === 0 ? ROWS_FIRST : old * 2;
    if (this.budget.rows + length - old > ROWS_TOTAL_MAX) {
      this.refuse();
      return false;
    }
    this.budget.rows += length - old;
    const rows = new Int32Array(length);
    const values: (string | null)[] = Array.from({ length }, () => null);
    for (let i = 0; i < this.count; i++) {
      const row = (this.head - this.count + i) & (old - 1);
      rows[i] = this.rows[row] ?? 0;
      values[i] = this.values[row] ?? null;
    }
    this.rows = rows;
    this.mask = length - 1;
    this.values = values;
    this.head = this.count;
    return true;
  }
}

const NO_ROWS = new Int32Array(0);
const NO_VALUES: (string | null)[] = [];
