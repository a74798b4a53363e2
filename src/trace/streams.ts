import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import {
  FINISHED_STREAMS_MAX,
  type LimitCounter,
  NEWEST_STREAMS_MAX,
  NOTABLE_STREAMS_MAX,
  OPEN_STREAMS_MAX,
} from './limits.ts';
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
  /** By connection; sparse. */
  readonly #connections: (ConnectionStreams | undefined)[] = [];
  readonly #folded: LiveStream[] = [];
  #open = 0;
  #finished = 0;
  /** Frames of a stream come in runs. */
  #last: LiveStream | undefined;

  constructor(moment: Moment, limits: LimitCounter) {
    this.#moment = moment;
    this.#limits = limits;
  }

  /** The open stream of that number; undefined where none is. */
  find(connection: number, streamId: number): LiveStream | undefined {
    const last = this.#last;
    if (last !== undefined && last.id === streamId && last.connection === connection) return last;
    const found = this.#connections[connection]?.open.get(streamId);
    if (found !== undefined) this.#last = found;
    return found;
  }

  /** @returns undefined where OPEN_STREAMS_MAX streams are open already */
  open(connection: number, streamId: number, askedBy: Side | null, sawRequest: boolean): LiveStream | undefined {
    if (this.#open >= OPEN_STREAMS_MAX) {
      this.#limits.hit('open-streams', OPEN_STREAMS_MAX);
      return undefined;
    }
    const stream = this.#folded.pop() ?? new LiveStream();
    stream.reuse(connection, streamId, askedBy, sawRequest, this.#moment);
    (this.#connections[connection] ??= new ConnectionStreams()).open.set(streamId, stream);
    this.#open++;
    this.#last = stream;
    return stream;
  }

  /** Call for a stream that is closed: it leaves the open ones, and may be folded and used again. */
  close(stream: LiveStream): void {
    const streams = this.#connections[stream.connection];
    if (streams === undefined || !streams.open.delete(stream.id)) return;
    this.#open--;
    if (this.#last === stream) this.#last = undefined;
    if (stream.isNotable(this.#moment)) {
      if (streams.notable.length < NOTABLE_STREAMS_MAX) {
        streams.notable.push(stream);
        return;
      }
      this.#limits.hit('notable-streams-per-connection', NOTABLE_STREAMS_MAX);
    }
    this.#keepNewest(streams, stream);
  }

  totals(connection: number): StreamTotals {
    const streams = this.#connections[connection];
    return { count: streams?.folded ?? 0, byStatus: new Map(streams?.byStatus) };
  }

  /** All that are kept one by one. */
  *all(): Generator<LiveStream> {
    for (const streams of this.#connections) {
      if (streams === undefined) continue;
      yield* streams.open.values();
      yield* streams.notable;
      yield* streams.newest;
    }
  }

  #keepNewest(streams: ConnectionStreams, stream: LiveStream): void {
    const { newest } = streams;
    if (newest.length < NEWEST_STREAMS_MAX && this.#finished < FINISHED_STREAMS_MAX) {
      newest.push(stream);
      this.#finished++;
      return;
    }
    const oldest = newest[streams.oldest];
    if (oldest === undefined) {
      this.#fold(streams, stream);
      return;
    }
    newest[streams.oldest] = stream;
    streams.oldest = (streams.oldest + 1) % newest.length;
    this.#fold(streams, oldest);
  }

  #fold(streams: ConnectionStreams, stream: LiveStream): void {
    const { status } = stream;
    streams.folded++;
    if (typeof status === 'number') streams.byStatus.set(status, (streams.byStatus.get(status) ?? 0) + 1);
    this.#folded.push(stream);
  }
}
