import { suitesOfTls13 } from './ciphers.ts';
import { protectionFrom } from './keys.ts';
import type { Protection, Sealed } from './protection.ts';

/**
 * What a client sends behind its first hello, under keys of an earlier session (RFC 8446 §4.2.10). Which suite that session had no hello
 * says, so those that fit the secret are tried until one opens a record.
 */
export class EarlyData {
  /** Records that opened. */
  opened = 0;
  #candidates: readonly Protection[];

  constructor(secret: Uint8Array) {
    this.#candidates = suitesOfTls13(secret.length).flatMap((suite) => protectionFrom(suite, secret) ?? []);
  }

  open(record: Sealed): Uint8Array | null {
    for (const candidate of this.#candidates) {
      const content = candidate.open(record);
      if (content === null) continue;
      if (this.opened++ === 0) this.#candidates = [candidate];
      return content;
    }
    return null;
  }
}
