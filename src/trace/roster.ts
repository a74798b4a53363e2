import type { Moment } from '../capture/index.ts';
import { type ConnectionFacts, NONE_TO_SPARE } from '../tcp/index.ts';
import { SPARED_LOOKS, SPARED_SILENCE_NS } from './limits.ts';
import type { Flood } from './model.ts';
import { Queue, type Queued } from './queue.ts';
import { UnansweredSyns } from './unanswered.ts';

/** What the recorder knows of a connection that decides whether it may be given up. */
export interface Worth {
  /** It says something by itself: a debt was kept, or one of its streams failed or took long. */
  readonly isNotable: (connection: number) => boolean;
  /** Something is open on it: a debt or a stream. */
  readonly isBusy: (connection: number) => boolean;
  /** When either side spoke last; NaN for a number that no connection has. */
  readonly lastSpokenNs: (connection: number) => number;
}

/**
 * Says which connection to give up where no more can be followed, cheapest loss first: one that closed without anything worth telling,
 * a SYN that nobody answered, any that closed, one that has been silent for long with nothing open. Oldest first.
 */
export class Roster {
  readonly #tcp: ConnectionFacts;
  readonly #moment: Moment;
  readonly #worth: Worth;
  readonly #closed = new Queue();
  readonly #closedNotable = new Queue();
  readonly #unanswered: UnansweredSyns;
  #hand = 0;

  constructor(moment: Moment, tcp: ConnectionFacts, worth: Worth) {
    this.#moment = moment;
    this.#tcp = tcp;
    this.#worth = worth;
    this.#unanswered = new UnansweredSyns(moment, tcp);
  }

  /** A connection began with a SYN. */
  asked(connection: number): void {
    this.#unanswered.asked(connection);
  }

  /** A connection is over: both FINs, or a RST that the peer would accept. */
  closed(connection: number): void {
    this.#closed.push(this.#entry(connection));
  }

  floods(): Flood[] {
    return this.#unanswered.floods();
  }

  /** @param rows numbers in use or used before, all below this */
  spare(rows: number): number {
    const dull = this.#oldestDull();
    if (dull !== NONE_TO_SPARE) return dull;
    const unanswered = this.#unanswered.spare();
    if (unanswered !== NONE_TO_SPARE) return unanswered;
    for (let next = this.#closedNotable.shift(); next !== undefined; next = this.#closedNotable.shift()) {
      if (this.#isHere(next)) return next.connection;
    }
    return this.#longSilent(rows);
  }

  #oldestDull(): number {
    for (let next = this.#closed.shift(); next !== undefined; next = this.#closed.shift()) {
      if (!this.#isHere(next)) continue;
      if (!this.#worth.isNotable(next.connection) && !this.#worth.isBusy(next.connection)) return next.connection;
      this.#closedNotable.push(next);
    }
    return NONE_TO_SPARE;
  }

  /** A hand goes round and looks at a few each time, so that a search costs a constant. */
  #longSilent(rows: number): number {
    const beforeNs = (this.#moment.ns[0] ?? 0) - SPARED_SILENCE_NS;
    for (let looks = 0; looks < SPARED_LOOKS; looks++) {
      this.#hand = (this.#hand + 1) % rows;
      const connection = this.#hand;
      const isSilent = this.#worth.lastSpokenNs(connection) < beforeNs;
      if (isSilent && !this.#worth.isNotable(connection) && !this.#worth.isBusy(connection)) return connection;
    }
    return NONE_TO_SPARE;
  }

  #entry(connection: number): Queued {
    return { connection, nth: this.#tcp.nth(connection) };
  }

  #isHere({ connection, nth }: Queued): boolean {
    return this.#tcp.nth(connection) === nth;
  }
}
