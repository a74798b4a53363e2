import type { SlowPing } from '../../trace/index.ts';
import { isOneSided } from '../liveness.ts';
import type { Leg } from '../model.ts';
import { finding, type Rule, severityOf } from './rule.ts';

/** PINGs without an acknowledgement. The last one may only be too young to be answered. */
export const pingUnanswered: Rule = (facts) =>
  facts.legs.flatMap((leg) => {
    if (isOneSided(leg.trace)) return [];
    const goneNs = leg.closed.at?.timeNs ?? leg.watchedToNs;
    const lost = leg.trace.slowPings.filter(
      (ping) => ping.answered === null && goneNs - ping.sent.timeNs > facts.thresholds.deadAfterNs,
    );
    const [first] = lost;
    if (first === undefined) return [];
    return [
      finding(
        'ping-unanswered',
        severityOf(facts, leg, first.sent.timeNs),
        { pings: lost.length, thenClosed: lost.some((ping) => closedAfter(leg, ping)) },
        { connection: leg.id, packets: lost.map((ping) => ping.sent) },
      ),
    ];
  });

/** Whoever asked then closed the connection: that PING did what it is for. */
function closedAfter(leg: Leg, { by, sent }: SlowPing): boolean {
  return leg.trace.closes.some((close) => close.by === by && close.at.timeNs >= sent.timeNs);
}
