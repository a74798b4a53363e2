import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import {
  AFTERMATH_STREAMS,
  FINISHED_STREAMS_EASY,
  FINISHED_STREAMS_MAX,
  type LimitCounter,
  NEWEST_STREAMS_MAX,
  NEWEST_STREAMS_MIN,
  NEWEST_STREAMS_SAMPLED,
  NOTABLE_STREAMS_LEAST,
  NOTABLE_STREAMS_MAX,
  NOTABLE_STREAMS_TOTAL,
  OPEN_STREAMS_MAX,
  STREAM_TEXT_MAX_BYTES,
} from './limits.ts';
import { CellPool } from './cell-pool.ts';
import { LiveStream, STREAM_CELLS } from './live-stream.ts';
import type { StreamTotals } from './model.ts';
import { OpenStreams } from './open-streams.ts';
import { Share } from './share.ts';

const NO_STATUS: ReadonlyMap<number, number> = new Map();

/** The finished streams of one connection: those worth keeping, the newest, and the count of the rest. */
class FinishedStreams {
  /** Requests from here on are kept, since they follow a failure: what the client did next is what a reader asks. */
  aftermath = 0;
  readonly notable: LiveStream[] = [];
  /** A ring of the newest finished ones; `oldest` is where the next is written once it is full. */
  readonly newest: LiveStream[] = [];
  oldest = 0;
  folded = 0;
  /** Made when a second status comes: most connections have one only. */
  #byStatus: Map<number, number> | null = null;
  /** The status folded last, and how often since another one was: they come in runs, and a look into a map costs more than the rest. */
  #status = 0;
  #statusCount = 0;

  countStatus(status: number): void {
    if (status !== this.#status) {
      this.#settleStatus();
      this.#status = status;
    }
    this.#statusCount++;
  }

  get byStatus(): ReadonlyMap<number, number> {
    this.#settleStatus();
    return this.#byStatus ?? NO_STATUS;
  }

  #settleStatus(): void {
    if (this.#statusCount === 0) return;
    const counts = (this.#byStatus ??= new Map<number, number>());
    counts.set(this.#status, (counts.get(this.#status) ?? 0) + this.#statusCount);
    this.#statusCount = 0;
  }
}

/** Follows streams from their first frame to their end, and folds finished ones into totals so that memory follows what is open. */
export class StreamBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  readonly #open = new OpenStreams();
  readonly #cells = new CellPool(STREAM_CELLS);
  /** By connection; sparse. */
  readonly #connections: (FinishedStreams | undefined)[] = [];
  /** By connection: the newest of its own open streams, from which the others are reached. */
  readonly #newestOpen: (LiveStream | null)[] = [];
  readonly #folded: LiveStream[] = [];
  #finished = 0;
  #textBytes = 0;
  readonly #notable = new Share(NOTABLE_STREAMS_MAX, NOTABLE_STREAMS_LEAST, NOTABLE_STREAMS_TOTAL);
  /** Frames of a stream come in runs. */
  #last: LiveStream | undefined;

  constructor(moment: Moment, limits: LimitCounter) {
    this.#moment = moment;
    this.#limits = limits;
  }

  /**
   * The open stream of that number; undefined where none is.
   * @param place  its connection, or the tunnel it runs in
   */
  find(place: number, streamId: number): LiveStream | undefined {
    const last = this.#last;
    if (last !== undefined && last.id === streamId && last.place === place) return last;
    const found = this.#open.find(place, streamId);
    if (found !== undefined) this.#last = found;
    return found;
  }

  /** A connection begins. */
  opened(connection: number): void {
    this.#newestOpen[connection] = null;
  }

  /**
   * Forgets all streams of a connection, open and finished.
   * @param dropped told of each open one, before it may be used again
   * @returns how many finished ones it had
   */
  release(connection: number, dropped: (stream: LiveStream) => void): number {
    const streams = this.#connections[connection];
    this.#dropOpen(connection, dropped);
    if (streams === undefined) return 0;
    this.#connections[connection] = undefined;
    this.#finished -= streams.newest.length;
    this.#notable.give(streams.notable.length);
    for (const stream of streams.notable) this.#retire(stream);
    for (const stream of streams.newest) this.#retire(stream);
    return streams.folded + streams.notable.length + streams.newest.length;
  }

  /** Whether a stream is open. */
  isBusy(connection: number): boolean {
    return (this.#newestOpen[connection] ?? null) !== null;
  }

  /** Whether a finished stream failed, took long or followed one that did. */
  isNotable(connection: number): boolean {
    return (this.#connections[connection]?.notable.length ?? 0) > 0;
  }

  /**
   * @param nth     the connection's place in the order of first packets
   * @param carrier the CONNECT stream that it runs in
   * @returns undefined where OPEN_STREAMS_MAX streams are open already
   */
  open(
    connection: number,
    nth: number,
    streamId: number,
    askedBy: Side | null,
    sawRequest: boolean,
    carrier: LiveStream | null = null,
  ): LiveStream | undefined {
    if (this.#open.count >= OPEN_STREAMS_MAX) {
      this.#limits.hit('open-streams', OPEN_STREAMS_MAX);
      return undefined;
    }
    const stream = this.#folded.pop() ?? new LiveStream(this.#cells);
    stream.reuse(connection, nth, streamId, askedBy, sawRequest, this.#moment, carrier);
    this.#open.add(stream);
    this.#enlist(stream);
    this.#last = stream;
    const finished = this.#connections[connection];
    if (finished !== undefined && finished.aftermath > 0 && sawRequest) {
      finished.aftermath--;
      stream.followsFailure = true;
    }
    return stream;
  }

  /** A stream was told what it asks for. Where all streams together have no room for that, it is forgotten. */
  asked(stream: LiveStream): void {
    this.#textBytes += stream.textBytes;
    if (this.#textBytes <= STREAM_TEXT_MAX_BYTES) return;
    this.#limits.hit('stream-text-bytes', STREAM_TEXT_MAX_BYTES);
    this.#textBytes -= stream.textBytes;
    stream.forgetRequest();
  }

  /** Call once for a stream that is closed: it leaves the open ones, and may be folded and used again. */
  close(stream: LiveStream): void {
    this.#open.remove(stream);
    this.#delist(stream);
    if (this.#last === stream) this.#last = undefined;
    const streams = (this.#connections[stream.connection] ??= new FinishedStreams());
    if (stream.isNotable(this.#moment)) {
      if (stream.hasFailed) streams.aftermath = AFTERMATH_STREAMS;
      if (this.#notable.allows(streams.notable.length)) {
        this.#notable.take();
        streams.notable.push(stream);
        return;
      }
      this.#limits.hit('notable-streams-per-connection', this.#notable.bound);
    }
    this.#keepNewest(streams, stream);
  }

  totals(connection: number): StreamTotals {
    const streams = this.#connections[connection];
    return { count: streams?.folded ?? 0, byStatus: streams?.byStatus ?? NO_STATUS };
  }

  /** All that are kept one by one. */
  *all(): Generator<LiveStream> {
    yield* this.#open.all();
    for (const streams of this.#connections) {
      if (streams === undefined) continue;
      yield* streams.notable;
      yield* streams.newest;
    }
  }

  #dropOpen(connection: number, dropped: (stream: LiveStream) => void): void {
    this.#dropAll(this.#newestOpen[connection] ?? null, dropped);
    this.#last = undefined;
  }

  #dropAll(newest: LiveStream | null, dropped: (stream: LiveStream) => void): void {
    for (let stream = newest; stream !== null;) {
      const { older } = stream;
      this.#dropAll(stream.newestInner, dropped);
      dropped(stream);
      this.#open.remove(stream);
      this.#delist(stream);
      this.#retire(stream);
      stream = older;
    }
  }

  #enlist(stream: LiveStream): void {
    const { carrier } = stream;
    const older = carrier === null ? (this.#newestOpen[stream.connection] ?? null) : carrier.newestInner;
    stream.newer = null;
    stream.older = older;
    if (older !== null) older.newer = stream;
    this.#setNewest(stream, stream);
  }

  #delist(stream: LiveStream): void {
    const { newer, older } = stream;
    if (newer === null) this.#setNewest(stream, older);
    else newer.older = older;
    if (older !== null) older.newer = newer;
  }

  /** @param of  a stream of the row */
  #setNewest(of: LiveStream, newest: LiveStream | null): void {
    if (of.carrier === null) this.#newestOpen[of.connection] = newest;
    else of.carrier.newestInner = newest;
  }

  #keepNewest(streams: FinishedStreams, stream: LiveStream): void {
    const { newest } = streams;
    if (newest.length < this.#newestMax()) {
      newest.push(stream);
      this.#finished++;
      return;
    }
    const oldest = newest[streams.oldest];
    if (oldest === undefined || this.#isPassedOver(streams)) {
      this.#fold(streams, stream);
      return;
    }
    newest[streams.oldest] = stream;
    streams.oldest = (streams.oldest + 1) % newest.length;
    this.#fold(streams, oldest);
  }

  /** In a busy capture one in NEWEST_STREAMS_SAMPLED is kept: going round through all of them would be most of the work on a stream. */
  #isPassedOver(streams: FinishedStreams): boolean {
    return this.#finished >= FINISHED_STREAMS_EASY && streams.folded % NEWEST_STREAMS_SAMPLED !== 0;
  }

  #newestMax(): number {
    if (this.#finished < FINISHED_STREAMS_EASY) return NEWEST_STREAMS_MAX;
    return this.#finished < FINISHED_STREAMS_MAX ? NEWEST_STREAMS_MIN : 0;
  }

  #fold(streams: FinishedStreams, stream: LiveStream): void {
    const { status } = stream;
    streams.folded++;
    if (typeof status === 'number') streams.countStatus(status);
    this.#retire(stream);
  }

  /** Nobody asks for it any more: it is used again. */
  #retire(stream: LiveStream): void {
    this.#textBytes -= stream.textBytes;
    stream.forgetRequest();
    this.#folded.push(stream);
  }
}
