/**
 * A keyed hash of a text, 16 bytes or more (HMAC): what makes a stand-in the same in every run with the same key. It comes from outside,
 * since this folder has no cryptography of its own. Without a key stand-ins are counted, in the order in which originals are met.
 */
export type Digest = (text: string) => Uint8Array;

/** The first `bytes` of a digest as a whole number; at most 6, so that it is exact. */
export function numberOf(digest: Uint8Array, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value = value * 256 + (digest[i] ?? 0);
  return value;
}

/** The first `bytes` of a digest as text. */
export function hexOf(digest: Uint8Array, bytes: number): string {
  return Array.from(digest.subarray(0, bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
