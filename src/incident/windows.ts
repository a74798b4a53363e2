import type { Trace } from '../trace/index.ts';
import { alternativesOf } from './alternatives.ts';
import { DeathIndex } from './death-index.ts';
import { type Death, deathsOf, isSilent } from './deaths.ts';
import { evidenceOf } from './evidence.ts';
import { hurtStreams, type Victim, victimsOf } from './hurt.ts';
import { clientSide } from './leg.ts';
import { isOneSided, lacksBytes } from './liveness.ts';
import { carriedStreams, LINK_CONFIDENCE_MIN } from './links.ts';
import type { Confidence, Leg, Link, Window } from './model.ts';
import type { Casting } from './roles.ts';
import { overAt, toldAt, wasCancelled } from './stream-fate.ts';
import type { Thresholds } from './thresholds.ts';
import { timedStreams } from './timing.ts';
import { waitersOf } from './waiting.ts';
import { endOf } from './window-end.ts';

/** What windows are made from. */
export interface Scene {
  readonly trace: Trace;
  /** Indexed by connection id. */
  readonly legs: readonly Leg[];
  readonly casting: Casting;
  readonly links: readonly Link[];
  readonly thresholds: Thresholds;
  readonly captureEndNs: number;
}

/** Windows, the links that were found while looking for them added, and the deaths of each upstream leg. */
export interface WindowsFound {
  readonly windows: readonly Window[];
  readonly links: readonly Link[];
  readonly deaths: Deaths;
}

type Deaths = ReadonlyMap<Leg, readonly Death[]>;

/** From here on a link by request or payload leaves no room for another reading. */
const SURE_CONFIDENCE = 0.8;

/** A client connection that may be hurt by a death, with its victims. */
interface Case {
  readonly client: Leg;
  readonly upstream: Leg;
  readonly death: Death;
  readonly victims: readonly Victim[];
  readonly link: Link;
}

/** Every half-dead window: one per pair of client and upstream connection and death. Ordered by start. */
export function windowsOf(scene: Scene): WindowsFound {
  const upstreams = scene.legs.filter((leg) => leg.role === 'upstream');
  const deaths = new Map(upstreams.map((leg) => [leg, deathsOf(leg, scene.captureEndNs, scene.thresholds)]));
  const index = new DeathIndex(deaths, scene.links);
  const cases = [...deaths].flatMap(([upstream, all]) =>
    all.flatMap((death) => casesOf(scene, index, upstream, death)),
  );
  const links = withNewLinks(scene.links, cases);
  const linkIndex = new Map(links.map((link, i) => [link, i]));
  const drafts = withoutRepeats(cases)
    .flatMap((found) => windowOf(scene, found, linkIndex))
    .toSorted((a, b) => a.fromNs - b.fromNs);
  return { windows: drafts.map((draft, i) => ({ ...draft, id: `w${i + 1}` })), links, deaths };
}

function neverOpened({ opened }: Leg): boolean {
  return opened === 'refused' || opened === 'unanswered';
}

function casesOf(scene: Scene, deaths: DeathIndex, upstream: Leg, death: Death): Case[] {
  if (neverOpened(upstream))
    return clientsOf(scene, upstream).flatMap((client) => attemptCase(scene, client, upstream, death));
  return clientsOf(scene, upstream).flatMap((client) => carriedCase(scene, deaths, client, upstream, death));
}

/** Connections that the gateway behind `upstream` accepted; in a chain of gateways these may be upstream of another one. */
function clientsOf({ legs, casting }: Scene, upstream: Leg): Leg[] {
  const gateway = casting.openedBy[upstream.trace.id] ?? -1;
  return legs.filter((leg) => gateway >= 0 && casting.acceptedBy[leg.trace.id] === gateway && leg !== upstream);
}

function carriedCase(scene: Scene, deaths: DeathIndex, client: Leg, upstream: Leg, death: Death): Case[] {
  const known = deaths.linksOf(client).find((link) => link.upstream === upstream.id);
  if (known !== undefined && known.confidence >= LINK_CONFIDENCE_MIN) {
    const carried = carriedStreams(client, upstream);
    const victims = victimsOf(
      client,
      upstream,
      death,
      carried,
      onlyDeath(deaths, client, upstream, death),
      scene.captureEndNs,
      scene.thresholds,
    );
    if (victims.length > 0) return [{ client, upstream, death, victims, link: known }];
  }
  return timedCase(scene, client, upstream, death);
}

/** No other upstream connection that carried this client's streams was silently dead at the same time. */
function onlyDeath(deaths: DeathIndex, client: Leg, upstream: Leg, death: Death): boolean {
  const untilNs = death.healedAt?.timeNs ?? Infinity;
  const overlaps = (other: Death): boolean =>
    isSilent(other) && other.fromNs < untilNs && (other.healedAt?.timeNs ?? Infinity) > death.fromNs;
  return !deaths
    .linksOf(client)
    .some((link) => link.upstream !== upstream.id && deaths.of(link.upstream).some(overlaps));
}

function timedCase(scene: Scene, client: Leg, upstream: Leg, death: Death): Case[] {
  const timed = timedStreams(client, upstream, scene.legs, scene.casting, scene.thresholds);
  if (timed === null || timed.confidence < LINK_CONFIDENCE_MIN) return [];
  const victims = timed.streams.map((near) => ({ near, far: null, rerouted: null }));
  const link: Link = {
    client: client.id,
    upstream: upstream.id,
    method: 'timing',
    confidence: timed.confidence,
    streams: [],
  };
  return [{ client, upstream, death, victims, link }];
}

function attemptCase(scene: Scene, client: Leg, upstream: Leg, death: Death): Case[] {
  const victims = waitersOf(client, upstream, death, scene.thresholds);
  if (victims.length === 0) return [];
  const link: Link = {
    client: client.id,
    upstream: upstream.id,
    method: 'timing',
    confidence: attemptConfidence(scene, upstream),
    streams: [],
  };
  return link.confidence < LINK_CONFIDENCE_MIN ? [] : [{ client, upstream, death, victims, link }];
}

const ATTEMPT_CONFIDENCE = 0.9;

/** Attempts to other servers in the same moment explain the waiting just as well. */
function attemptConfidence({ legs, casting, thresholds }: Scene, upstream: Leg): number {
  const server = upstream.trace.endpoints[upstream.serverSide].ip;
  const rivals = legs.filter(
    (leg) =>
      leg.role === 'upstream' &&
      neverOpened(leg) &&
      casting.openedBy[leg.trace.id] === casting.openedBy[upstream.trace.id] &&
      leg.trace.endpoints[leg.serverSide].ip !== server &&
      Math.abs(leg.trace.first.timeNs - upstream.trace.first.timeNs) <= thresholds.actsWithinNs,
  );
  return ATTEMPT_CONFIDENCE / (1 + rivals.length);
}

/** Attempts that follow closely for the same waiting streams are one window, dated from the first (contract §3). */
function withoutRepeats(cases: readonly Case[]): Case[] {
  const claimed = new Set<string>();
  return cases.flatMap((found) => {
    if (!neverOpened(found.upstream)) return [found];
    const server = found.upstream.trace.endpoints[found.upstream.serverSide].ip;
    const key = (victim: Victim): string => `${found.client.id} ${server} ${victim.near.id}`;
    const fresh = found.victims.filter((victim) => !claimed.has(key(victim)));
    for (const victim of fresh) claimed.add(key(victim));
    return fresh.length === 0 ? [] : [{ ...found, victims: fresh }];
  });
}

function withNewLinks(links: readonly Link[], cases: readonly Case[]): Link[] {
  const known = new Set(links);
  const added = cases.map((found) => found.link).filter((link) => !known.has(link));
  return [...links, ...added];
}

function windowOf(scene: Scene, found: Case, linkIndex: ReadonlyMap<Link, number>): Omit<Window, 'id'>[] {
  const { client, upstream, victims, link } = found;
  const { captureEndNs, thresholds, legs, casting } = scene;
  const death = closingDeath(found, captureEndNs, thresholds);
  // Where one direction of the client's leg is missing, what it was told is not known.
  if (
    death === null ||
    isOneSided(client.trace) ||
    !wasAliveAt(client, Math.max(death.fromNs, client.trace.first.timeNs))
  )
    return [];
  const end = endOf(client, upstream, death, victims, legs, captureEndNs, thresholds);
  const toNs = end.at?.timeNs ?? captureEndNs;
  // A clock that stepped back between the two ends would make a window of negative length.
  if (toNs < death.fromNs) return [];
  if (end.how === 'healed' && !waitedLong(client, victims, death.fromNs, toNs, thresholds)) return [];
  const streams = hurtStreams(client, upstream, death, victims, toNs, legs);
  return [
    {
      client: client.id,
      upstream: upstream.id,
      link: linkIndex.get(link) ?? 0,
      confidence: confidenceOf(link, death, victims),
      fromNs: death.fromNs,
      toNs: end.at === null ? null : toNs,
      durationNs: toNs - death.fromNs,
      onset: { lastHeardNs: death.lastHeard?.timeNs ?? null, firstUnansweredNs: death.firstUnanswered.timeNs },
      cause: death.cause,
      oneWay: oneWayOf(death, upstream),
      end,
      streams,
      alternatives: alternativesOf(upstream, death.fromNs, toNs, legs, casting),
      evidence: evidenceOf(client, upstream, death, victims, streams, end, toNs),
    },
  ];
}

/**
 * An upstream that closed or reset its connection is only the gateway's fault where the client's streams were left open:
 * a FIN that was passed on at once is the end of a connection, a RST that was passed on is named `reset`.
 */
function closingDeath({ client, victims, death }: Case, captureEndNs: number, thresholds: Thresholds): Death | null {
  if (death.cause !== 'reset' && death.cause !== 'closed-not-propagated') return death;
  const left = victims.some(({ near }) => {
    const told = toldAt(client, near, death.fromNs) ?? overAt(near, client.serverSide);
    return (told?.timeNs ?? captureEndNs) - death.fromNs > thresholds.actsWithinNs;
  });
  // Where the capture lost bytes of the client's leg, the gateway's word may be among them.
  const unknowable = lacksBytes(client.trace.flows[client.serverSide]);
  if (left && !unknowable) return { ...death, cause: 'closed-not-propagated' };
  return death.cause === 'reset' ? death : null;
}

function oneWayOf({ cause, debts }: Death, upstream: Leg): Window['oneWay'] {
  if (cause !== 'path-one-way') return null;
  if (debts.some((debt) => debt.acknowledgedInVain)) return 'acknowledged-in-vain';
  const mute = debts.some((debt) => debt.owedBy === clientSide(upstream) && debt.heard === 0);
  return mute ? 'gateway-mute' : 'unacknowledged';
}

/** A client that connects to a gateway whose upstream is dead already is hurt by it as soon as it asks. */
function wasAliveAt(client: Leg, atNs: number): boolean {
  return client.liveness.some(
    ({ fromNs, toNs, state }) => fromNs <= atNs && atNs <= toNs && state !== 'dead' && state !== 'closed',
  );
}

/** A stall that healed is a window only for a client stream that waited through it for long (contract §3). */
function waitedLong(
  client: Leg,
  victims: readonly Victim[],
  fromNs: number,
  toNs: number,
  thresholds: Thresholds,
): boolean {
  return victims.some(({ near }) => {
    const since = Math.max(fromNs, near.opened.timeNs);
    const until = wasCancelled(client, near) ? (near.reset?.at.timeNs ?? toNs) : toNs;
    return until - since >= thresholds.healedWaitNs;
  });
}

function confidenceOf(link: Link, death: Death, victims: readonly Victim[]): Confidence {
  const supposed = death.cause === 'goaway-ignored' && victims.every(({ far }) => far === null);
  const unsure = link.confidence < SURE_CONFIDENCE || link.method === 'timing' || death.provenByGivingUp;
  return unsure || supposed ? 'probable' : 'confirmed';
}
