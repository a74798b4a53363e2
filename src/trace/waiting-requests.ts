import type { LiveStream } from './live-stream.ts';

const BUCKETS: number = 16 * 1024;
/** Characters of a key that its hash looks at, from the end: there paths have their names and ids their random part. */
const HASHED_CHARACTERS = 16;
const FNV_PRIME = 0x01000193;
const FNV_BASIS = 0x811c9dc5 | 0;

/** A stream's place in an index. Each stream carries one per index, so that adding and removing allocate nothing. */
export class WaitingLink {
  readonly stream: LiveStream;
  key: string | null = null;
  bucket = 0;
  newer: WaitingLink | null = null;
  older: WaitingLink | null = null;

  constructor(stream: LiveStream) {
    this.stream = stream;
  }
}

/**
 * Open streams by what they asked: those that another connection may still pass on. A hash table whose chains run through the streams,
 * newest first: what is passed on now was asked moments ago.
 */
export class WaitingRequests {
  readonly #newest: (WaitingLink | null)[] = Array.from({ length: BUCKETS }, () => null);

  /** @param bucket what `bucketOf` says of `key` */
  add(key: string, bucket: number, link: WaitingLink): void {
    const before = this.#newest[bucket] ?? null;
    link.key = key;
    link.bucket = bucket;
    link.newer = null;
    link.older = before;
    if (before !== null) before.newer = link;
    this.#newest[bucket] = link;
  }

  /** The newest link of a bucket; its chain (`older`) may hold several keys. */
  chain(bucket: number): WaitingLink | null {
    return this.#newest[bucket] ?? null;
  }

  /** Does nothing for a link that is not in. */
  remove(link: WaitingLink): void {
    if (link.key === null) return;
    const { newer, older } = link;
    if (newer === null) this.#newest[link.bucket] = older;
    else newer.older = older;
    if (older !== null) older.newer = newer;
    link.key = null;
    link.newer = null;
    link.older = null;
  }
}

/** Where a key is kept: made once for looking and for adding. */
export function bucketOf(key: string): number {
  let hash = FNV_BASIS ^ key.length;
  for (let at = Math.max(0, key.length - HASHED_CHARACTERS); at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), FNV_PRIME);
  }
  return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
}
