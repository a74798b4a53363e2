import type { Alternative, Leg } from './model.ts';
import { serverOf } from './leg.ts';
import { isBusyThroughout } from './room.ts';
import { requestsDuring } from './runs.ts';
import type { Scene } from './scene.ts';

/** Open and not dead (contract §3): one that says goodbye, or owes something, is alive. */
const ALIVE: ReadonlySet<string> = new Set(['alive', 'idle', 'unanswered', 'closing']);
/** Whoever has said goodbye takes no new request. */
const SERVING: ReadonlySet<string> = new Set(['alive', 'idle', 'unanswered']);

/**
 * Every upstream connection of the same gateway to another server that was open and alive at some time of the window (contract §3).
 * Those that could have served come first.
 */
export function alternativesOf(scene: Scene, upstream: Leg, fromNs: number, toNs: number): readonly Alternative[] {
  const others = scene.around(upstream).opened.filter((leg) => isOtherServer(leg, upstream));
  const standingBy = others.filter((leg) => wasAlive(leg, fromNs, toNs));
  if (standingBy.length === 0) return [];
  const like = standingBy.filter((leg) => couldServe(leg, upstream));
  const likely = new Set(like);
  const asked = askedServers(like, fromNs, toNs);
  return [...like, ...standingBy.filter((leg) => !likely.has(leg))].map((leg) => ({
    upstream: leg.id,
    requestsDuring: requestsDuring(leg, fromNs, toNs),
    unused:
      likely.has(leg) &&
      leg.trace.protocol !== 'tls' &&
      !asked.has(serverOf(leg).ip) &&
      stoodThroughout(leg, fromNs, toNs) &&
      !isBusyThroughout(leg, fromNs, toNs),
  }));
}

/** Servers that got a request in this time, on whichever connection: one of two idle connections to a busy server stands by for nobody. */
function askedServers(legs: readonly Leg[], fromNs: number, toNs: number): ReadonlySet<string> {
  return new Set(legs.filter((leg) => requestsDuring(leg, fromNs, toNs) > 0).map((leg) => serverOf(leg).ip));
}

function isOtherServer(leg: Leg, upstream: Leg): boolean {
  const { ip, port } = serverOf(upstream);
  return serverOf(leg).ip !== ip || serverOf(leg).port !== port;
}

/** Another port is another service (telemetry, configuration): it could not have served these requests. */
function couldServe(leg: Leg, upstream: Leg): boolean {
  const { protocol } = leg.trace;
  const { ip, port } = serverOf(upstream);
  return (
    serverOf(leg).ip !== ip &&
    serverOf(leg).port === port &&
    (protocol === upstream.trace.protocol || protocol === 'unknown' || upstream.trace.protocol === 'unknown')
  );
}

/** At some time of the interval, which may be a moment. */
function wasAlive(leg: Leg, fromNs: number, toNs: number): boolean {
  if (wasOpenBefore(leg, toNs)) return true;
  return leg.liveness.some(
    (interval) => interval.fromNs <= toNs && interval.toNs > fromNs && ALIVE.has(interval.state),
  );
}

function stoodThroughout(leg: Leg, fromNs: number, toNs: number): boolean {
  if (leg.trace.first.timeNs > fromNs && leg.opened !== 'before-capture') return false;
  return !leg.liveness.some(
    (interval) => interval.fromNs < toNs && interval.toNs > fromNs && !SERVING.has(interval.state),
  );
}

/** It is first heard later, and nobody opened it in the capture: it stood there all the while. */
function wasOpenBefore(leg: Leg, atNs: number): boolean {
  return leg.opened === 'before-capture' && leg.trace.first.timeNs > atNs;
}
