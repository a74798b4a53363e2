import { clientSide } from './leg.ts';
import type { Leg, Window } from './model.ts';
import type { Casting } from './roles.ts';

const GOOD_STATES: ReadonlySet<string> = new Set(['alive', 'idle', 'unanswered']);

/** Upstream connections of the same gateway to another server that were open and alive for the whole window (contract §3). */
export function alternativesOf(
  upstream: Leg,
  fromNs: number,
  toNs: number,
  legs: readonly Leg[],
  casting: Casting,
): Window['alternatives'] {
  const server = upstream.trace.endpoints[upstream.serverSide];
  return legs
    .filter((leg) => {
      if (leg.role !== 'upstream' || casting.openedBy[leg.trace.id] !== casting.openedBy[upstream.trace.id])
        return false;
      const other = leg.trace.endpoints[leg.serverSide];
      // Another port is another service (telemetry, configuration): it could not have served these requests.
      if (other.ip === server.ip || other.port !== server.port) return false;
      return couldServe(leg, upstream) && wasAlive(leg, fromNs, toNs);
    })
    .map((leg) => ({ upstream: leg.id, requestsDuring: requestsDuring(leg, fromNs, toNs) }));
}

function couldServe(leg: Leg, upstream: Leg): boolean {
  const { protocol } = leg.trace;
  return (
    leg.opened !== 'refused' &&
    leg.opened !== 'unanswered' &&
    (protocol === upstream.trace.protocol || protocol === 'unknown' || upstream.trace.protocol === 'unknown')
  );
}

function wasAlive(leg: Leg, fromNs: number, toNs: number): boolean {
  if (leg.trace.first.timeNs > fromNs)
    return leg.opened === 'before-capture' && leg.closed.how === 'open' && !hasBad(leg, fromNs, toNs);
  return !hasBad(leg, fromNs, toNs);
}

function hasBad(leg: Leg, fromNs: number, toNs: number): boolean {
  return leg.liveness.some(
    (interval) => interval.fromNs < toNs && interval.toNs > fromNs && !GOOD_STATES.has(interval.state),
  );
}

/** Requests that the gateway sent on `leg` within the interval: those kept one by one, and the runs that lie within it. */
function requestsDuring(leg: Leg, fromNs: number, toNs: number): number {
  const kept = leg.streams.filter(
    (stream) => stream.sawRequest && stream.opened.timeNs >= fromNs && stream.opened.timeNs < toNs,
  ).length;
  if (leg.trace.folded.count === 0) return kept;
  const runs = leg.trace.marks.filter(
    (mark) =>
      mark.kind === 'request' && mark.by === clientSide(leg) && mark.from.timeNs >= fromNs && mark.to.timeNs < toNs,
  );
  return Math.max(
    kept,
    runs.reduce((sum, mark) => sum + mark.count, 0),
  );
}
