import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import { type LimitCounter, SLOW_PINGS_MAX } from './limits.ts';
import type { Ref, SlowPing } from './model.ts';
import { refOf } from './ref-table.ts';

interface PendingPing {
  readonly opaque0: number;
  readonly opaque1: number;
  readonly sent: Ref;
}

class SidePings {
  sent = 0;
  answered = 0;
  /** Those without an acknowledgement yet, oldest first; the oldest leave when a peer never answers. */
  readonly pending: PendingPing[] = [];
}

/** HTTP/2 PINGs and their acknowledgements, matched by their opaque data (RFC 9113 §6.7). */
export class PingBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  readonly #flows = new Map<number, SidePings>();

  constructor(moment: Moment, limits: LimitCounter) {
    this.#moment = moment;
    this.#limits = limits;
  }

  sent(connection: number, side: Side, opaque0: number, opaque1: number): void {
    const pings = this.#of(connection, side);
    pings.sent++;
    if (pings.pending.length >= SLOW_PINGS_MAX) {
      pings.pending.shift();
      this.#limits.hit('unanswered-pings-per-side', SLOW_PINGS_MAX);
    }
    pings.pending.push({ opaque0, opaque1, sent: refOf(this.#moment) });
  }

  /** Forgets a connection. */
  release(connection: number): void {
    this.#flows.delete(2 * connection);
    this.#flows.delete(2 * connection + 1);
  }

  /** @returns when the PING that this acknowledges was sent; undefined where it was not captured */
  answered(connection: number, side: Side, opaque0: number, opaque1: number): Ref | undefined {
    const pings = this.#of(connection, side);
    const index = pings.pending.findIndex((ping) => ping.opaque0 === opaque0 && ping.opaque1 === opaque1);
    if (index < 0) return undefined;
    pings.answered++;
    return pings.pending.splice(index, 1)[0]?.sent;
  }

  unanswered(connection: number): SlowPing[] {
    return ([0, 1] as const).flatMap((by) =>
      (this.#flows.get(2 * connection + by)?.pending ?? []).map(({ sent }) => ({ by, sent, answered: null })),
    );
  }

  counts(connection: number, side: Side): { sent: number; answered: number } {
    const pings = this.#flows.get(2 * connection + side);
    return { sent: pings?.sent ?? 0, answered: pings?.answered ?? 0 };
  }

  #of(connection: number, side: Side): SidePings {
    const row = 2 * connection + side;
    let pings = this.#flows.get(row);
    if (pings === undefined) {
      pings = new SidePings();
      this.#flows.set(row, pings);
    }
    return pings;
  }
}
