import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import { AskBook } from './asks.ts';
import type { JudgeForwarding } from './forwarding.ts';
import { ASK_HOPS_NS, type LimitCounter } from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import type { AskJoin, Asks } from './model.ts';

/** How long a gateway takes is not known: requests are compared for each of some times, and the model judges which of them tells more than chance does. */
export class AskBooks {
  readonly #books: readonly AskBook[];

  /** As for `AskBook`. */
  constructor(
    moment: Moment,
    limits: LimitCounter,
    judge: JudgeForwarding,
    nth: (connection: number) => number,
    isOpaque: (connection: number) => boolean,
  ) {
    this.#books = ASK_HOPS_NS.map((_, hop) => new AskBook(hop, moment, limits, judge, nth, isOpaque));
  }

  begin(): void {
    for (const book of this.#books) book.begin();
  }

  opened(connection: number): void {
    for (const book of this.#books) book.opened(connection);
  }

  release(connection: number): void {
    for (const book of this.#books) book.release(connection);
  }

  request(connection: number, side: Side, stream: LiveStream | null): void {
    for (const book of this.#books) book.request(connection, side, stream);
  }

  connects(connection: number, side: Side): void {
    for (const book of this.#books) book.connects(connection, side);
  }

  /** By hop; empty where requests were not compared. */
  of(connection: number, idOf: (connection: number, nth: number) => number | undefined): readonly Asks[] {
    return this.#books.flatMap((book) => book.of(connection, idOf) ?? []);
  }

  all(idOf: (connection: number, nth: number) => number | undefined): AskJoin[] {
    return this.#books.flatMap((book) => book.all(idOf));
  }
}
