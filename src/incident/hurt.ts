import { kept } from './kept.ts';
import { isRead } from './liveness.ts';
import { clientSide } from './leg.ts';
import type { Ref, TraceStream } from '../trace/index.ts';
import { type Death, givenUpSinceNs, isSilent } from './deaths.ts';
import { ByTime } from './by-time.ts';
import type { Case } from './cases.ts';
import { grouped } from './grouped.ts';
import type { Carried } from './links.ts';
import type { HurtStream, Leg } from './model.ts';
import type { Scene } from './scene.ts';
import {
  grpcErrorOf,
  isAnsweredAtOnce,
  isError,
  isServed,
  kindOf,
  latest,
  outcomeOf,
  overAt,
  resourceOf,
  resourcePath,
  silentSinceNs,
  toldAt,
  wasCancelled,
} from './stream-fate.ts';
import { byName, numberOnConnection } from './stream-names.ts';
import type { Thresholds } from './thresholds.ts';
import { unseenRequests } from './unseen.ts';

/** A client stream that a death left without an answer. */
export interface Victim {
  readonly near: TraceStream;
  /** Its upstream half; null where it is not in the capture. */
  readonly far: TraceStream | null;
  /** When the gateway passed the request on to another upstream connection, which answered; null where it did not. */
  readonly rerouted: Ref | null;
}

/** A client connection and a death of an upstream connection. */
export type Pair = Pick<Case, 'client' | 'upstream' | 'death'>;

/**
 * The streams of one client connection that were open on the dead upstream connection at onset, or were sent into it later,
 * and got no complete response from it (contract §3). One that the gateway moved elsewhere at once was not hurt.
 * @param rivals other upstream connections that served this client and were dead at the time
 */
export function victimsOf(
  scene: Scene,
  pair: Pair,
  carried: readonly Carried[],
  rivals: readonly Leg[],
): readonly Victim[] {
  const { client, upstream, death } = pair;
  const linked = carried
    .filter(({ near, far }) => isHurt(client, upstream, death, near, far))
    .map(({ near, far }) => ({ near, far, rerouted: reroutedTo({ near, far }, upstream, death) }));
  // A connection that is closed gets no new requests; one that is silent, or whose GOAWAY goes unheard, does.
  const open = isSilent(death) || death.cause === 'goaway-ignored';
  const untilNs = givenUpNs(pair, linked);
  const unseen = open ? unseenRequests(scene, pair, rivals, untilNs) : [];
  return [...linked, ...unseen.map((near) => ({ near, far: null, rerouted: null }))].filter(
    (victim) => !wasMovedAtOnce(victim, death, scene.thresholds),
  );
}

function isHurt(client: Leg, upstream: Leg, death: Death, near: TraceStream, far: TraceStream): boolean {
  if (death.aboveStream !== null && numberOnConnection(far) <= death.aboveStream) return false;
  const healedNs = death.healedAt?.timeNs ?? Infinity;
  const cut = far.reset?.at.timeNs ?? Infinity;
  if (near.opened.timeNs > healedNs || cut < death.fromNs || wasOverBefore(client, near, far, death)) return false;
  // Of what hangs on a silent connection it is the likelier reading of a watch that nothing is said on it. A close leaves nobody hanging by itself.
  if (!isSilent(death) || isAnsweredAtOnce(near)) {
    if (mayHaveEnded(client, near, death.fromNs) || mayHaveEnded(upstream, far, death.fromNs)) return false;
  }
  // What the upstream said to its end counts only where the client got it: an answer may be lost between the tap and the gateway.
  const complete = far.ended[upstream.serverSide];
  // Where what was said to the client since is not all in the capture, its end may be among it.
  const overNs = overAt(near, client.serverSide)?.timeNs ?? Infinity;
  const unknowable = complete !== null && !isRead(client.trace.flows[client.serverSide], complete.timeNs, overNs);
  const delivered = unknowable || (near.ended[client.serverSide] !== null && !isError(near));
  return complete === null || !delivered || complete.timeNs >= healedNs;
}

function wasOverBefore(client: Leg, near: TraceStream, far: TraceStream, death: Death): boolean {
  const overNs = overAt(near, client.serverSide)?.timeNs ?? Infinity;
  const isGivenUp = near.reset === null ? isError(near) && !isErrorPassedOn(near, far) : !wasCancelled(client, near);
  return overNs < (isGivenUp ? givenUpSinceNs(death) : death.fromNs);
}

/** The error is the upstream's own. */
function isErrorPassedOn(near: TraceStream, far: TraceStream | null): boolean {
  return isError(near) && near.status === far?.status;
}

/** After the last that was heard of the upstream a client is told by the gateway alone; what the upstream had said may still be on its way. */
function gatewayAloneSinceNs({ near, far }: Victim, { lastHeard, fromNs }: Death): number {
  return lastHeard === null || isErrorPassedOn(near, far) ? fromNs : Math.min(fromNs, lastHeard.timeNs);
}

/** Not all that was said in that direction between the last that is known of it and then is in the capture: its end may be among that. */
export function mayHaveEnded({ serverSide, trace }: Leg, stream: TraceStream, byNs: number): boolean {
  if (overAt(stream, serverSide) !== null) return false;
  const heard = latest([stream.opened, stream.statusAt, stream.lastData[serverSide]]) ?? stream.opened;
  return heard.timeNs < byNs && !isRead(trace.flows[serverSide], heard.timeNs, byNs);
}

function reroutedTo({ near, far }: Carried, upstream: Leg, death: Death): Ref | null {
  if (!isServed(near)) return null;
  const elsewhere = near.partners.filter((partner) => partner.nearerClient && partner.connection !== upstream.trace.id);
  return latest(elsewhere.map((partner) => partner.at)) ?? servedUnseen(near, far, death);
}

/** A good answer that began while nothing was heard of the upstream came from elsewhere, though the capture lost what would tell where. */
function servedUnseen(near: TraceStream, far: TraceStream, { fromNs, healedAt }: Death): Ref | null {
  const { statusAt } = near;
  if (statusAt === null || far.status !== undefined || grpcErrorOf(near) !== null) return null;
  return statusAt.timeNs > fromNs && statusAt.timeNs < (healedAt?.timeNs ?? Infinity) ? statusAt : null;
}

function wasMovedAtOnce({ far, rerouted }: Victim, death: Death, thresholds: Thresholds): boolean {
  if (rerouted === null) return false;
  const waitingSinceNs = Math.max(death.fromNs, far?.opened.timeNs ?? death.fromNs);
  return rerouted.timeNs - waitingSinceNs <= thresholds.actsWithinNs;
}

/**
 * Once the gateway has reset or refused every client stream known to hang, or closed the connection, it has given it up: later requests went
 * elsewhere. So they did after the upstream's own close, if that can have got through.
 */
function givenUpNs({ client, upstream, death }: Pair, linked: readonly Victim[]): number {
  const close = upstream.trace.closes.find(
    ({ by, accepted, at }) =>
      accepted && at.timeNs >= death.fromNs && (by === clientSide(upstream) || !isSilent(death)),
  );
  const told = linked.map((victim) => givenUpAt(client, victim, givenUpSinceNs(death))?.timeNs ?? Infinity);
  const toldNs = told.length === 0 ? Infinity : told.reduce((lastNs, ns) => Math.max(lastNs, ns), -Infinity);
  return Math.min(toldNs, death.healedAt?.timeNs ?? Infinity, close?.at.timeNs ?? Infinity);
}

/** RFC 9110 §15.5.9, §15.6.5: a time-out of one request says nothing of the connection, which a gateway then keeps. */
const TIME_OUTS: ReadonlySet<number> = new Set([408, 504]);

/** When the gateway told the client in a way that gives the upstream connection up; null where it did not, or only let a request time out. */
export function givenUpAt(client: Leg, { near, rerouted }: Victim, fromNs: number): Ref | null {
  // What another upstream served is not the gateway's own word.
  if (rerouted !== null || TIME_OUTS.has(near.status ?? 0)) return null;
  return toldAt(client, near, fromNs);
}

/** Upstream leg of the first partner of a stream: rather another than the one that was dead, which may be back. Null where none is known. */
function servedBy(stream: TraceStream, legs: readonly Leg[], dead: Leg): string | null {
  const partners = stream.partners.filter(({ nearerClient }) => nearerClient);
  const partner = partners.find(({ connection }) => connection !== dead.trace.id) ?? partners[0];
  return partner === undefined ? null : (legs[partner.connection]?.id ?? null);
}

/** The rows of a window's table; what another upstream served in the end is not among them (contract §3). Ordered by stream id. */
export function hurtStreams(
  { legs }: Scene,
  { client, upstream, death, victims }: Case,
  toNs: number,
): readonly HurtStream[] {
  return victims
    .filter(({ rerouted }) => rerouted === null)
    .map((victim): HurtStream => {
      const { near, far } = victim;
      const outcome = outcomeOf(client, near, gatewayAloneSinceNs(victim, death));
      return {
        tunnel: near.tunnel,
        id: near.id,
        kind: kindOf(near),
        path: near.request?.path ?? null,
        resource: resourceOf(near),
        userAgent: near.request?.userAgent ?? null,
        upstreamStream: far === null ? null : { tunnel: far.tunnel, id: far.id },
        silentSinceNs: silentSinceNs(client, near, death.fromNs, toNs),
        outcome,
        status: outcome === 'gateway-error' && typeof near.status === 'number' ? near.status : null,
        grpcStatus: outcome === 'gateway-error' ? grpcErrorOf(near) : null,
        recoveredBy: recoveryOf(client, upstream, near, legs),
      };
    })
    .toSorted(byName);
}

/** Streams of the leg that were answered well, by what they asked for. */
const servedOn = kept((client: Leg) => {
  const byPath = grouped(client.streams.filter(isServed), resourcePath);
  return new Map([...byPath].map(([path, streams]) => [path, new ByTime(streams, openedNs)]));
});

function openedNs({ opened }: TraceStream): number {
  return opened.timeNs;
}

/**
 * The next request for the same resource on the same client connection that an upstream answered well: client-go's relist, as a rule. A client
 * asks again when what it asked is over, whatever others still wait for; beside a stream that goes on hanging nothing recovers it.
 */
function recoveryOf(client: Leg, upstream: Leg, lost: TraceStream, legs: readonly Leg[]): HurtStream['recoveredBy'] {
  const path = resourcePath(lost);
  const over = overAt(lost, client.serverSide) ?? (isError(lost) ? lost.statusAt : null);
  if (path === null || over === null) return null;
  const served = servedOn(client).get(path);
  const next = served?.items[Math.max(served.endOf(lost.opened.timeNs), served.indexOf(over.timeNs))];
  return next === undefined
    ? null
    : { stream: { tunnel: next.tunnel, id: next.id }, upstream: servedBy(next, legs, upstream) };
}
