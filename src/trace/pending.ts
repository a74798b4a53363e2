import type { LimitCounter } from './limits.ts';

interface Slot<Value> {
  key: number;
  value: Value;
  atNs: number;
}

/** Values of one key that are kept, the newest: equal keys come in bursts (one event to many watchers). */
const PER_KEY_MAX = 64;

/** Used-up slots at the front of the ring that are worth cutting off. */
const USED_UP_MIN = 1024;

/**
 * What was seen lately, by key: at most `bound` values in all, PER_KEY_MAX of one key, none older than `keptNs`.
 * Adding and finding cost a constant, amortised.
 */
export class PendingRing<Value> {
  readonly #bound: number;
  readonly #limits: LimitCounter;
  readonly #limit: string;
  readonly #keptNs: number;
  readonly #slots: Slot<Value>[] = [];
  #head = 0;
  readonly #lists = new Map<number, Value[]>();

  /** @param limit what the bound is called where it is told that it was reached */
  constructor(bound: number, keptNs: number, limits: LimitCounter, limit: string) {
    this.#bound = bound;
    this.#limits = limits;
    this.#limit = limit;
    this.#keptNs = keptNs;
  }

  add(key: number, value: Value, nowNs: number): void {
    this.#expire(nowNs);
    if (this.#slots.length - this.#head >= this.#bound) {
      this.#dropOldest();
      this.#limits.hit(this.#limit, this.#bound);
    }
    this.#slots.push({ key, value, atNs: nowNs });
    const list = this.#lists.get(key);
    if (list === undefined) {
      this.#lists.set(key, [value]);
      return;
    }
    if (list.length >= PER_KEY_MAX) list.shift();
    list.push(value);
  }

  /** What is pending under `key`, oldest first; undefined where nothing is. */
  find(key: number, nowNs: number): readonly Value[] | undefined {
    this.#expire(nowNs);
    return this.#lists.get(key);
  }

  #expire(nowNs: number): void {
    for (;;) {
      const oldest = this.#slots[this.#head];
      if (oldest === undefined || nowNs - oldest.atNs <= this.#keptNs) return;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const oldest = this.#slots[this.#head];
    if (oldest === undefined) return;
    this.#head++;
    this.#forget(oldest);
    // Cut off when it is half of the array: each slot is moved at most once for each time it is kept.
    if (this.#head > USED_UP_MIN && this.#head * 2 > this.#slots.length) {
      this.#slots.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #forget({ key, value }: Slot<Value>): void {
    const list = this.#lists.get(key);
    // Where PER_KEY_MAX pushed it out already, the list begins with a younger one.
    if (list?.[0] !== value) return;
    if (list.length > 1) list.shift();
    else this.#lists.delete(key);
  }
}
