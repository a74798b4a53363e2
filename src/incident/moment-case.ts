import type { TraceStream } from '../trace/index.ts';
import type { Case } from './cases.ts';
import { type Death, isSilent } from './deaths.ts';
import { neverOpened } from './leg.ts';
import type { Leg, Link } from './model.ts';
import { oddsAgainstChance } from './odds.ts';
import { type Passings, SURE_ODDS } from './passings.ts';
import type { Scene } from './scene.ts';
import { overAt } from './stream-fate.ts';
import type { Thresholds } from './thresholds.ts';

/** Of what waited at a death, those that are taken for one client's must not be so by chance: 1 in a hundred, where the pair itself is sure. */
const WAITING_ODDS = 2;
/** Never more than probable. */
const CONFIDENCE = 0.8;
/** What is sent in vain, and its first packet as the debt has it, are one packet. */
const SAME_PACKET_NS = 1e6;

/**
 * A client that cannot be read, and a death: who waited is told by the moment at which the requests that the death left without an answer had
 * come in. Never more than probable.
 */
export function momentCase(scene: Scene, client: Leg, upstream: Leg, death: Death, known: Link | undefined): Case[] {
  const { passings, thresholds } = scene;
  if (client.trace.protocol !== 'tls' || !isSurePair(passings, client, upstream)) return [];
  const waiting = waitingOn(upstream, death, thresholds);
  const own = waiting.filter(({ timed }) => timed?.nearerClient === false && timed.connection === client.trace.id);
  const odds = oddsAgainstChance(own.length, passings.expected(client, upstream, waiting.length));
  const isHurt = odds >= WAITING_ODDS || askedInVain(scene, client, upstream, death);
  return isHurt ? [{ client, upstream, death, victims: [], link: known ?? linkOf(scene, client, upstream) }] : [];
}

function isSurePair(passings: Passings, client: Leg, upstream: Leg): boolean {
  return passings.odds(client, upstream) >= SURE_ODDS + passings.pairsTried(upstream);
}

/** Streams of the upstream connection that the death left without an answer for as long as hurts. */
function waitingOn(upstream: Leg, death: Death, thresholds: Thresholds): readonly TraceStream[] {
  if (!isSilent(death) && death.cause !== 'goaway-ignored') return [];
  const enoughNs = death.healedAt === null ? thresholds.deadAfterNs : thresholds.healedWaitNs;
  const healedNs = death.healedAt?.timeNs ?? Infinity;
  return upstream.streams.filter((stream) => {
    if (stream.opened.timeNs > healedNs) return false;
    if (death.aboveStream !== null && (stream.id <= death.aboveStream || stream.status !== undefined)) return false;
    const overNs = Math.min(overAt(stream, upstream.serverSide)?.timeNs ?? Infinity, healedNs);
    return overNs - Math.max(death.fromNs, stream.opened.timeNs) >= enoughNs;
  });
}

/** The upstream connection cannot be read either: a request of this client was the last, or later than the first, that it left without an answer. */
function askedInVain({ passings, thresholds }: Scene, client: Leg, upstream: Leg, death: Death): boolean {
  const asked = passings.of(client, upstream);
  if (asked === null || upstream.trace.protocol !== 'tls' || !isSilent(death)) return false;
  const debt = death.debts.find(({ owedBy }) => owedBy === upstream.serverSide);
  if (debt === undefined || asked.last.timeNs < debt.firstElicit.timeNs - SAME_PACKET_NS) return false;
  return death.healedAt === null || death.healedAt.timeNs - asked.last.timeNs >= thresholds.healedWaitNs;
}

/** The client that cannot be read, for whose request the gateway tried to connect in vain, and which it took to nobody else in time. */
export function attemptCase(scene: Scene, attempt: Leg, death: Death): Case[] {
  const { passings } = scene;
  const opener = attempt.trace.asks?.openedFor ?? null;
  const client = opener === null ? undefined : scene.legs[opener.connection];
  if (client?.role !== 'client' || client.trace.protocol !== 'tls' || wasTakenElsewhere(scene, attempt)) return [];
  const { made, forClient } = passings.attempts(client, attempt);
  const odds = oddsAgainstChance(forClient, passings.expectedOpenings(client, attempt, made));
  if (odds < SURE_ODDS) return [];
  return [{ client, upstream: attempt, death, victims: [], link: linkOf(scene, client, attempt, odds) }];
}

/** What it was made for was passed on to another, or may have been, before the attempt could be called dead. */
function wasTakenElsewhere({ thresholds }: Scene, attempt: Leg): boolean {
  const opener = attempt.trace.asks?.openedFor ?? null;
  if (opener === null) return false;
  const { asked, passedOn, elsewhere } = opener;
  return [passedOn, elsewhere].some((at) => at !== null && at.timeNs - asked.timeNs < thresholds.deadAfterNs);
}

function linkOf({ passings }: Scene, client: Leg, upstream: Leg, odds = passings.odds(client, upstream)): Link {
  const matched = passings.of(client, upstream)?.matched ?? 1;
  const byChance = neverOpened(upstream)
    ? passings.expectedOpenings(client, upstream, 1)
    : passings.expected(client, upstream, upstream.trace.asks?.acts ?? matched);
  return {
    client: client.id,
    upstream: upstream.id,
    method: 'timing',
    confidence: CONFIDENCE,
    streams: [],
    candidates: null,
    runnerUp: null,
    bursts: { matched, byChance, odds: Math.round(odds), shareOfClient: 0, shareOfUpstream: 0 },
  };
}
