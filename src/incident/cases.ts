import type { DeathIndex } from './death-index.ts';
import { type Death, isSilent } from './deaths.ts';
import { type Victim, victimsOf } from './hurt.ts';
import { carriedStreams, LINK_CONFIDENCE_MIN } from './links.ts';
import { neverOpened } from './leg.ts';
import type { Leg, Link } from './model.ts';
import { opaqueCase } from './opaque-case.ts';
import type { Scene } from './scene.ts';
import { timedStreams } from './timing.ts';
import { waitersOf } from './waiting.ts';

/** A client connection that was hurt by a death, if it was alive then: who waited, and how we know that they belong together. */
export interface Case {
  readonly client: Leg;
  readonly upstream: Leg;
  readonly death: Death;
  readonly victims: readonly Victim[];
  readonly link: Link;
}

/** Every client connection that a death of `upstream` left waiting. */
export function casesOf(scene: Scene, deaths: DeathIndex, upstream: Leg, death: Death): Case[] {
  const clients = scene.clientsOf(upstream);
  if (neverOpened(upstream)) return clients.flatMap((client) => attemptCase(scene, client, upstream, death));
  return clients.flatMap((client) => carriedCase(scene, deaths, client, upstream, death));
}

function carriedCase(scene: Scene, deaths: DeathIndex, client: Leg, upstream: Leg, death: Death): Case[] {
  const known = deaths.linksOf(client).find((link) => link.upstream === upstream.id);
  if (known !== undefined && known.confidence >= LINK_CONFIDENCE_MIN) {
    const carried = carriedStreams(client, upstream);
    const pair = { client, upstream, death };
    const victims = victimsOf(scene, pair, carried, rivalsOf(deaths, client, upstream, death));
    if (victims.length > 0) return [{ client, upstream, death, victims, link: known }];
    const opaque = opaqueCase(client, upstream, death, known);
    if (opaque.length > 0) return opaque;
  }
  return timedCase(scene, client, upstream, death);
}

/** Other upstream connections that carried this client's streams and were silently dead at the same time. */
function rivalsOf(deaths: DeathIndex, client: Leg, upstream: Leg, death: Death): Leg[] {
  const untilNs = death.healedAt?.timeNs ?? Infinity;
  const overlaps = (other: Death): boolean =>
    isSilent(other) && other.fromNs < untilNs && (other.healedAt?.timeNs ?? Infinity) > death.fromNs;
  return deaths.linkedTo(client).filter((leg) => leg !== upstream && deaths.of(leg).some(overlaps));
}

function timedCase(scene: Scene, client: Leg, upstream: Leg, death: Death): Case[] {
  const timed = timedStreams(scene, client, upstream);
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
function attemptConfidence(scene: Scene, upstream: Leg): number {
  const server = upstream.trace.endpoints[upstream.serverSide].ip;
  const rivals = scene
    .siblingsOf(upstream)
    .filter(
      (leg) =>
        neverOpened(leg) &&
        leg.trace.endpoints[leg.serverSide].ip !== server &&
        Math.abs(leg.trace.first.timeNs - upstream.trace.first.timeNs) <= scene.thresholds.actsWithinNs,
    );
  return ATTEMPT_CONFIDENCE / (1 + rivals.length);
}

/** Attempts that follow closely for the same waiting streams are one window, dated from the first (contract §3). */
export function withoutRepeats(cases: readonly Case[]): Case[] {
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
