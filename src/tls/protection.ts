import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Cipher, Suite } from './ciphers.ts';
import { HEADER_BYTES, LENGTH_AT, VERSION_AT } from './record.ts';

export const IV_BYTES = 12;
const BLOCK_BYTES = 16;
const SEQUENCE_BYTES = 8;
/** The byte that says how long it is, included. */
const PADDING_MAX_BYTES = 256;

type AeadCipher = Extract<Cipher, { kind: 'aead' }>;
type CbcCipher = Extract<Cipher, { kind: 'cbc' }>;

/** One record as it was on the wire. */
export interface Sealed {
  readonly type: number;
  readonly version: number;
  readonly fragment: Uint8Array;
}

/** What a record is to be sealed as: as many bytes as one that was opened, under the same number. */
export interface Unsealed {
  readonly type: number;
  readonly version: number;
  readonly content: Uint8Array;
  /** The fragment that was opened: its length, and the nonce or initialisation vector that it begins with, are used again. */
  readonly like: Uint8Array;
  /** Sequence number (RFC 8446 §5.3). */
  readonly sequence: number;
}

/** Opens the records of one direction, in order, and seals others in their places. */
export interface Protection {
  /** Of the next record. */
  readonly sequence: number;
  /** @returns the content, null where it does not open with these keys; then nothing was counted */
  open(record: Sealed): Uint8Array | null;
  /** Records that are known to be missing. */
  skip(records: number): void;
  /** @returns a fragment as long as `like`; null where the content is not as long as what that held */
  seal(record: Unsealed): Uint8Array | null;
}

/** Sequence numbers are 64 bits (RFC 8446 §5.3); 2^53 records are more than anybody sends. */
function writeSequence(view: DataView, sequence: number): void {
  view.setUint32(0, Math.floor(sequence / 2 ** 32));
  view.setUint32(4, sequence >>> 0);
}

function sequenceBytes(sequence: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(SEQUENCE_BYTES));
  writeSequence(view, sequence);
  return new Uint8Array(view.buffer);
}

function header(type: number, version: number, length: number): Uint8Array {
  return Uint8Array.of(type, version >> 8, version & 0xff, length >> 8, length & 0xff);
}

/** AEAD of TLS 1.2 and 1.3. What a record needs beside its bytes is written where the last one's stood: node:crypto copies it. */
export class AeadProtection implements Protection {
  readonly #cipher: AeadCipher;
  readonly #key: KeyObject;
  readonly #options: { readonly authTagLength: number };
  readonly #isTls13: boolean;
  #sequence = 0;
  readonly #nonce = new Uint8Array(IV_BYTES);
  readonly #nonceView = new DataView(this.#nonce.buffer);
  /** The last 8 bytes of the vector, with which a sequence number is combined. */
  readonly #ivHigh: number;
  readonly #ivLow: number;
  readonly #associated: Uint8Array;
  readonly #associatedView: DataView;
  readonly #plaintextLength = { plaintextLength: 0 };
  readonly #tag: Uint8Array;

  /** @param iv 12 bytes; of TLS 1.2 with explicit nonces the 4 that are not sent */
  constructor(cipher: AeadCipher, key: Uint8Array, iv: Uint8Array, isTls13: boolean) {
    this.#cipher = cipher;
    this.#key = createSecretKey(key);
    this.#options = { authTagLength: cipher.tagBytes };
    this.#tag = new Uint8Array(cipher.tagBytes);
    this.#isTls13 = isTls13;
    this.#nonce.set(iv);
    this.#ivHigh = this.#nonceView.getInt32(IV_BYTES - SEQUENCE_BYTES);
    this.#ivLow = this.#nonceView.getInt32(IV_BYTES - SEQUENCE_BYTES / 2);
    this.#associated = new Uint8Array(isTls13 ? HEADER_BYTES : SEQUENCE_BYTES + HEADER_BYTES);
    this.#associatedView = new DataView(this.#associated.buffer);
  }

  get sequence(): number {
    return this.#sequence;
  }

  skip(records: number): void {
    this.#sequence += records;
  }

  seal({ type, version, content, like, sequence }: Unsealed): Uint8Array | null {
    const { explicitNonceBytes, tagBytes } = this.#cipher;
    if (content.length !== like.length - explicitNonceBytes - tagBytes) return null;
    this.#prepare({ type, version, fragment: like }, content.length, sequence);
    const cipher = createCipheriv(this.#cipher.name as 'aes-256-gcm', this.#key, this.#nonce, this.#options);
    this.#plaintextLength.plaintextLength = content.length;
    cipher.setAAD(this.#associated, this.#plaintextLength);
    const sealed = join(plain(cipher.update(content)), plain(cipher.final()));
    return join(join(like.subarray(0, explicitNonceBytes), sealed), plain(cipher.getAuthTag()));
  }

  open(record: Sealed): Uint8Array | null {
    const { fragment } = record;
    const { explicitNonceBytes, tagBytes } = this.#cipher;
    const bytes = fragment.length - explicitNonceBytes - tagBytes;
    if (bytes < 0) return null;
    this.#prepare(record, bytes, this.#sequence);
    const tagAt = explicitNonceBytes + bytes;
    for (let i = 0; i < tagBytes; i++) this.#tag[i] = fragment[tagAt + i] ?? 0;
    const content = this.#decipher(fragment.subarray(explicitNonceBytes, tagAt));
    if (content !== null) this.#sequence++;
    return content;
  }

  #decipher(sealed: Uint8Array): Uint8Array | null {
    // Typed as GCM for all: node:crypto has one interface for them.
    const name = this.#cipher.name as 'aes-256-gcm';
    const decipher = createDecipheriv(name, this.#key, this.#nonce, this.#options);
    decipher.setAuthTag(this.#tag);
    this.#plaintextLength.plaintextLength = sealed.length;
    decipher.setAAD(this.#associated, this.#plaintextLength);
    try {
      const content = decipher.update(sealed);
      decipher.final();
      return plain(content);
    } catch {
      return null;
    }
  }

  /** Writes nonce and associated data of a record with so many bytes of content. */
  #prepare(record: Sealed, bytes: number, sequence: number): void {
    const { explicitNonceBytes } = this.#cipher;
    if (explicitNonceBytes > 0)
      this.#nonce.set(record.fragment.subarray(0, explicitNonceBytes), IV_BYTES - explicitNonceBytes);
    else this.#combineNonce(sequence);
    this.#associate(record, bytes, sequence);
  }

  /** RFC 8446 §5.3, RFC 7905 §2. */
  #combineNonce(sequence: number): void {
    this.#nonceView.setInt32(IV_BYTES - SEQUENCE_BYTES, this.#ivHigh ^ Math.floor(sequence / 2 ** 32));
    this.#nonceView.setInt32(IV_BYTES - SEQUENCE_BYTES / 2, this.#ivLow ^ (sequence >>> 0));
  }

  /** RFC 8446 §5.2, RFC 5246 §6.2.3.3. */
  #associate({ type, version, fragment }: Sealed, bytes: number, sequence: number): void {
    const view = this.#associatedView;
    const at = this.#isTls13 ? 0 : SEQUENCE_BYTES;
    if (at > 0) writeSequence(view, sequence);
    view.setUint8(at, type);
    view.setUint16(at + VERSION_AT, version);
    view.setUint16(at + LENGTH_AT, this.#isTls13 ? fragment.length : bytes);
  }
}

/** AES-CBC of TLS 1.2, MAC before or after encryption (RFC 5246 §6.2.3.2, RFC 7366). */
export class CbcProtection implements Protection {
  readonly #suite: Suite;
  readonly #cipher: CbcCipher;
  readonly #key: Uint8Array;
  readonly #macKey: Uint8Array;
  readonly #encryptThenMac: boolean;
  #sequence = 0;

  constructor(suite: Suite, cipher: CbcCipher, key: Uint8Array, macKey: Uint8Array, encryptThenMac: boolean) {
    this.#suite = suite;
    this.#cipher = cipher;
    this.#key = key;
    this.#macKey = macKey;
    this.#encryptThenMac = encryptThenMac;
  }

  get sequence(): number {
    return this.#sequence;
  }

  skip(records: number): void {
    this.#sequence += records;
  }

  seal({ type, version, content, like, sequence }: Unsealed): Uint8Array | null {
    const { macBytes } = this.#cipher;
    if (!this.#encryptThenMac) {
      const mac = this.#mac(type, version, content, sequence);
      return this.#encrypt(join(content, mac), like, like.length);
    }
    const sealed = this.#encrypt(content, like, like.length - macBytes);
    return sealed === null ? null : join(sealed, this.#mac(type, version, sealed, sequence));
  }

  /** Fills up with padding (RFC 5246 §6.2.3.2) to as many bytes as the initialisation vector and its blocks take. */
  #encrypt(content: Uint8Array, like: Uint8Array, bytes: number): Uint8Array | null {
    const padding = bytes - BLOCK_BYTES - content.length;
    if (padding < 1 || padding > PADDING_MAX_BYTES || bytes % BLOCK_BYTES !== 0) return null;
    const vector = like.subarray(0, BLOCK_BYTES);
    const cipher = createCipheriv(this.#cipher.name, this.#key, vector);
    cipher.setAutoPadding(false);
    const padded = join(content, new Uint8Array(padding).fill(padding - 1));
    return join(vector, join(plain(cipher.update(padded)), plain(cipher.final())));
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
    if (!isSame(this.#mac(type, version, sealed, this.#sequence), fragment.subarray(macAt))) return null;
    const padded = this.#decrypt(sealed);
    return padded === null ? null : unpadded(padded);
  }

  #openMacFirst({ type, version, fragment }: Sealed): Uint8Array | null {
    const padded = this.#decrypt(fragment);
    const whole = padded === null ? null : unpadded(padded);
    if (whole === null || whole.length < this.#cipher.macBytes) return null;
    const content = whole.subarray(0, whole.length - this.#cipher.macBytes);
    return isSame(this.#mac(type, version, content, this.#sequence), whole.subarray(content.length)) ? content : null;
  }

  #decrypt(sealed: Uint8Array): Uint8Array | null {
    if (sealed.length < 2 * BLOCK_BYTES || sealed.length % BLOCK_BYTES !== 0) return null;
    const decipher = createDecipheriv(this.#cipher.name, this.#key, sealed.subarray(0, BLOCK_BYTES));
    decipher.setAutoPadding(false);
    return join(plain(decipher.update(sealed.subarray(BLOCK_BYTES))), plain(decipher.final()));
  }

  #mac(type: number, version: number, content: Uint8Array, sequence: number): Uint8Array {
    const mac = createHmac(this.#suite.mac, this.#macKey);
    mac
      .update(sequenceBytes(sequence))
      .update(header(type, version, content.length))
      .update(content);
    return plain(mac.digest());
  }
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
