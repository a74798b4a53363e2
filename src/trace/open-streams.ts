import type { LiveStream } from './live-stream.ts';

/** To begin with. It doubles when it has a stream a bucket, and never shrinks: a table larger than what is open is one cache miss a frame. */
const FIRST_BUCKETS = 512;
/** Odd numbers, of stream and place: with the mixing below no arithmetic progression of ids falls into few buckets. */
const SPREAD_ID = 0x85ebca6b;
const SPREAD = 0x9e3779b1;

/**
 * The open streams of all connections, in a hash table whose chains run through the streams themselves:
 * opening, finding and closing allocate nothing, which a Map per connection would.
 */
export class OpenStreams {
  count = 0;
  #buckets: (LiveStream | null)[] = emptyBuckets(FIRST_BUCKETS);

  add(stream: LiveStream): void {
    if (this.count >= this.#buckets.length) this.#grow();
    prepend(this.#buckets, stream);
    this.count++;
  }

  /** @param place  the stream's connection, or the tunnel it runs in */
  find(place: number, streamId: number): LiveStream | undefined {
    const buckets = this.#buckets;
    let stream = buckets[bucketOf(place, streamId, buckets.length)] ?? null;
    while (stream !== null) {
      if (stream.id === streamId && stream.place === place) return stream;
      stream = stream.next;
    }
    return undefined;
  }

  remove(stream: LiveStream): void {
    const buckets = this.#buckets;
    const bucket = bucketOf(stream.place, stream.id, buckets.length);
    const first = buckets[bucket] ?? null;
    if (first === stream) buckets[bucket] = stream.next;
    else unlink(first, stream);
    stream.next = null;
    this.count--;
  }

  *all(): Generator<LiveStream> {
    for (const first of this.#buckets) {
      for (let stream = first; stream !== null; stream = stream.next) yield stream;
    }
  }

  #grow(): void {
    const larger = emptyBuckets(2 * this.#buckets.length);
    for (const first of this.#buckets) {
      for (let stream = first; stream !== null;) {
        const { next } = stream;
        prepend(larger, stream);
        stream = next;
      }
    }
    this.#buckets = larger;
  }
}

function prepend(buckets: (LiveStream | null)[], stream: LiveStream): void {
  const bucket = bucketOf(stream.place, stream.id, buckets.length);
  stream.next = buckets[bucket] ?? null;
  buckets[bucket] = stream;
}

function unlink(first: LiveStream | null, stream: LiveStream): void {
  let before = first;
  while (before !== null && before.next !== stream) before = before.next;
  if (before !== null) before.next = stream.next;
}

function bucketOf(place: number, streamId: number, buckets: number): number {
  const hash = Math.imul(place, SPREAD) + Math.imul(streamId, SPREAD_ID);
  const mixed = Math.imul(hash ^ (hash >>> 15), SPREAD);
  return (mixed ^ (mixed >>> 16)) & (buckets - 1);
}

function emptyBuckets(count: number): (LiveStream | null)[] {
  return Array.from({ length: count }, () => null);
}
