import { FINGERPRINT_BYTES } from '../sink.ts';

/**
 * Hash over the first FINGERPRINT_BYTES of a DATA frame's data (fewer where it has fewer), in the manner of MurmurHash3.
 * @returns a non-zero int32; 0 where there is no data, or where not all these bytes lie before `end`
 */
export function fingerprintOf(view: DataView, at: number, end: number, dataBytes: number): number {
  const bytes = Math.min(dataBytes, FINGERPRINT_BYTES);
  if (bytes === 0 || end - at < bytes) return 0;
  const wordsEnd = at + (bytes & ~3);
  let hash = bytes;
  for (let p = at; p < wordsEnd; p += 4) hash = mix(hash, view.getInt32(p));
  let tail = 0;
  for (let p = wordsEnd; p < at + bytes; p++) tail = (tail << 8) | view.getUint8(p);
  return finish(mix(hash, tail));
}

function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const mixed = hash ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return h === 0 ? 1 : h;
}
