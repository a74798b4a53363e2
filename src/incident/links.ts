import { isByChance } from './chance.ts';
import type { Join, Trace, TraceStream } from '../trace/index.ts';
import { burstLinksOf } from './burst-links.ts';
import { grouped } from './grouped.ts';
import { streamOf } from './leg.ts';
import type { Leg, Link, LinkMethod } from './model.ts';
import { namesOf, streamPairs } from './stream-pairs.ts';
import type { Casting } from './roles.ts';
import { Askers } from './runner-up.ts';
import { byName, partnerName } from './stream-names.ts';

/** A client stream and the upstream stream that carried it. */
export interface Carried {
  readonly near: TraceStream;
  readonly far: TraceStream;
}

/** Strongest first. */
const METHODS = ['request-id', 'request', 'payload', 'timing'] as const satisfies readonly LinkMethod[];

/** An id that came out again. */
const REQUEST_ID_CONFIDENCE = 0.99;
/** The same request at the same moment, no other stream that would fit. */
const REQUEST_CONFIDENCE = 0.97;
/** Several streams asked the same at once, and only their order tells which is which. */
const BY_ORDER_ALONE = 0.75;
/** One payload may repeat by chance (two watchers of one resource get the same events); each further one makes that less likely. */
const PAYLOAD_CONFIDENCE = [0, 0.7, 0.85, 0.92, 0.95] as const;

/** A link below this is merely possible: a finding, never a window (contract §3). */
export const LINK_CONFIDENCE_MIN = 0.6;

/** Links between client and upstream connections of one gateway, from the joins made while reading. Ordered by client, then upstream. */
export function linksOf(trace: Trace, legs: readonly Leg[], casting: Casting): readonly Link[] {
  const passedOn = trace.joins.filter((join) => passesThroughGateway(join, casting));
  const groups = grouped(passedOn, ({ near, far }) => `${near} ${far}`);
  const ordered = [...groups.values()].toSorted((a, b) => orderOf(a, trace) - orderOf(b, trace));
  const askers = new Askers(legs, casting);
  const known = ordered.flatMap((joins) => linkOf(joins, legs, askers));
  const pairs = new Set(known.map(({ client, upstream }) => `${client} ${upstream}`));
  const inferred = burstLinksOf(trace.burstJoins, legs, casting);
  return [...known, ...inferred.filter(({ client, upstream }) => !pairs.has(`${client} ${upstream}`))];
}

/** The surest first; of equal ones by method, then in the order of the legs. */
export function strongestFirst(links: readonly Link[]): readonly Link[] {
  return links.toSorted((a, b) => b.confidence - a.confidence || METHODS.indexOf(a.method) - METHODS.indexOf(b.method));
}

/** Pairs of kept streams that a join says carried the same thing. */
export function carriedStreams(near: Leg, far: Leg): readonly Carried[] {
  const pairs = near.streams.flatMap((stream) =>
    stream.partners
      .filter((partner) => partner.nearerClient && partner.connection === far.trace.id)
      .flatMap((partner) => {
        const upstream = streamOf(far, partnerName(partner));
        if (upstream === undefined || isByChance(stream, partner, upstream)) return [];
        return [{ near: stream, far: upstream }];
      }),
  );
  return inOrder(pairs);
}

/** What leaves a gateway within this leaves it in one go. */
const ONE_GO_NS = 0.1e9;

/**
 * Requests that were alike and left in one go, as those that were held back while the way was broken, left in the order in which they came
 * (RFC 9113 §5.1.1: ids on one connection only grow); when they were read, the newest was the likeliest.
 */
function inOrder(pairs: readonly Carried[]): readonly Carried[] {
  const byTime = pairs.toSorted((a, b) => a.far.opened.timeNs - b.far.opened.timeNs || byName(a.far, b.far));
  const groups: Carried[][] = [];
  for (const pair of byTime) {
    const group = groups.at(-1);
    const first = group?.[0];
    const isMore = first !== undefined && isInOneGo(first, pair);
    if (isMore) group?.push(pair);
    else groups.push([pair]);
  }
  return groups.flatMap((group) => {
    const nears = group.map(({ near }) => near).toSorted(byAge);
    return group.map(({ far, near }, i) => ({ near: nears[i] ?? near, far }));
  });
}

/** Ids of one connection, or of one tunnel, only grow (RFC 9113 §5.1.1); between two tunnels the packets tell. */
function byAge(a: TraceStream, b: TraceStream): number {
  return a.tunnel === b.tunnel ? a.id - b.id : a.opened.timeNs - b.opened.timeNs || byName(a, b);
}

function isInOneGo(a: Carried, b: Carried): boolean {
  const isAlike = a.near.request?.method === b.near.request?.method && a.near.request?.path === b.near.request?.path;
  return isAlike && a.near.sawRequest && b.near.sawRequest && b.far.opened.timeNs - a.far.opened.timeNs <= ONE_GO_NS;
}

function passesThroughGateway(join: Join, casting: Casting): boolean {
  const gateway = casting.acceptedBy[join.near] ?? -1;
  return gateway >= 0 && gateway === casting.openedBy[join.far];
}

function linkOf(joins: readonly Join[], legs: readonly Leg[], askers: Askers): Link[] {
  const best = joins.toSorted((a, b) => METHODS.indexOf(a.method) - METHODS.indexOf(b.method))[0];
  const client = legs[best?.near ?? -1];
  const upstream = legs[best?.far ?? -1];
  if (best === undefined || client === undefined || upstream === undefined) return [];
  const carried = carriedStreams(client, upstream);
  if (best.method === 'payload' && carried.length === 0 && hasPartner(client, upstream)) return [];
  const confidence = confidenceOf(best, client);
  const isClear = best.unambiguous > 0 || best.method === 'request-id';
  return [
    {
      client: client.id,
      upstream: upstream.id,
      method: best.method,
      confidence,
      ...namesOf(streamPairs(joins, carried)),
      candidates: candidatesOf(best, client),
      runnerUp: isClear ? null : askers.runnerUp(client, upstream, carried, best.method, confidence),
    },
  ];
}

function hasPartner(near: Leg, far: Leg): boolean {
  return near.streams.some(({ partners }) =>
    partners.some((partner) => partner.nearerClient && partner.connection === far.trace.id),
  );
}

/** Of its clearest match; null where that is not kept. */
function candidatesOf({ unambiguous, far }: Join, client: Leg): number | null {
  if (unambiguous > 0) return 1;
  const partners = client.streams.flatMap((stream) => stream.partners).filter(({ connection }) => connection === far);
  return partners.length === 0
    ? null
    : partners.reduce((least, { candidates }) => Math.min(least, candidates), Infinity);
}

function confidenceOf(join: Join, client: Leg): number {
  if (join.method === 'request-id') return REQUEST_ID_CONFIDENCE;
  const fit = join.unambiguous > 0 ? 1 : BY_ORDER_ALONE;
  if (join.method === 'request') return REQUEST_CONFIDENCE * fit;
  return payloadConfidence(join, client) * fit;
}

function payloadConfidence(join: Join, client: Leg): number {
  const partners = client.streams.flatMap((stream) => stream.partners);
  const matched = partners
    .filter((partner) => partner.connection === join.far && partner.method === 'payload')
    .reduce((sum, partner) => sum + partner.matched, 0);
  return PAYLOAD_CONFIDENCE[Math.min(Math.max(matched, join.streams), PAYLOAD_CONFIDENCE.length - 1)] ?? 0;
}

function orderOf(joins: readonly Join[], trace: Trace): number {
  const join = joins[0];
  return join === undefined ? 0 : join.near * trace.connections.length + join.far;
}
