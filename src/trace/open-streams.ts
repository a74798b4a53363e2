import type { LiveStream } from './live-stream.ts';

const BUCKETS: number = 16 * 1024;
/** An odd number near 2^32 / golden ratio: spreads connection numbers over the buckets that stream numbers leave free. */
const SPREAD = 0x9e3779b1;

/**
 * The open streams of all connections, in a hash table whose chains run through the streams themselves:
 * opening, finding and closing allocate nothing, which a Map per connection would.
 */
export class OpenStreams {
  count = 0;
  readonly #buckets: (LiveStream | null)[] = Array.from({ length: BUCKETS }, () => null);

  add(stream: LiveStream): void {
    const bucket = bucketOf(stream.connection, stream.id);
    stream.next = this.#buckets[bucket] ?? null;
    this.#buckets[bucket] = stream;
    this.count++;
  }

  find(connection: number, streamId: number): LiveStream | undefined {
    let stream = this.#buckets[bucketOf(connection, streamId)] ?? null;
    while (stream !== null) {
      if (stream.id === streamId && stream.connection === connection) return stream;
      stream = stream.next;
    }
    return undefined;
  }

  remove(stream: LiveStream): void {
    const bucket = bucketOf(stream.connection, stream.id);
    const first = this.#buckets[bucket] ?? null;
    if (first === stream) this.#buckets[bucket] = stream.next;
    else unlink(first, stream);
    stream.next = null;
    this.count--;
  }

  *all(): Generator<LiveStream> {
    for (const first of this.#buckets) {
      for (let stream = first; stream !== null; stream = stream.next) yield stream;
    }
  }
}

function unlink(first: LiveStream | null, stream: LiveStream): void {
  let before = first;
  while (before !== null && before.next !== stream) before = before.next;
  if (before !== null) before.next = stream.next;
}

function bucketOf(connection: number, streamId: number): number {
  return ((Math.imul(connection, SPREAD) >>> 8) + (streamId >>> 1)) & (BUCKETS - 1);
}
