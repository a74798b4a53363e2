/** A seeded generator, so that the same parameters make the same capture on every machine (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** 0 <= n < 2^32. */
  word(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** from <= n < to, whole. */
  between(from: number, to: number): number {
    return from + (this.word() % (to - from));
  }

  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32;
  }

  /** Exponentially distributed around `mean`, whole, at least 1: times between independent events. */
  wait(mean: number): number {
    return 1 + Math.floor(-Math.log(1 - this.word() / 2 ** 32) * mean);
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.between(0, list.length)] ?? list[0];
  }

  /** Written like a version 4 UUID. */
  uuid(): string {
    const hex = [0, 0, 0, 0].map(() => this.word().toString(16).padStart(8, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
