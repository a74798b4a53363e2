import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import { type LimitCounter, NEWEST_STREAMS_MAX, NOTABLE_STREAMS_MAX, OPEN_STREAMS_MAX } from './limits.ts';
import { LiveStream } from './live-stream.ts';
import type { StreamTotals } from './model.ts';

/** The streams of one connection: those open, those finished and worth keeping, and the count of the rest. */
class ConnectionStreams {
  readonly open = new Map<number, LiveStream>();
  readonly notable: LiveStream[] = [];
  /** A ring of the newest finished ones; `oldest` is where the next is written once it is full. */
  readonly newest: LiveStream[] = [];
  oldest = 0;
  folded = 0;
  readonly byStatus = new Map<number, number>();
}

/** Follows streams from their first frame to their end, and folds finished ones into totals so that memory follows what is open. */
export class StreamBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  readonly #connections = new Map<number, ConnectionStreams>();
  #open = 0;

  constructor(moment: Moment, limits: LimitCounter) {
    this.#moment = moment;
    this.#limits = limits;
  }

  find(connection: number, streamId: number): LiveStream | undefined {
    return this.#connections.get(connection)?.open.get(streamId);
  }

  /** @returns undefined where OPEN_STREAMS_MAX streams are open already */
  open(connection: number, streamId: number, askedBy: Side | null, sawRequest: boolean): LiveStream | undefined {
    if (this.#open >= OPEN_STREAMS_MAX) {
      this.#limits.hit('open-streams', OPEN_STREAMS_MAX);
      return undefined;
    }
    const streams = this.#of(connection);
    if (!streams.open.has(streamId)) this.#open++;
    const stream = new LiveStream(connection, streamId, askedBy, sawRequest, this.#moment);
    streams.open.set(streamId, stream);
    return stream;
  }

  /** Call after each frame that may have ended `stream`. */
  settle(stream: LiveStream): void {
    if (!stream.isClosed) return;
    const streams = this.#of(stream.connection);
    if (streams.open.delete(stream.id)) this.#open--;
    if (stream.isNotable(this.#moment.ns[0] ?? 0)) {
      if (streams.notable.length < NOTABLE_STREAMS_MAX) {
        streams.notable.push(stream);
        return;
      }
      this.#limits.hit('notable-streams-per-connection', NOTABLE_STREAMS_MAX);
    }
    this.#keepNewest(streams, stream);
  }

  totals(connection: number): StreamTotals {
    const streams = this.#connections.get(connection);
    return { count: streams?.folded ?? 0, byStatus: new Map(streams?.byStatus) };
  }

  /** All that are kept one by one. */
  *all(): Generator<LiveStream> {
    for (const { open, notable, newest } of this.#connections.values()) {
      yield* open.values();
      yield* notable;
      yield* newest;
    }
  }

  #of(connection: number): ConnectionStreams {
    let streams = this.#connections.get(connection);
    if (streams === undefined) {
      streams = new ConnectionStreams();
      this.#connections.set(connection, streams);
    }
    return streams;
  }

  #keepNewest(streams: ConnectionStreams, stream: LiveStream): void {
    if (streams.newest.length < NEWEST_STREAMS_MAX) {
      streams.newest.push(stream);
      return;
    }
    const oldest = streams.newest[streams.oldest];
    streams.newest[streams.oldest] = stream;
    streams.oldest = (streams.oldest + 1) % NEWEST_STREAMS_MAX;
    if (oldest !== undefined) fold(streams, oldest);
  }
}

function fold(streams: ConnectionStreams, stream: LiveStream): void {
  streams.folded++;
  if (typeof stream.status === 'number')
    streams.byStatus.set(stream.status, (streams.byStatus.get(stream.status) ?? 0) + 1);
}
