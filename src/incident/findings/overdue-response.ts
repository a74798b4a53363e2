import { describeRequest } from '../../http/index.ts';
import type { TraceStream } from '../../trace/index.ts';
import { isOneSided, lacksBytes } from '../liveness.ts';
import type { Leg } from '../model.ts';
import { overAt } from '../stream-fate.ts';
import type { Facts } from './rule.ts';

/** A request that the upstream took, at TCP, and to which it said nothing. */
export interface OverdueResponse {
  readonly leg: Leg;
  readonly stream: TraceStream;
  readonly waitedNs: number;
}

/** Requests that have no end of their own: their first response may come whenever there is something to say. */
const OPEN_ENDED: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'log', 'proxy', 'unknown']);

/**
 * Requests without response headers for `responseGraceNs`, on upstream connections that are not dead: every one of them was acknowledged at TCP,
 * or the connection would be in debt. A watch is answered with headers at once, whatever comes after.
 */
export function overdueResponses(facts: Facts): readonly OverdueResponse[] {
  return facts.legs
    .filter((leg) => leg.role === 'upstream' && !isOneSided(leg.trace) && (facts.deaths.get(leg) ?? []).length === 0)
    .flatMap((leg) => leg.streams.flatMap((stream) => overdue(facts, leg, stream)));
}

function overdue(facts: Facts, leg: Leg, stream: TraceStream): OverdueResponse[] {
  if (!stream.sawRequest || stream.request === null || stream.status !== undefined) return [];
  // The response may be among the bytes that the capture lost.
  if (lacksBytes(leg.trace.flows[leg.serverSide])) return [];
  if (OPEN_ENDED.has(describeRequest(stream.request.method, stream.request.path).kind)) return [];
  const endNs = overAt(stream, leg.serverSide)?.timeNs ?? leg.closed.at?.timeNs ?? facts.captureEndNs;
  const waitedNs = endNs - stream.opened.timeNs;
  return waitedNs >= facts.thresholds.responseGraceNs ? [{ leg, stream, waitedNs }] : [];
}
