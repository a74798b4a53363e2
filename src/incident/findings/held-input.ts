import type { TraceStream } from '../../trace/index.ts';
import { isHeldBack } from '../held-back.ts';
import { clientSide } from '../leg.ts';
import { carriedStreams, LINK_CONFIDENCE_MIN } from '../links.ts';
import { isOneSided, lacksBytes } from '../liveness.ts';
import type { Leg } from '../model.ts';
import { kindOf, overAt } from '../stream-fate.ts';
import type { Facts } from './rule.ts';

/** What a client wrote into a tunnel, and the gateway is not seen to pass on. */
export interface HeldInput {
  /** The upstream connection of the tunnel. */
  readonly leg: Leg;
  readonly near: TraceStream;
  readonly far: TraceStream;
  readonly bytes: number;
}

/** What is written into these is passed on as it comes, byte for byte. */
const TUNNELS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward']);

/**
 * Tunnels whose first input was passed on, and whose later input is not for `responseGraceNs`, on upstream connections on which the gateway says nothing
 * since and owes nothing: packets that are dropped before the capture's tap leave no trace but that. Not where the upstream's windows are shut.
 */
export function heldInputs(facts: Facts): readonly HeldInput[] {
  return facts.links.flatMap(({ client, upstream, confidence }) => {
    const near = facts.legById.get(client);
    const far = facts.legById.get(upstream);
    if (near === undefined || far === undefined || confidence < LINK_CONFIDENCE_MIN || !isUntold(facts, near, far))
      return [];
    return carriedStreams(near, far).flatMap((pair) => heldIn(facts, near, far, pair));
  });
}

function isUntold(facts: Facts, client: Leg, upstream: Leg): boolean {
  const legs = [client, upstream];
  if (legs.some((leg) => isOneSided(leg.trace) || lacksBytes(leg.trace.flows[clientSide(leg)]))) return false;
  return upstream.closed.how === 'open' && (facts.deaths.get(upstream) ?? []).length === 0;
}

function heldIn(
  facts: Facts,
  client: Leg,
  upstream: Leg,
  { near, far }: { readonly near: TraceStream; readonly far: TraceStream },
): HeldInput[] {
  const asker = clientSide(client);
  const gateway = clientSide(upstream);
  const written = near.lastData[asker];
  const saidNs = upstream.trace.flows[gateway].last?.timeNs ?? Infinity;
  const bytes = near.dataBytes[asker] - far.dataBytes[gateway];
  if (written === null || bytes <= 0 || far.dataBytes[gateway] === 0 || written.timeNs <= saidNs) return [];
  if (!TUNNELS.has(kindOf(near)) || isHeldBack(upstream, far, gateway)) return [];
  const untilNs = (overAt(near, client.serverSide) ?? client.closed.at)?.timeNs ?? client.watchedToNs;
  // What was written later may have been passed on unseen.
  const seenToNs = Math.min(untilNs, upstream.watchedToNs);
  const sinceNs = Math.min(written.timeNs, saidNs + longestPauseNs(near.longestPause[asker]));
  return seenToNs - sinceNs >= facts.thresholds.responseGraceNs ? [{ leg: upstream, near, far, bytes }] : [];
}

/** Whoever wrote at these intervals wrote again within the longest of them. */
function longestPauseNs(pause: TraceStream['longestPause'][0]): number {
  return pause === null ? Infinity : pause.toNs - pause.from.timeNs;
}
