import type { Mark } from '../trace/index.ts';
import { clientSide, neverOpened } from './leg.ts';
import type { Alternative, Leg } from './model.ts';
import { isBusyThroughout } from './room.ts';
import type { Scene } from './scene.ts';

const GOOD_STATES: ReadonlySet<string> = new Set(['alive', 'idle', 'unanswered']);

/** Upstream connections of the same gateway to another server that were open and alive for the whole window (contract §3). */
export function alternativesOf(scene: Scene, upstream: Leg, fromNs: number, toNs: number): readonly Alternative[] {
  const others = scene.siblingsOf(upstream).filter((leg) => couldServe(leg, upstream));
  const standingBy = others.filter((leg) => wasAlive(leg, fromNs, toNs));
  if (standingBy.length === 0) return [];
  const asked = askedServers(others, fromNs, toNs);
  return standingBy.map((leg) => ({
    upstream: leg.id,
    requestsDuring: requestsDuring(leg, fromNs, toNs),
    unused: leg.trace.protocol !== 'tls' && !asked.has(serverIp(leg)) && !isBusyThroughout(leg, fromNs, toNs),
  }));
}

/** Servers that got a request in this time, on whichever connection: one of two idle connections to a busy server stands by for nobody. */
function askedServers(legs: readonly Leg[], fromNs: number, toNs: number): ReadonlySet<string> {
  return new Set(legs.filter((leg) => requestsDuring(leg, fromNs, toNs) > 0).map(serverIp));
}

function serverIp(leg: Leg): string {
  return leg.trace.endpoints[leg.serverSide].ip;
}

/** Another port is another service (telemetry, configuration): it could not have served these requests. */
function couldServe(leg: Leg, upstream: Leg): boolean {
  const { protocol } = leg.trace;
  const server = upstream.trace.endpoints[upstream.serverSide];
  const other = leg.trace.endpoints[leg.serverSide];
  return (
    other.ip !== server.ip &&
    other.port === server.port &&
    !neverOpened(leg) &&
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

/**
 * Requests that the gateway sent on `leg` within the interval. Of streams that are kept one by one the number is exact; of folded ones the runs
 * tell, whose first and last request are known and the others taken as evenly spread.
 */
function requestsDuring(leg: Leg, fromNs: number, toNs: number): number {
  const kept = leg.streams.filter(
    ({ sawRequest, opened }) => sawRequest && opened.timeNs >= fromNs && opened.timeNs < toNs,
  ).length;
  if (leg.trace.folded.count === 0) return kept;
  const gateway = clientSide(leg);
  const runs = leg.trace.marks.filter((mark) => mark.kind === 'request' && mark.by === gateway);
  const counted = runs.reduce((sum, run) => sum + countWithin(run, fromNs, toNs), 0);
  return Math.max(kept, Math.round(counted));
}

function countWithin({ from, to, count }: Mark, fromNs: number, toNs: number): number {
  const isWithin = (atNs: number): number => (atNs >= fromNs && atNs < toNs ? 1 : 0);
  if (count === 1) return isWithin(from.timeNs);
  const spanNs = to.timeNs - from.timeNs;
  const sharedNs = Math.max(0, Math.min(to.timeNs, toNs) - Math.max(from.timeNs, fromNs));
  const inner = spanNs === 0 ? isWithin(from.timeNs) : sharedNs / spanNs;
  return isWithin(from.timeNs) + isWithin(to.timeNs) + (count - 2) * inner;
}
