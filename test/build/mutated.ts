import { Random } from '../../bench/random.ts';
import type { Side } from '../../src/tcp/index.ts';

/** Something that happens on a connection: a side's bytes, bytes of a side that were lost, or its end. */
export type Step =
  | { readonly kind: 'bytes'; readonly side: Side; readonly bytes: Uint8Array }
  | { readonly kind: 'lost'; readonly side: Side; readonly lostBytes: number }
  | { readonly kind: 'end'; readonly side: Side };

const MUTATIONS_MAX = 6;
const INSERTED_MAX_BYTES = 64;
/** Bytes at which readers of lengths, flags and text decide something. */
const TELLING = [0, 1, 4, 9, 0x0a, 0x0d, 0x20, 0x2f, 0x3a, 0x7f, 0x80, 0xff] as const;

/** Spoils conversations: bytes changed, cut out, put in or said by the other side, segments lost, doubled, swapped, mixed with another's. */
export class Mutator {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.#random.between(0, from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  chance(probability: number): boolean {
    return this.#random.chance(probability);
  }

  /** @param others  whose segments may be mixed in */
  mutate(steps: readonly Step[], others: readonly (readonly Step[])[]): Step[] {
    let mutated = [...steps];
    const count = this.#random.between(1, MUTATIONS_MAX + 1);
    for (let n = 0; n < count && mutated.length > 0; n++) mutated = this.#once(mutated, others);
    return mutated.flatMap((step) => this.#cut(step));
  }

  #once(steps: readonly Step[], others: readonly (readonly Step[])[]): Step[] {
    const at = this.#random.between(0, steps.length);
    const step = steps[at];
    if (step === undefined) return [...steps];
    const [before, after] = [steps.slice(0, at), steps.slice(at + 1)];
    switch (this.#random.between(0, 8)) {
      case 0:
        return [...before, step, step, ...after];
      case 1:
        return [...before, ...after];
      case 2:
        return [...after, step, ...before];
      case 3:
        return [...before, this.pick(this.pick(others)), step, ...after];
      case 4:
        return [...before, { ...step, side: step.side === 0 ? 1 : 0 }, ...after];
      case 5:
        return [...before, { kind: 'lost', side: step.side, lostBytes: this.#lostBytes(step) }, ...after];
      default:
        return step.kind === 'bytes' ? [...before, { ...step, bytes: this.#spoilt(step.bytes) }, ...after] : [...steps];
    }
  }

  /** As many as were there, nearly as many, or any number. */
  #lostBytes(step: Step): number {
    const bytes = step.kind === 'bytes' ? step.bytes.length : 1;
    return this.chance(0.5) ? bytes : this.chance(0.5) ? Math.max(1, bytes - 1) : 1 + this.#random.between(0, 100_000);
  }

  #spoilt(bytes: Uint8Array): Uint8Array {
    const at = this.#random.between(0, bytes.length + 1);
    switch (this.#random.between(0, 4)) {
      case 0:
        return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + this.#random.between(0, 20))]);
      case 1:
        return Uint8Array.from([...bytes.subarray(0, at), ...this.#noise(), ...bytes.subarray(at)]);
      case 2:
        return bytes.map((byte, i) => (i === at ? this.pick(TELLING) : byte));
      default:
        return bytes.map((byte, i) => (i === at ? byte ^ (1 << this.#random.between(0, 8)) : byte));
    }
  }

  #noise(): Uint8Array {
    return Uint8Array.from({ length: this.#random.between(1, INSERTED_MAX_BYTES) }, () => this.#random.between(0, 256));
  }

  /** A segment ends anywhere. */
  #cut(step: Step): Step[] {
    if (step.kind !== 'bytes' || step.bytes.length < 2 || this.chance(0.7)) return [step];
    const at = this.#random.between(1, step.bytes.length);
    return [
      { ...step, bytes: step.bytes.subarray(0, at) },
      { ...step, bytes: step.bytes.subarray(at) },
    ];
  }
}
