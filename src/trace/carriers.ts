import type { Moment } from '../capture/index.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import type { LiveStream } from './live-stream.ts';

/** CONNECT streams in whose tunnels (RFC 9113 §8.5) something runs that is read, by the number under which that is told. */
export class CarrierBook {
  readonly #byInner = new Map<number, LiveStream>();

  /** What runs in a tunnel can be read from now on. */
  opened(inner: number, carrier: LiveStream): void {
    carrier.inner = inner;
    this.#byInner.set(inner, carrier);
  }

  /** No more is told of what runs in it. */
  closed(inner: number): void {
    this.#byInner.delete(inner);
  }

  /** The stream that carries it; undefined where that is not followed. */
  of(inner: number): LiveStream | undefined {
    return this.#byInner.get(inner);
  }

  /** What a side says in the tunnel cannot be followed any more, or again. @returns the stream that carries it */
  follows(inner: number, side: Side, isLost: boolean): LiveStream | undefined {
    const carrier = this.#byInner.get(inner);
    if (carrier === undefined) return undefined;
    const bit = 1 << side;
    carrier.unreadSides = isLost ? carrier.unreadSides | bit : carrier.unreadSides & ~bit;
    return carrier;
  }

  /**
   * A side ended a stream, or reset it. Ends what waits in its tunnel for an answer of that side.
   * @param isOver the stream is over for both: then all that is open in its tunnel is, too
   * @param closed is called with each stream that this ends
   */
  ended(carrier: LiveStream, side: Side, isOver: boolean, moment: Moment, closed: (stream: LiveStream) => void): void {
    for (let stream = carrier.newestInner; stream !== null;) {
      const { older } = stream;
      if (isOver || stream.askedBy === otherSide(side)) {
        stream.cut(side, moment);
        closed(stream);
      }
      stream = older;
    }
  }
}
