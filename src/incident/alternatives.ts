import type { Alternative, Leg } from './model.ts';
import { isBusyThroughout } from './room.ts';
import { requestsDuring } from './runs.ts';
import type { Scene } from './scene.ts';

const GOOD_STATES: ReadonlySet<string> = new Set(['alive', 'idle', 'unanswered']);

/** Upstream connections of the same gateway to another server that were open and alive for the whole window (contract §3). */
export function alternativesOf(scene: Scene, upstream: Leg, fromNs: number, toNs: number): readonly Alternative[] {
  const others = scene.around(upstream).opened.filter((leg) => leg !== upstream && couldServe(leg, upstream));
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
