import type { Leg } from './model.ts';
import type { Casting } from './roles.ts';
import { clientSide } from './leg.ts';
import { toldAt } from './stream-fate.ts';
import type { Thresholds } from './thresholds.ts';
import type { TraceStream } from '../trace/index.ts';

/** Client streams that ended together with an upstream connection, and how sure that makes the two belong together. */
export interface TimedStreams {
  readonly streams: readonly TraceStream[];
  readonly confidence: number;
}

/** Nothing else in the capture explains it; still only time speaks for it. */
const ALONE_CONFIDENCE = 0.9;

/**
 * A gateway that gives an upstream connection up and at once resets or answers client streams shows that they were on it
 * (contract §3, Links). Only streams that no join explains count, and each other upstream that closed in the same moment explains them just as well.
 */
export function timedStreams(
  client: Leg,
  upstream: Leg,
  legs: readonly Leg[],
  casting: Casting,
  thresholds: Thresholds,
): TimedStreams | null {
  const closedNs = closeNs(upstream);
  if (closedNs === null) return null;
  const streams = client.streams.filter((stream) => {
    if (stream.partners.length > 0 || stream.opened.timeNs > closedNs) return false;
    const told = toldAt(client, stream, closedNs);
    return told !== null && told.timeNs - closedNs <= thresholds.actsWithinNs;
  });
  if (streams.length === 0) return null;
  const gateway = casting.openedBy[upstream.trace.id];
  const others = legs.filter((leg) => {
    if (leg === upstream || leg.role !== 'upstream' || casting.openedBy[leg.trace.id] !== gateway) return false;
    const otherNs = closeNs(leg);
    return otherNs !== null && Math.abs(otherNs - closedNs) <= thresholds.actsWithinNs;
  });
  return { streams, confidence: ALONE_CONFIDENCE / (1 + others.length) };
}

function closeNs(upstream: Leg): number | null {
  const gateway = clientSide(upstream);
  const close = upstream.trace.closes.find(
    (candidate) => candidate.accepted && (candidate.by === gateway || candidate.kind === 'rst'),
  );
  return close?.at.timeNs ?? null;
}
