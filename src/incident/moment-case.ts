import type { TraceStream } from '../trace/index.ts';
import type { Case } from './cases.ts';
import { type Death, isSentInVain, isSilent } from './deaths.ts';
import type { Leg, Link } from './model.ts';
import { oddsAgainstChance } from './odds.ts';
import { type Passings, SURE_ODDS } from './passings.ts';
import type { Scene } from './scene.ts';
import { overAt } from './stream-fate.ts';
import { numberOnConnection } from './stream-names.ts';
import type { Thresholds } from './thresholds.ts';

/**
 * Of what waited at a death, those that are taken for one client's must not be so by chance: 1 in a hundred, where the pair itself is sure. That is asked of each hop:
 * the chance grows with it, so that those of the shorter ones are small beside that of the longest which still counts.
 */
const WAITING_ODDS = 2;
/** Never more than probable. */
const CONFIDENCE = 0.8;
/** An expectation is an estimate. */
const CHANCE_DIGITS = 2;

/** Events of one client that were passed on, from which it is taken to have a watch open; */
const EVENTS_MIN = 3;
/** and how many times longer than usual it may have had none before the death: of watches with events at random one in twenty pauses so long. */
const EVENT_GAPS_MAX = 3;
/** Whoever shares an upstream connection gets the same events at the same time: that some request of it went there has to speak for it, too. */
const ASKED_ODDS = 2;

/**
 * A client or an upstream connection that cannot be read, and a death: who waited is told by the moment at which the requests that the death left
 * without an answer had come in. Never more than probable.
 */
export function momentCase(scene: Scene, client: Leg, upstream: Leg, death: Death, known: Link | undefined): Case[] {
  const told = surestOf(scene, client, upstream, known);
  if (told === null) return [];
  const link =
    known ?? linkOf(client, upstream, told.of(client, upstream)?.matched ?? 0, told.expectedMatches(client, upstream));
  if (client.trace.protocol !== 'tls') return readCase(scene, { client, upstream, death, victims: [], link });
  const waiting = waitingOn(upstream, death, scene.thresholds);
  const isHurt =
    scene.passings.some((passings) => isAmong(passings, client, upstream, waiting)) ||
    scene.passings.some((passings) => askedInVain(scene, passings, client, upstream, death)) ||
    waitsForEvents(scene, upstream, death, link, waiting);
  return isHurt ? [{ client, upstream, death, victims: [], link }] : [];
}

/** The shortest hop by which the two surely belong together; null where none tells. */
function surestOf(scene: Scene, client: Leg, upstream: Leg, known: Link | undefined): Passings | null {
  const sure = scene.passings.find((passings) => {
    const asked = passings.odds(client, upstream);
    const bursts = asked < ASKED_ODDS + passings.hopOdds ? 0 : (known?.bursts?.odds ?? 0);
    return Math.max(asked, bursts) >= passings.sureOdds(upstream);
  });
  return sure ?? null;
}

/** Some of those streams are that client's, and hardly by chance. */
function isAmong(passings: Passings, client: Leg, upstream: Leg, waiting: readonly TraceStream[]): boolean {
  const own = waiting.filter(({ timed }) =>
    timed.some(
      ({ hop, nearerClient, connection }) => hop === passings.hop && !nearerClient && connection === client.trace.id,
    ),
  );
  const byChance = passings.expected(client, upstream, waiting.length);
  return oddsAgainstChance(own.length, byChance) >= WAITING_ODDS;
}

/** The client can be read, the upstream cannot: the client's streams that went there a moment after they were asked. */
function readCase(scene: Scene, found: Case): Case[] {
  const { client, upstream, death } = found;
  if (!isSilent(death)) return [];
  const left = client.streams.filter((stream) => isLeftWaiting(stream, client, death, scene.thresholds));
  const own = scene.passings
    .map((passings) => sentThere(passings, client, upstream, left))
    .find((streams) => streams.length > 0);
  return own === undefined ? [] : [{ ...found, victims: own.map((near) => ({ near, far: null, rerouted: null })) }];
}

/** Those that were sent there, hardly by chance; none where it may be chance. */
function sentThere(
  passings: Passings,
  client: Leg,
  upstream: Leg,
  streams: readonly TraceStream[],
): readonly TraceStream[] {
  const own = streams.filter(({ timed }) =>
    timed.some(
      ({ hop, nearerClient, connection }) => hop === passings.hop && nearerClient && connection === upstream.trace.id,
    ),
  );
  const odds = oddsAgainstChance(own.length, passings.expected(client, upstream, 1));
  return odds < WAITING_ODDS ? [] : own;
}

/** Streams of the upstream connection that the death left without an answer for as long as hurts. */
function waitingOn(upstream: Leg, death: Death, thresholds: Thresholds): readonly TraceStream[] {
  if (death.cause === 'reset') return upstream.streams.filter((stream) => isLeftWaiting(stream, upstream, death, null));
  if (!isSilent(death) && death.cause !== 'goaway-ignored') return [];
  return upstream.streams.filter((stream) => isLeftWaiting(stream, upstream, death, thresholds));
}

/** @param thresholds null: however short it waited */
function isLeftWaiting(stream: TraceStream, leg: Leg, death: Death, thresholds: Thresholds | null): boolean {
  const { fromNs, healedAt, aboveStream } = death;
  const healedNs = healedAt?.timeNs ?? Infinity;
  if (stream.opened.timeNs > healedNs) return false;
  if (aboveStream !== null && (numberOnConnection(stream) <= aboveStream || stream.status !== undefined)) return false;
  const overNs = Math.min(overAt(stream, leg.serverSide)?.timeNs ?? Infinity, healedNs);
  const sinceNs = Math.max(fromNs, stream.opened.timeNs);
  // What had no answer yet may be tried again elsewhere at once; a begun one cannot be.
  if (thresholds === null) return overNs > sinceNs && stream.status !== undefined;
  return overNs - sinceNs >= (healedAt === null ? thresholds.deadAfterNs : thresholds.healedWaitNs);
}

/** The upstream connection cannot be read either: a request of this client is among what it left without an answer. */
function askedInVain({ thresholds }: Scene, passings: Passings, client: Leg, upstream: Leg, death: Death): boolean {
  const asked = passings.of(client, upstream);
  if (asked === null || upstream.trace.protocol !== 'tls' || !isSilent(death)) return false;
  const debt = death.debts.find(({ owedBy }) => owedBy === upstream.serverSide);
  if (debt === undefined || !isSentInVain(debt, asked.last)) return false;
  return death.healedAt === null || death.healedAt.timeNs - asked.last.timeNs >= thresholds.healedWaitNs;
}

/** It got events until shortly before: a watch was open. Where streams can be read, there has to be one of which nothing tells whose it was. */
function waitsForEvents(
  { thresholds }: Scene,
  upstream: Leg,
  death: Death,
  { bursts }: Link,
  waiting: readonly TraceStream[],
): boolean {
  const events = bursts?.events ?? null;
  if (events === null || events.count < EVENTS_MIN || !(isSilent(death) || death.cause === 'reset')) return false;
  if (upstream.trace.protocol !== 'tls' && waiting.every(({ timed }) => timed.length > 0)) return false;
  const usualNs = (events.last.timeNs - events.firstNs) / (events.count - 1);
  if (death.fromNs - events.last.timeNs > EVENT_GAPS_MAX * usualNs) return false;
  return death.healedAt === null || death.healedAt.timeNs - death.fromNs >= thresholds.healedWaitNs;
}

/** The client that cannot be read, for whose request the gateway tried to connect in vain, and which it took to nobody else in time. */
export function attemptCase(scene: Scene, attempt: Leg, death: Death): Case[] {
  if (wasTakenElsewhere(scene, attempt)) return [];
  const found = scene.passings.map((passings) => attemptLink(scene, passings, attempt)).find((link) => link !== null);
  const client = found == null ? undefined : scene.legNamed(found.client);
  return found == null || client === undefined ? [] : [{ client, upstream: attempt, death, victims: [], link: found }];
}

function attemptLink(scene: Scene, passings: Passings, attempt: Leg): Link | null {
  const opener = passings.openerOf(attempt);
  const client = opener === null ? undefined : scene.legs[opener.connection];
  if (client?.trace.protocol !== 'tls' || !passings.isThroughOne(client, attempt)) return null;
  // A refusal is tried again elsewhere at once: where the capture lacks some of what the gateway passed on then, that may be among it.
  const askedNs = opener?.asked.timeNs ?? Number.NaN;
  const isSeen = scene.around(attempt).seesPassedOn(askedNs, askedNs + scene.thresholds.deadAfterNs);
  if (attempt.opened === 'refused' && !isSeen) return null;
  const { made, forClient } = passings.attempts(client, attempt);
  const byChance = passings.expectedOpenings(client, attempt, made);
  if (oddsAgainstChance(forClient, byChance) < SURE_ODDS + passings.hopOdds) return null;
  return linkOf(client, attempt, forClient, byChance);
}

/** What it was made for was passed on to another, or may have been, before the attempt could be called dead: by whichever hop. */
function wasTakenElsewhere({ passings, thresholds }: Scene, attempt: Leg): boolean {
  return passings.some((each) => {
    const opener = each.openerOf(attempt);
    if (opener === null) return false;
    const { asked, passedOn, elsewhere } = opener;
    return [passedOn, elsewhere].some((at) => at !== null && at.timeNs - asked.timeNs < thresholds.deadAfterNs);
  });
}

function linkOf(client: Leg, upstream: Leg, matched: number, expected: number): Link {
  const odds = Math.round(oddsAgainstChance(matched, expected));
  const byChance = Number(expected.toPrecision(CHANCE_DIGITS));
  return {
    client: client.id,
    upstream: upstream.id,
    method: 'timing',
    confidence: CONFIDENCE,
    streams: [],
    candidates: null,
    runnerUp: null,
    bursts: { matched, byChance, odds, shareOfClient: null, shareOfUpstream: null, events: null },
  };
}
