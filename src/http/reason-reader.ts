import { isGzip, LOOKED_AT_BYTES } from './body-text.ts';
import type { HttpCounters } from './counters.ts';
import { errorReason } from './error-reason.ts';
import type { Collector, CollectorPool } from './h2/collector.ts';
import type { HttpSink } from './sink.ts';
import { lastWatchErrorReason, mayBeWatchError, watchErrorReason } from './watch-error.ts';

/** Bodies that may be coded by gzip cost 30 us each to look into: so many take half a second. As many of each version of HTTP. */
export const CODED_BODIES_MAX: number = 2 ** 14;

/** What the DATA frame or chunk in hand may say. */
export const SAYS = { nothing: 0, bodyOfError: 1, watchError: 2 } as const;
export type Says = (typeof SAYS)[keyof typeof SAYS];

/** Where the flow whose frame or chunk it is keeps what came of it so far. */
interface Holder {
  says: Says;
  said: Collector | null;
}

/** Reads out of the first bytes of a DATA frame or a chunk why something failed, also where segments cut them. */
export class ReasonReader {
  private readonly sink: HttpSink;
  private readonly counters: HttpCounters;
  private readonly collectors: CollectorPool;
  private codedBodies = 0;

  constructor(sink: HttpSink, counters: HttpCounters, collectors: CollectorPool) {
    this.sink = sink;
    this.counters = counters;
    this.collectors = collectors;
  }

  /**
   * @param isError  the body is that of an error response, and nothing of it came yet
   * @param isCut    more of the frame or chunk comes behind `end`
   */
  expect(holder: Holder, isError: boolean, view: DataView, at: number, end: number, isCut: boolean): void {
    if (isError) holder.says = SAYS.bodyOfError;
    else holder.says = mayBeWatchError(view, at, end, isCut) ? SAYS.watchError : SAYS.nothing;
  }

  /** Takes the last bytes of a frame or chunk, as far as they lie in one segment. */
  last(connection: number, streamId: number, view: DataView, at: number, end: number): void {
    const reason = lastWatchErrorReason(view, at, end);
    if (reason !== null) this.sink.reason?.(connection, streamId, reason);
  }

  /** Takes the next bytes of a frame or chunk that says something. @param isRest  no more of it comes */
  take(
    holder: Holder,
    connection: number,
    streamId: number,
    view: DataView,
    at: number,
    end: number,
    isRest: boolean,
  ): void {
    if (holder.said === null && (isRest || end - at >= LOOKED_AT_BYTES)) {
      this.tell(holder.says, connection, streamId, view, at, end);
      holder.says = SAYS.nothing;
      return;
    }
    const wanted = LOOKED_AT_BYTES - (holder.said?.bytes ?? 0);
    holder.said ??= this.collectors.take();
    const hasRoom = holder.said !== null && this.collectors.append(holder.said, view, at, Math.min(end, at + wanted));
    if (!hasRoom || isRest || end - at >= wanted) this.finish(holder, connection, streamId);
  }

  /** No more of it comes than what came. */
  finish(holder: Holder, connection: number, streamId: number): void {
    const { said, says } = holder;
    if (said !== null) this.tell(says, connection, streamId, said.view, 0, said.bytes);
    this.drop(holder);
  }

  /** What was to follow is missing, or of no interest any more. */
  drop(holder: Holder): void {
    holder.says = SAYS.nothing;
    if (holder.said !== null) this.collectors.give(holder.said);
    holder.said = null;
  }

  private tell(says: Says, connection: number, streamId: number, view: DataView, at: number, end: number): void {
    if (isGzip(view, at, end) && this.codedBodies++ >= CODED_BODIES_MAX) {
      this.counters.codedLimit++;
      return;
    }
    const reason = says === SAYS.bodyOfError ? errorReason(view, at, end) : watchErrorReason(view, at, end);
    if (reason !== null) this.sink.reason?.(connection, streamId, reason);
  }
}
