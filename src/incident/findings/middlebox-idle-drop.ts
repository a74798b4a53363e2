import type { Debt, Ref } from '../../trace/index.ts';
import { serverOf } from '../leg.ts';
import { isDead, isOneSided } from '../liveness.ts';
import type { Leg } from '../model.ts';
import { type Facts, finding, type Rule } from './rule.ts';

const SECOND_NS = 1e9;
/** The shortest idle time-out that a load balancer on the way is known for (Azure's). */
const IDLE_MIN_NS = 240 * SECOND_NS;
/** A RST that a packet provoked comes a round trip after it. */
const PROVOKED_NS = 1 * SECOND_NS;

/** A silence that a packet broke. */
interface Broken {
  readonly from: Ref;
  readonly to: Ref;
}

/** What the first packet after a silence met. */
interface Aftermath {
  readonly met: 'reset' | 'unanswered';
  readonly packets: readonly (Ref | null)[];
}

/**
 * A long silence on a connection, then its first packet is reset or never answered, though nothing had been wrong with it before: so does
 * a load balancer, a NAT or a connection tracker behave that has forgotten it. Where the server died on another connection too, that
 * explains it better.
 */
export const middleboxIdleDrop: Rule = (facts) =>
  facts.legs.flatMap((leg) => {
    if (leg.role === 'other' || isOneSided(leg.trace)) return [];
    const { silences } = leg.trace;
    const over = silences.flatMap(({ from, to }) => (to === null ? [] : [{ from, to }]));
    return over.flatMap((silence) => {
      const after = spanOf(silence) < IDLE_MIN_NS ? null : aftermathOf(facts, leg, silence.to);
      if (after === null || diedBeside(facts, leg, silence)) return [];
      const earlier = over.filter(({ to }) => to.timeNs <= silence.from.timeNs);
      return [
        finding(
          'middlebox-idle-drop',
          isTold(facts, leg, silence) ? 'info' : 'warning',
          {
            gapNs: spanOf(silence),
            survivedNs: earlier.reduce((longestNs, other) => Math.max(longestNs, spanOf(other)), 0),
            met: after.met,
          },
          { connection: leg.id, packets: [silence.from, ...after.packets] },
        ),
      ];
    });
  });

function spanOf({ from, to }: Broken): number {
  return to.timeNs - from.timeNs;
}

function aftermathOf(facts: Facts, leg: Leg, first: Ref): Aftermath | null {
  // A FIN or RST of its own ends the connection: what answers it says little.
  if (leg.trace.closes.some(({ at }) => at.timeNs === first.timeNs)) return null;
  const unanswered = leg.trace.debts.find(
    (debt) => debt.firstElicit.timeNs === first.timeNs && isLost(facts, leg, debt),
  );
  if (unanswered !== undefined) return { met: 'unanswered', packets: [first, ...unanswered.attempts] };
  const rst = leg.trace.closes.find(
    ({ kind, by, at, accepted }) =>
      kind === 'rst' &&
      accepted &&
      at.timeNs > first.timeNs &&
      at.timeNs - first.timeNs <= PROVOKED_NS &&
      !leg.trace.marks.some(
        (mark) => mark.by === by && mark.from.timeNs >= first.timeNs && mark.from.timeNs < at.timeNs,
      ),
  );
  return rst === undefined ? null : { met: 'reset', packets: [first, rst.at] };
}

function isLost({ thresholds }: Facts, { trace, watchedToNs }: Leg, debt: Debt): boolean {
  return debt.end !== 'answered' && isDead(trace, debt, watchedToNs, thresholds);
}

/** Another connection to the same server died in that time or soon after, too. */
function diedBeside(facts: Facts, leg: Leg, { from, to }: Broken): boolean {
  const server = serverOf(leg);
  return [...facts.deaths].some(([other, deaths]) => {
    const { ip, port } = serverOf(other);
    if (other === leg || ip !== server.ip || port !== server.port) return false;
    return deaths.some(
      (death) => death.fromNs >= from.timeNs && death.fromNs <= to.timeNs + facts.thresholds.healedWaitNs,
    );
  });
}

/** A window tells of what followed: then this explains it, and is no trouble of its own. */
function isTold({ windows }: Facts, { id }: Leg, { to }: Broken): boolean {
  return windows.some((window) => window.upstream === id && window.fromNs >= to.timeNs - 1);
}
