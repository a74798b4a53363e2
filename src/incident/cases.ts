import type { DeathIndex } from './death-index.ts';
import { type Death, isSilent } from './deaths.ts';
import { type Pair, type Victim, victimsOf } from './hurt.ts';
import { carriedStreams, LINK_CONFIDENCE_MIN } from './links.ts';
import { neverOpened } from './leg.ts';
import type { Leg, Link } from './model.ts';
import { opaqueCase } from './opaque-case.ts';
import { attemptCase, momentCase } from './moment-case.ts';
import type { Scene } from './scene.ts';
import { timedStreams, type TimedStreams } from './timing.ts';
import { attemptConfidence, Waiting } from './waiting.ts';

/** A client connection that was hurt by a death, if it was alive then: who waited, and how we know that they belong together. */
export interface Case {
  readonly client: Leg;
  readonly upstream: Leg;
  readonly death: Death;
  readonly victims: readonly Victim[];
  readonly link: Link;
}

/** Client connections that deaths of upstream connections left waiting; of a death in the order in which they stand in the trace. */
export function casesOf(scene: Scene, index: DeathIndex, deaths: ReadonlyMap<Leg, readonly Death[]>): Case[] {
  const waiting = new Waiting(scene);
  return [...deaths].flatMap(([upstream, all]) =>
    all.flatMap((death) =>
      neverOpened(upstream)
        ? attemptCases(scene, waiting, upstream, death)
        : openedCases(scene, index, upstream, death),
    ),
  );
}

function openedCases(scene: Scene, deaths: DeathIndex, upstream: Leg, death: Death): Case[] {
  const timed = timedStreams(scene, upstream);
  const linked = deaths.clientsOf(upstream).flatMap((id) => scene.legNamed(id) ?? []);
  const passed = scene.passings.flatMap((passings) => passings.clientsOf(upstream));
  const clients = inTraceOrder(new Set([...linked, ...timed.byClient.keys(), ...passed]));
  return clients.flatMap((client) => {
    const known = deaths.linksOf(client).find((link) => link.upstream === upstream.id);
    const carried = known === undefined ? [] : carriedCase(scene, deaths, { client, upstream, death }, known);
    if (carried.length > 0) return carried;
    const inTime = timedCase(timed, client, upstream, death);
    if (inTime.length > 0) return inTime;
    return momentCase(scene, client, upstream, death, known);
  });
}

function inTraceOrder(legs: Iterable<Leg>): Leg[] {
  return [...legs].toSorted((a, b) => a.trace.id - b.trace.id);
}

function carriedCase(scene: Scene, deaths: DeathIndex, pair: Pair, known: Link): Case[] {
  if (known.confidence < LINK_CONFIDENCE_MIN) return [];
  const { client, upstream, death } = pair;
  const carried = carriedStreams(client, upstream);
  const victims = victimsOf(scene, pair, carried, rivalsOf(deaths, client, upstream, death));
  if (victims.length > 0) return [{ ...pair, victims, link: known }];
  return opaqueCase(client, upstream, death, known);
}

/** Other upstream connections that carried this client's streams and were silently dead at the same time. */
function rivalsOf(deaths: DeathIndex, client: Leg, upstream: Leg, death: Death): Leg[] {
  const untilNs = death.healedAt?.timeNs ?? Infinity;
  const overlaps = (other: Death): boolean =>
    isSilent(other) && other.fromNs < untilNs && (other.healedAt?.timeNs ?? Infinity) > death.fromNs;
  return deaths.linkedTo(client).filter((leg) => leg !== upstream && deaths.of(leg).some(overlaps));
}

function timedCase({ byClient, confidence }: TimedStreams, client: Leg, upstream: Leg, death: Death): Case[] {
  // Which stream of the upstream it was is not known, nor so whether a GOAWAY let it go on: only what was asked after it was surely refused.
  const streams = (byClient.get(client) ?? []).filter(
    ({ opened }) => death.aboveStream === null || opened.timeNs >= death.fromNs,
  );
  if (streams.length === 0 || confidence < LINK_CONFIDENCE_MIN) return [];
  const victims = streams.map((near) => ({ near, far: null, rerouted: null }));
  return [{ client, upstream, death, victims, link: linkByTiming(client, upstream, confidence) }];
}

function linkByTiming(client: Leg, upstream: Leg, confidence: number): Link {
  return {
    client: client.id,
    upstream: upstream.id,
    method: 'timing',
    confidence,
    streams: [],
    candidates: null,
    runnerUp: null,
  };
}

function attemptCases(scene: Scene, waiting: Waiting, upstream: Leg, death: Death): Case[] {
  const confidence = attemptConfidence(scene, upstream);
  if (confidence < LINK_CONFIDENCE_MIN) return [];
  const byClient = waiting.for(upstream, death);
  const read = inTraceOrder(byClient.keys()).map((client) => {
    const victims = byClient.get(client) ?? [];
    return { client, upstream, death, victims, link: linkByTiming(client, upstream, confidence) };
  });
  return [...read, ...attemptCase(scene, upstream, death)];
}
