/** Values remembered: enough that a request is still there when the gateway sends it on. */
const SLOTS: number = 2 ** 11;
/** Longest literal that is remembered, in bytes on the wire. All slots together then fit the second-level cache. */
const WIRE_MAX_BYTES: number = 2 ** 8;
const WORD_BYTES = 4;
const FORM_BITS = 3;
const PRIME = 0x9e3779b1;
const SLOT_BITS: number = Math.log2(SLOTS);

/**
 * The kept values decoded lately, found by their bytes on the wire: a gateway sends on nearly all that it receives, in the same
 * coding. A value found here is neither decoded nor masked again, and it is the same string object, whose hash is known.
 *
 * One slot a hash: a newer value takes the slot, so that nothing grows and no bytes can make a search long.
 */
export class ValueCache {
  private readonly octets = new DataView(new ArrayBuffer(SLOTS * WIRE_MAX_BYTES));
  private readonly keys = new Int32Array(SLOTS);
  private readonly lengths = new Int32Array(SLOTS);
  private readonly values: string[] = Array.from({ length: SLOTS }, () => '');
  /** Of the literal asked for last; -1 where it is too long to be remembered. */
  private slot = -1;
  private key = 0;

  /** Of the literal found last: its value as kept, and how many octets it had when decoded. */
  get value(): string {
    return this.values[this.slot] ?? '';
  }

  get length(): number {
    return this.lengths[this.slot] ?? 0;
  }

  /**
   * Looks for a literal of `bytes` bytes at `at`, all of them in `view`.
   * @param form  how its bytes become a value, 0..7: equal bytes of two forms are two values
   */
  find(view: DataView, at: number, bytes: number, form: number): boolean {
    if (bytes < WORD_BYTES || bytes > WIRE_MAX_BYTES) {
      this.slot = -1;
      return false;
    }
    const key = (bytes << FORM_BITS) | form;
    const slot = slotOf(view, at, bytes, key);
    this.slot = slot;
    this.key = key;
    return this.keys[slot] === key && isSame(view, at, this.octets, slot * WIRE_MAX_BYTES, bytes);
  }

  /** Remembers the literal that was looked for last, and not found. */
  keep(view: DataView, at: number, bytes: number, length: number, value: string): void {
    const { octets, slot } = this;
    if (slot < 0) return;
    const last = bytes - WORD_BYTES;
    const to = slot * WIRE_MAX_BYTES;
    for (let i = 0; i < last; i += WORD_BYTES) octets.setInt32(to + i, view.getInt32(at + i));
    octets.setInt32(to + last, view.getInt32(at + last));
    this.keys[slot] = this.key;
    this.lengths[slot] = length;
    this.values[slot] = value;
  }
}

// Both read words; the last one overlaps the one before it where the length is no multiple of a word.

function slotOf(view: DataView, at: number, bytes: number, key: number): number {
  const last = at + bytes - WORD_BYTES;
  let hash = key;
  for (let next = at; next < last; next += WORD_BYTES) hash = mix(hash, view.getInt32(next));
  return mix(hash, view.getInt32(last)) >>> (32 - SLOT_BITS);
}

function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, PRIME);
  return product ^ (product >>> 15);
}

function isSame(view: DataView, at: number, other: DataView, otherAt: number, bytes: number): boolean {
  const last = bytes - WORD_BYTES;
  for (let i = 0; i < last; i += WORD_BYTES) {
    if (view.getInt32(at + i) !== other.getInt32(otherAt + i)) return false;
  }
  return view.getInt32(at + last) === other.getInt32(otherAt + last);
}
