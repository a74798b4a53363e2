import type { LiveStream } from './live-stream.ts';

/** To begin with. A table larger than what is open would be one cache miss a request: 16 k buckets cost 5 % of a whole pass. */
const FIRST_BUCKETS = 512;
/** How far from a key's end its hash looks, at every second character: there paths have their names and ids their random part. */
const HASHED_SPAN = 16;
const HASHED_STEP = 2;
const FNV_PRIME = 0x01000193;
const FNV_BASIS = 0x811c9dc5 | 0;

/** A stream's place in an index. Each stream carries one per index, so that adding and removing allocate nothing. */
export class WaitingLink {
  readonly stream: LiveStream;
  key: string | null = null;
  hash = 0;
  newer: WaitingLink | null = null;
  older: WaitingLink | null = null;

  constructor(stream: LiveStream) {
    this.stream = stream;
  }
}

/**
 * Open streams by what they asked: those that another connection may still pass on. A hash table whose chains run through the streams,
 * newest first: what is passed on now was asked moments ago. It doubles when it has a stream a bucket, and never shrinks.
 */
export class WaitingRequests {
  #newest: (WaitingLink | null)[] = emptyBuckets(FIRST_BUCKETS);
  #count = 0;

  /**
   * Enters a link; one that is in already leaves its place.
   * @param hash what `hashOf` says of `key`
   */
  add(key: string, hash: number, link: WaitingLink): void {
    this.remove(link);
    if (this.#count >= this.#newest.length) this.#grow();
    this.#count++;
    link.key = key;
    link.hash = hash;
    prepend(this.#newest, link);
  }

  /** The newest link of a hash's bucket; its chain (`older`) may hold several keys. */
  chain(hash: number): WaitingLink | null {
    return this.#newest[hash & (this.#newest.length - 1)] ?? null;
  }

  /** Does nothing for a link that is not in. */
  remove(link: WaitingLink): void {
    if (link.key === null) return;
    const { newer, older } = link;
    if (newer === null) this.#newest[link.hash & (this.#newest.length - 1)] = older;
    else newer.older = older;
    if (older !== null) older.newer = newer;
    link.key = null;
    link.newer = null;
    link.older = null;
    this.#count--;
  }

  #grow(): void {
    const larger = emptyBuckets(2 * this.#newest.length);
    for (const newest of this.#newest) {
      // From the oldest on, so that in its new chain, too, each stands before those older than itself.
      let link = newest;
      while (link !== null && link.older !== null) link = link.older;
      while (link !== null) {
        const { newer } = link;
        prepend(larger, link);
        link = newer;
      }
    }
    this.#newest = larger;
  }
}

function prepend(newest: (WaitingLink | null)[], link: WaitingLink): void {
  const bucket = link.hash & (newest.length - 1);
  const before = newest[bucket] ?? null;
  link.newer = null;
  link.older = before;
  if (before !== null) before.newer = link;
  newest[bucket] = link;
}

function emptyBuckets(count: number): (WaitingLink | null)[] {
  return Array.from({ length: count }, () => null);
}

/** Where a key is kept: made once for looking and for adding. */
export function hashOf(key: string): number {
  let hash = FNV_BASIS ^ key.length;
  for (let at = Math.max(0, key.length - HASHED_SPAN); at < key.length; at += HASHED_STEP) {
    hash = Math.imul(hash ^ key.charCodeAt(at), FNV_PRIME);
  }
  return hash ^ (hash >>> 15);
}
