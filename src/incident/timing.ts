import type { Leg } from './model.ts';
import { clientSide } from './leg.ts';
import { toldAt } from './stream-fate.ts';
import type { Scene } from './scene.ts';
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
export function timedStreams(scene: Scene, client: Leg, upstream: Leg): TimedStreams | null {
  const { actsWithinNs } = scene.thresholds;
  const closedNs = closeNs(upstream);
  if (closedNs === null) return null;
  const streams = client.streams.filter((stream) => {
    if (stream.partners.length > 0 || stream.opened.timeNs > closedNs) return false;
    const told = toldAt(client, stream, closedNs);
    return told !== null && told.timeNs - closedNs <= actsWithinNs;
  });
  if (streams.length === 0) return null;
  const others = scene.siblingsOf(upstream).filter((leg) => {
    const otherNs = closeNs(leg);
    return otherNs !== null && Math.abs(otherNs - closedNs) <= actsWithinNs;
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
