import { createHash } from 'node:crypto';
import { hexOf } from './hello.ts';

/** SHA-256 of "HelloRetryRequest": says what a hello is, and nothing of whose (RFC 8446 §4.1.3). */
const RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

/**
 * Randoms and secrets in place of those of a capture. They are made of the order in which randoms are met and of nothing else: they are
 * written beside what they seal, so they have nothing to hide, and the same capture gives the same bytes.
 */
export class StandInRandoms {
  readonly #standIns = new Map<string, Uint8Array>();

  /** @param random  of a hello, in hexadecimal digits */
  of(random: string): Uint8Array {
    if (random === RETRY_RANDOM) return Uint8Array.from(Buffer.from(random, 'hex'));
    const known = this.#standIns.get(random);
    if (known !== undefined) return known;
    const made = digest(`random ${this.#standIns.size + 1}`).subarray(0, 32);
    this.#standIns.set(random, made);
    return made;
  }

  /** A secret of so many bytes, at most 64, of the session whose client's random it is. */
  secret(random: string, label: string, bytes: number): Uint8Array {
    return digest(`${label} ${hexOf(this.of(random))}`).subarray(0, bytes);
  }
}

function digest(text: string): Uint8Array {
  return Uint8Array.from(createHash('sha512').update(`watchpcap stand-in ${text}`).digest());
}
