import type { Suite } from './ciphers.ts';
import { expandLabel, keyBlock } from './derive.ts';
import { AeadProtection, CbcProtection, IV_BYTES, type Protection } from './protection.ts';

const SALT_BYTES = 4;
const HASH_BYTES = { sha256: 32, sha384: 48 } as const;

/** The keys of one direction from its traffic secret (RFC 8446 §7.3); null where the suite is none of TLS 1.3. */
export function protectionFrom(suite: Suite, secret: Uint8Array): Protection | null {
  const { cipher, hash } = suite;
  if (cipher.kind !== 'aead') return null;
  const key = expandLabel(hash, secret, 'key', cipher.keyBytes);
  return new AeadProtection(cipher, key, expandLabel(hash, secret, 'iv', IV_BYTES), true);
}

/** The traffic secret after a KeyUpdate (RFC 8446 §7.2). */
export function nextSecret({ hash }: Suite, secret: Uint8Array): Uint8Array {
  return expandLabel(hash, secret, 'traffic upd', HASH_BYTES[hash]);
}

/** The keys of one direction from a master secret (RFC 5246 §6.3): MAC keys, keys, initialisation vectors, the client's first. */
export function protectionTls12(
  suite: Suite,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  encryptThenMac: boolean,
  isClient: boolean,
): Protection {
  const { cipher, hash } = suite;
  const macBytes = cipher.kind === 'cbc' ? cipher.macBytes : 0;
  const ivBytes = cipher.kind === 'cbc' ? 0 : cipher.explicitNonceBytes > 0 ? SALT_BYTES : IV_BYTES;
  const block = keyBlock(hash, master, clientRandom, serverRandom, 2 * (macBytes + cipher.keyBytes + ivBytes));
  const part = (at: number, bytes: number): Uint8Array =>
    block.subarray(at + (isClient ? 0 : bytes)).subarray(0, bytes);
  const key = part(2 * macBytes, cipher.keyBytes);
  if (cipher.kind === 'aead')
    return new AeadProtection(cipher, key, part(2 * (macBytes + cipher.keyBytes), ivBytes), false);
  return new CbcProtection(suite, cipher, key, part(0, macBytes), encryptThenMac);
}
