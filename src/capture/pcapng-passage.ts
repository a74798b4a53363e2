import type { Block } from './block.ts';
import type { SecretsSink } from './facts.ts';
import { SECRETS_BYTES, SECRETS_DATA, SECRETS_MIN_BYTES, SECRETS_TLS_KEY_LOG, SECRETS_TYPE } from './pcapng-layout.ts';

/** The way over a block of the file, which may be longer than what is read at once; its secrets are gathered on it. */
export class PcapngPassage {
  /** Of the block, once no longer held; 0 where its end was reached. */
  passedBytes = 0;
  readonly #block: Block;
  readonly #onSecrets: SecretsSink | undefined;
  #leftBytes = 0;
  #secrets: Uint8Array | undefined;
  /** Below 0: bytes before the secrets. */
  #secretsFilled = 0;

  constructor(block: Block, onSecrets: SecretsSink | undefined) {
    this.#block = block;
    this.#onSecrets = onSecrets;
  }

  get isUnderWay(): boolean {
    return this.#leftBytes > 0;
  }

  begin(total: number): void {
    this.#leftBytes = total;
    this.passedBytes = 0;
  }

  /** Moves on as far as bytes were read. @returns whether the block's end was reached */
  go(): boolean {
    const { at, end, bytes } = this.#block;
    const passed = Math.min(this.#leftBytes, end - at);
    if (this.#secrets !== undefined) this.#gather(this.#secrets, bytes.subarray(at, at + passed));
    this.#block.at += passed;
    this.#leftBytes -= passed;
    this.passedBytes = this.#leftBytes > 0 ? this.passedBytes + passed : 0;
    return this.#leftBytes === 0;
  }

  /** §4.7, the block standing at `at`: its bytes are gathered while it is passed over. */
  expectSecrets(total: number, littleEndian: boolean): void {
    if (total < SECRETS_MIN_BYTES || this.#onSecrets === undefined) return;
    const { view, at } = this.#block;
    const bytes = view.getUint32(at + SECRETS_BYTES, littleEndian);
    if (view.getUint32(at + SECRETS_TYPE, littleEndian) !== SECRETS_TLS_KEY_LOG) return;
    if (bytes > total - SECRETS_MIN_BYTES) return;
    this.#secrets = new Uint8Array(bytes);
    this.#secretsFilled = -SECRETS_DATA;
  }

  #gather(into: Uint8Array, passed: Uint8Array): void {
    const from = Math.max(0, -this.#secretsFilled);
    const at = Math.max(0, this.#secretsFilled);
    into.set(passed.subarray(from, from + into.length - at), Math.min(at, into.length));
    this.#secretsFilled += passed.length;
    if (this.#secretsFilled < into.length) return;
    this.#onSecrets?.(into);
    this.#secrets = undefined;
  }
}
