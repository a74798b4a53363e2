import type { Moment } from '../capture/index.ts';
import { type ConnectionFacts, NONE_TO_SPARE, OPENING, type Side } from '../tcp/index.ts';
import { endpointText } from './addresses.ts';
import { FLOODS_MAX } from './limits.ts';
import type { Endpoint, Flood } from './model.ts';
import { Queue } from './queue.ts';
import { refOf } from './ref-table.ts';

/** Entries of a destination before it is looked how many of them still wait: at most twice as many as connections are followed then. */
const TIDY_MIN = 1024;

/** Who was asked, and by whom nobody knows any more. */
interface Destination {
  readonly to: Endpoint | null;
  readonly waiting: Queue;
  /** At this length those that were answered or given up meanwhile are dropped from `waiting`. */
  tidyAt: number;
  flood: Flood | null;
}

/**
 * SYNs that nobody answered, by destination. Where room is needed the destination with the most of them gives up its oldest, which is then
 * only counted: a flood pushes out itself, and not the few attempts that somebody waited for.
 */
export class UnansweredSyns {
  readonly #moment: Moment;
  readonly #tcp: ConnectionFacts;
  readonly #destinations = new Map<string, Destination>();
  /** All destinations beyond FLOODS_MAX. */
  readonly #others: Destination = { to: null, waiting: new Queue(), tidyAt: TIDY_MIN, flood: null };
  #busiest: Destination = this.#others;

  constructor(moment: Moment, tcp: ConnectionFacts) {
    this.#moment = moment;
    this.#tcp = tcp;
  }

  /** A connection began with a SYN. */
  asked(connection: number): void {
    const destination = this.#destinationOf(connection);
    const { waiting } = destination;
    waiting.push({ connection, nth: this.#tcp.nth(connection) });
    if (waiting.length >= destination.tidyAt) {
      waiting.retain((each) => this.#waits(each.connection, each.nth));
      destination.tidyAt = Math.max(TIDY_MIN, 2 * waiting.length);
    }
    if (destination.waiting.length > this.#busiest.waiting.length) this.#busiest = destination;
  }

  /** The connection to give up, which is counted from here on; NONE_TO_SPARE where nobody waits. */
  spare(): number {
    for (;;) {
      const destination = this.#busiest;
      const next = destination.waiting.shift();
      if (next === undefined) {
        if (!this.#seekBusiest()) return NONE_TO_SPARE;
        continue;
      }
      if (!this.#waits(next.connection, next.nth)) continue;
      this.#count(destination, next.connection);
      return next.connection;
    }
  }

  floods(): Flood[] {
    return [...this.#destinations.values(), this.#others].flatMap(({ flood }) => (flood === null ? [] : [flood]));
  }

  #waits(connection: number, nth: number): boolean {
    return this.#tcp.nth(connection) === nth && this.#tcp.opening(connection) === OPENING.unanswered;
  }

  #seekBusiest(): boolean {
    let most = this.#others;
    for (const destination of this.#destinations.values()) {
      if (destination.waiting.length > most.waiting.length) most = destination;
    }
    this.#busiest = most;
    return most.waiting.length > 0;
  }

  #count(destination: Destination, connection: number): void {
    const tcp = this.#tcp;
    const syns = tcp.packets(connection, 0) + tcp.packets(connection, 1);
    const now = refOf(this.#moment);
    const { connections, syns: before, since } = destination.flood ?? { connections: 0, syns: 0, since: now };
    destination.flood = { to: destination.to, connections: connections + 1, syns: before + syns, since, until: now };
  }

  #destinationOf(connection: number): Destination {
    const asked: Side = 1; // side 0 sent the first packet, the SYN
    const word = (index: 0 | 1 | 2 | 3): number => this.#tcp.addressWord(connection, asked, index);
    const key = `${word(0)} ${word(1)} ${word(2)} ${word(3)} ${this.#tcp.port(connection, asked)}`;
    const known = this.#destinations.get(key);
    if (known !== undefined) return known;
    if (this.#destinations.size >= FLOODS_MAX) return this.#others;
    const made: Destination = {
      to: endpointText(this.#tcp, connection, asked),
      waiting: new Queue(),
      tidyAt: TIDY_MIN,
      flood: null,
    };
    this.#destinations.set(key, made);
    return made;
  }
}
