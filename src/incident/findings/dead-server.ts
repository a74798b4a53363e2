import type { TraceStream } from '../../trace/index.ts';
import { isSilent } from '../deaths.ts';
import { byServer } from '../leg.ts';
import { isOneSided, isRead } from '../liveness.ts';
import type { Leg } from '../model.ts';
import { overAt } from '../stream-fate.ts';
import { type Facts, ofRole } from './rule.ts';

/** A response that went quiet, on a connection that owes nothing, when its server died on another one. */
export interface SilentBeside {
  readonly leg: Leg;
  readonly stream: TraceStream;
  readonly quietNs: number;
  /** The connection to the same server that is proven dead. */
  readonly dead: Leg;
}

/**
 * Open responses on upstream connections that nothing tests: no request, no PING, no probe is in flight, so their own packets prove no
 * death. But the same server leaves another connection unanswered, is heard on none since, and the response is quiet for longer than
 * it ever was.
 */
export function silentBesides(facts: Facts): readonly SilentBeside[] {
  return [...byServer(ofRole(facts, 'upstream')).values()].flatMap((legs) => {
    const dead = deadAmong(facts, legs);
    return dead === null ? [] : legs.flatMap((leg) => (isUntested(facts, leg) ? quietOn(facts, leg, dead) : []));
  });
}

/** What was on its way when the server died may still arrive. */
const STILL_ARRIVES_NS = 1e9;

/** A leg with a death that lasted, since which the server is heard on no leg; null where there is none. */
function deadAmong(facts: Facts, legs: readonly Leg[]): Leg | null {
  const heardNs = legs.reduce(
    (latest, leg) => Math.max(latest, leg.trace.flows[leg.serverSide].last?.timeNs ?? -Infinity),
    -Infinity,
  );
  const lasting = legs.filter((leg) =>
    facts.deaths
      .get(leg)
      ?.some((death) => isSilent(death) && death.healedAt === null && heardNs - death.fromNs <= STILL_ARRIVES_NS),
  );
  return lasting.find((leg) => leg.opened === 'handshake') ?? lasting[0] ?? null;
}

function isUntested(facts: Facts, leg: Leg): boolean {
  return leg.closed.how === 'open' && !isOneSided(leg.trace) && (facts.deaths.get(leg) ?? []).length === 0;
}

function quietOn(facts: Facts, leg: Leg, dead: Leg): SilentBeside[] {
  const side = leg.serverSide;
  return leg.streams.flatMap((stream) => {
    const last = stream.lastData[side] ?? stream.statusAt;
    if (last === null || overAt(stream, side) !== null) return [];
    if (!isRead(leg.trace.flows[side], last.timeNs, leg.watchedToNs)) return [];
    const quietNs = leg.watchedToNs - last.timeNs;
    const pause = stream.longestPause[side];
    const longestNs = pause === null ? 0 : pause.toNs - pause.from.timeNs;
    return quietNs > Math.max(longestNs, facts.thresholds.idleAfterNs) ? [{ leg, stream, quietNs, dead }] : [];
  });
}
