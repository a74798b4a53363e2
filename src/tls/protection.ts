import { createDecipheriv, createHmac } from 'node:crypto';
import type { Cipher, Suite } from './ciphers.ts';
import { expandLabel } from './derive.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
const SEQUENCE_BYTES = 8;

/** One record as it was on the wire. */
export interface Sealed {
  readonly type: number;
  readonly version: number;
  readonly fragment: Uint8Array;
}

/** Opens the records of one direction, in order. */
export interface Protection {
  /** @returns the content, null where it does not open with these keys; then nothing was counted */
  open(record: Sealed): Uint8Array | null;
  /** Records that are known to be missing. */
  skip(records: number): void;
}

/** Sequence numbers are 64 bits (RFC 8446 §5.3); 2^53 records are more than anybody sends. */
function sequenceBytes(sequence: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(SEQUENCE_BYTES));
  view.setUint32(0, Math.floor(sequence / 2 ** 32));
  view.setUint32(4, sequence >>> 0);
  return new Uint8Array(view.buffer);
}

function header(type: number, version: number, length: number): Uint8Array {
  return Uint8Array.of(type, version >> 8, version & 0xff, length >> 8, length & 0xff);
}

/** AEAD of TLS 1.2 and 1.3. */
export class AeadProtection implements Protection {
  readonly #cipher: Extract<Cipher, { kind: 'aead' }>;
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;
  readonly #isTls13: boolean;
  #sequence = 0;

  /** @param iv 12 bytes; of TLS 1.2 AES-GCM the 4 that are not sent */
  constructor(cipher: Extract<Cipher, { kind: 'aead' }>, key: Uint8Array, iv: Uint8Array, isTls13: boolean) {
    this.#cipher = cipher;
    this.#key = key;
    this.#iv = iv;
    this.#isTls13 = isTls13;
  }

  skip(records: number): void {
    this.#sequence += records;
  }

  open({ type, version, fragment }: Sealed): Uint8Array | null {
    const { explicitNonceBytes } = this.#cipher;
    const bytes = fragment.length - explicitNonceBytes - TAG_BYTES;
    if (bytes < 0) return null;
    const nonce = explicitNonceBytes > 0 ? join(this.#iv, fragment.subarray(0, explicitNonceBytes)) : this.#nonce();
    const sealed = fragment.subarray(explicitNonceBytes, explicitNonceBytes + bytes);
    const associated = this.#isTls13
      ? header(type, version, fragment.length) // RFC 8446 §5.2
      : join(sequenceBytes(this.#sequence), header(type, version, bytes)); // RFC 5246 §6.2.3.3
    const content = this.#decipher(nonce, associated, sealed, fragment.subarray(fragment.length - TAG_BYTES));
    if (content !== null) this.#sequence++;
    return content;
  }

  #decipher(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array, tag: Uint8Array): Uint8Array | null {
    // Typed as GCM for all three: node:crypto has one interface for them.
    const name = this.#cipher.name as 'aes-256-gcm';
    const decipher = createDecipheriv(name, this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associated, { plaintextLength: sealed.length });
    decipher.setAuthTag(tag);
    const content = decipher.update(sealed);
    try {
      decipher.final();
      return plain(content);
    } catch {
      return null;
    }
  }

  /** RFC 8446 §5.3, RFC 7905 §2. */
  #nonce(): Uint8Array {
    const nonce = Uint8Array.from(this.#iv);
    const sequence = sequenceBytes(this.#sequence);
    for (let i = 0; i < SEQUENCE_BYTES; i++) {
      const at = IV_BYTES - SEQUENCE_BYTES + i;
      nonce[at] = (nonce[at] ?? 0) ^ (sequence[i] ?? 0);
    }
    return nonce;
  }
}

/** AES-CBC of TLS 1.2, MAC before or after encryption (RFC 5246 §6.2.3.2, RFC 7366). */
export class CbcProtection implements Protection {
  readonly #suite: Suite;
  readonly #cipher: Extract<Cipher, { kind: 'cbc' }>;
  readonly #key: Uint8Array;
  readonly #macKey: Uint8Array;
  readonly #encryptThenMac: boolean;
  #sequence = 0;

  constructor(
    suite: Suite,
    cipher: Extract<Cipher, { kind: 'cbc' }>,
    key: Uint8Array,
    macKey: Uint8Array,
    encryptThenMac: boolean,
  ) {
    this.#suite = suite;
    this.#cipher = cipher;
    this.#key = key;
    this.#macKey = macKey;
    this.#encryptThenMac = encryptThenMac;
  }

  skip(records: number): void {
    this.#sequence += records;
  }

  open(record: Sealed): Uint8Array | null {
    const content = this.#encryptThenMac ? this.#openMacLast(record) : this.#openMacFirst(record);
    if (content !== null) this.#sequence++;
    return content;
  }

  #openMacLast({ type, version, fragment }: Sealed): Uint8Array | null {
    const macAt = fragment.length - this.#cipher.macBytes;
    if (macAt < 2 * BLOCK_BYTES) return null;
    const sealed = fragment.subarray(0, macAt);
    if (!isSame(this.#mac(type, version, sealed), fragment.subarray(macAt))) return null;
    const padded = this.#decrypt(sealed);
    return padded === null ? null : unpadded(padded);
  }

  #openMacFirst({ type, version, fragment }: Sealed): Uint8Array | null {
    const padded = this.#decrypt(fragment);
    const whole = padded === null ? null : unpadded(padded);
    if (whole === null || whole.length < this.#cipher.macBytes) return null;
    const content = whole.subarray(0, whole.length - this.#cipher.macBytes);
    return isSame(this.#mac(type, version, content), whole.subarray(content.length)) ? content : null;
  }

  #decrypt(sealed: Uint8Array): Uint8Array | null {
    if (sealed.length < 2 * BLOCK_BYTES || sealed.length % BLOCK_BYTES !== 0) return null;
    const decipher = createDecipheriv(this.#cipher.name, this.#key, sealed.subarray(0, BLOCK_BYTES));
    decipher.setAutoPadding(false);
    return join(plain(decipher.update(sealed.subarray(BLOCK_BYTES))), plain(decipher.final()));
  }

  #mac(type: number, version: number, content: Uint8Array): Uint8Array {
    const mac = createHmac(this.#suite.mac, this.#macKey);
    mac
      .update(sequenceBytes(this.#sequence))
      .update(header(type, version, content.length))
      .update(content);
    return plain(mac.digest());
  }
}

/** The keys of one direction from its traffic secret (RFC 8446 §7.3); null where the suite is none of TLS 1.3. */
export function protectionFrom(suite: Suite, secret: Uint8Array): Protection | null {
  const { cipher, hash } = suite;
  if (cipher.kind !== 'aead') return null;
  const key = expandLabel(hash, secret, 'key', cipher.keyBytes);
  return new AeadProtection(cipher, key, expandLabel(hash, secret, 'iv', IV_BYTES), true);
}

/** Takes off the padding (RFC 5246 §6.2.3.2): so many bytes of this value, and one more that says so. */
function unpadded(bytes: Uint8Array): Uint8Array | null {
  const padding = bytes.at(-1) ?? 0;
  const end = bytes.length - padding - 1;
  if (end < 0) return null;
  for (let at = end; at < bytes.length; at++) if (bytes[at] !== padding) return null;
  return bytes.subarray(0, end);
}

/** A view of what node:crypto gives, without Buffer's ways. */
function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
