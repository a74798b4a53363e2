import type { Moment } from '../capture/index.ts';
import type { KeepAlives, Ref } from './model.ts';
import { refOf, type RefTable } from './ref-table.ts';
import { LAST_SENT } from './sent.ts';

/**
 * Linux takes no time and no interval below 1 s (TCP_KEEPIDLE, TCP_KEEPINTVL). What is shorter was no timer: far from the prober a probe
 * crosses what it had not heard yet; and who closes so soon after a probe may have other reasons.
 */
const TIMER_LEAST_NS = 0.9e9;

/** What is known of one flow's probes. */
interface Probing {
  readonly first: Ref;
  last: Ref;
  /** The flow's last packet that was no probe, before its last probe; NaN: none. */
  spokeNs: number;
  timeNs: number;
  intervalNs: number;
  run: number;
  longestRun: number;
  gaveUp: Ref | null;
}

/**
 * The keep-alive timers that a side's probes show (RFC 1122 §4.2.3.6). Linux sends the first one `time` after it last heard the peer,
 * and while none is answered the next ones an `interval` apart; the peer's own probes lie below its window and are not heard
 * (tcp_validate_incoming). A timer never fires early, and a packet that was lost before the capture makes a gap longer: so the shortest of
 * each is it. An object a flow that probes; nothing for the others.
 */
export class KeepAliveBook {
  readonly #moment: Moment;
  readonly #flows = new Map<number, Probing>();

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  release(connection: number): void {
    this.#flows.delete(2 * connection);
    this.#flows.delete(2 * connection + 1);
  }

  /** @param sent  its column LAST_SENT: the last packet of each flow before this one */
  probe(row: number, sent: RefTable): void {
    const at = refOf(this.#moment);
    const heardNs = this.#spokeNs(row ^ 1, sent);
    const spokeNs = this.#spokeNs(row, sent);
    const probing = this.#flows.get(row);
    if (probing === undefined) {
      this.#flows.set(row, {
        first: at,
        last: at,
        spokeNs,
        timeNs: timerOf(at.timeNs - heardNs),
        intervalNs: Infinity,
        run: 1,
        longestRun: 0,
        gaveUp: null,
      });
      return;
    }
    if (heardNs > probing.last.timeNs) {
      endRun(probing);
      probing.timeNs = Math.min(probing.timeNs, timerOf(at.timeNs - heardNs));
    } else probing.intervalNs = Math.min(probing.intervalNs, timerOf(at.timeNs - probing.last.timeNs));
    probing.run++;
    probing.last = at;
    probing.spokeNs = spokeNs;
  }

  /** A FIN or RST of this side. After a probe that nobody answered, it gave the peer up. */
  closed(row: number, sent: RefTable): void {
    const probing = this.#flows.get(row);
    if (probing === undefined || probing.gaveUp !== null) return;
    if (this.#spokeNs(row ^ 1, sent) > probing.last.timeNs) return;
    const at = refOf(this.#moment);
    if (at.timeNs - probing.last.timeNs >= TIMER_LEAST_NS) probing.gaveUp = at;
  }

  /** Null where the side sent no probe. Call when all packets were read. */
  finish(row: number, sent: RefTable): KeepAlives | null {
    const probing = this.#flows.get(row);
    if (probing === undefined) return null;
    if (this.#spokeNs(row ^ 1, sent) > probing.last.timeNs) endRun(probing);
    const { first, last, timeNs, intervalNs, run, longestRun, gaveUp } = probing;
    return {
      first,
      last,
      timeNs: timeNs === Infinity ? null : timeNs,
      intervalNs: intervalNs === Infinity ? null : intervalNs,
      unanswered: Math.max(longestRun, run),
      gaveUp,
    };
  }

  /** When a flow last sent anything but a probe; NaN: never. */
  #spokeNs(row: number, sent: RefTable): number {
    if (!sent.has(row, LAST_SENT)) return Number.NaN;
    const lastNs = sent.ns(row, LAST_SENT);
    const probing = this.#flows.get(row);
    return probing !== undefined && lastNs === probing.last.timeNs ? probing.spokeNs : lastNs;
  }
}

/** A gap that may be a timer's; Infinity for the others. */
function timerOf(gapNs: number): number {
  return gapNs >= TIMER_LEAST_NS ? gapNs : Infinity;
}

/** The peer was heard: the last of the run's probes had an answer, those before it had none. */
function endRun(probing: Probing): void {
  probing.longestRun = Math.max(probing.longestRun, probing.run - 1);
  probing.run = 0;
}
