import { createHmac } from 'node:crypto';

type Hash = 'sha256' | 'sha384';

const LABEL_PREFIX = 'tls13 ';

function hmac(hash: Hash, key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac(hash, key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** HKDF-Expand-Label with an empty context (RFC 8446 §7.1, RFC 5869 §2.3). */
export function expandLabel(hash: Hash, secret: Uint8Array, label: string, bytes: number): Uint8Array {
  const name = bytesOf(LABEL_PREFIX + label);
  const info = Uint8Array.of(bytes >> 8, bytes & 0xff, name.length, ...name, 0);
  let block = new Uint8Array(0);
  const out: number[] = [];
  for (let counter = 1; out.length < bytes; counter++) {
    block = Uint8Array.from(hmac(hash, secret, block, info, Uint8Array.of(counter)));
    out.push(...block);
  }
  return Uint8Array.from(out.slice(0, bytes));
}

/** TLS 1.2's pseudo-random function for "key expansion" (RFC 5246 §5, §6.3). */
export function keyBlock(
  hash: Hash,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  bytes: number,
): Uint8Array {
  const label = bytesOf('key expansion');
  const out: number[] = [];
  let a = hmac(hash, master, label, serverRandom, clientRandom);
  while (out.length < bytes) {
    out.push(...hmac(hash, master, a, label, serverRandom, clientRandom));
    a = hmac(hash, master, a);
  }
  return Uint8Array.from(out.slice(0, bytes));
}
