import { BURST_CONTROLS, type BurstEvents, type BurstJoin } from '../trace/index.ts';
import { grouped } from './grouped.ts';
import type { BurstEvidence, Leg, Link, RunnerUp } from './model.ts';
import { oddsAgainstChance } from './odds.ts';
import { SURE_ODDS } from './passings.ts';
import type { Casting } from './roles.ts';

/** Odds against chance, as a power of ten, from which it is possible that two connections belong together. */
const POSSIBLE_ODDS = 3;
/** Where none fitted at times at which it could not be, one more such time may have had one. */
const CONTROL_MIN = 1 / BURST_CONTROLS;
/** Of what the gateway sends on one of the two so much has to have come from the other, or of what it got there so much to have left here. */
const SHARE_MIN = 0.1;
const SURE_CONFIDENCE = 0.8;
const POSSIBLE_CONFIDENCE = 0.3;

/** Both directions of one pair of connections. */
interface Pair {
  readonly near: number;
  readonly far: number;
  matched: number;
  /** Matches that two clocks which tick together do not explain. */
  anew: number;
  control: number;
  share: number;
  /** Of what the upstream said. */
  events: BurstEvents | null;
}

/**
 * Links by sizes and times of what could not be read, of pairs for which nothing better speaks. The chance is that of a Poisson law: as
 * many matches or more, where those that cannot be real tell how many come by themselves. Ordered by client, then upstream.
 */
export function burstLinksOf(joins: readonly BurstJoin[], legs: readonly Leg[], casting: Casting): readonly Link[] {
  const pairs = pairsOf(joins, legs, casting);
  const byFar = grouped(pairs, ({ far }) => far);
  const surenessOf = surenessBy(legs, casting);
  const ofClient = matchedBy(pairs, ({ near }) => near);
  const ofUpstream = matchedBy(pairs, ({ far }) => far);
  return pairs.flatMap((pair) => {
    const odds = oddsOf(pair);
    const client = legs[pair.near];
    const upstream = legs[pair.far];
    if (client === undefined || upstream === undefined || odds < POSSIBLE_ODDS || pair.share < SHARE_MIN) return [];
    const bursts: BurstEvidence = {
      matched: pair.matched,
      byChance: pair.control,
      odds: Math.round(odds),
      shareOfClient: pair.matched / (ofClient.get(pair.near) ?? pair.matched),
      shareOfUpstream: pair.matched / (ofUpstream.get(pair.far) ?? pair.matched),
      events: pair.events,
    };
    const sureOdds = surenessOf(pair);
    const runnerUp = runnerUpOf(pair, byFar.get(pair.far) ?? [], legs, sureOdds);
    const shared = { method: 'timing' as const, streams: [], candidates: null };
    return [
      {
        client: client.id,
        upstream: upstream.id,
        confidence: confidenceOf(odds, sureOdds),
        runnerUp,
        bursts,
        ...shared,
      },
    ];
  });
}

function oddsOf({ anew, control }: Pair): number {
  return oddsAgainstChance(anew, control + CONTROL_MIN);
}

/** From which odds a pair is sure: so many more than a thousand to one as there are pairs at its gateway, all of which were tried. */
function surenessBy(legs: readonly Leg[], casting: Casting): (pair: Pair) => number {
  const accepted = grouped(legs, ({ trace }) => casting.acceptedBy[trace.id] ?? -1);
  const opened = grouped(legs, ({ trace }) => casting.openedBy[trace.id] ?? -1);
  return ({ far }) => {
    const gateway = casting.openedBy[far] ?? -1;
    const pairs = (accepted.get(gateway)?.length ?? 1) * (opened.get(gateway)?.length ?? 1);
    return SURE_ODDS + Math.log10(pairs);
  };
}

function confidenceOf(odds: number, sureOdds: number): number {
  if (odds < POSSIBLE_ODDS) return 0;
  return odds >= sureOdds ? SURE_CONFIDENCE : POSSIBLE_CONFIDENCE;
}

/** The client connection that fits the same upstream connection next best, if better than by chance. An upstream may be shared: it need not be wrong. */
function runnerUpOf(pair: Pair, ofUpstream: readonly Pair[], legs: readonly Leg[], sureOdds: number): RunnerUp | null {
  const others = ofUpstream.filter((other) => other !== pair && oddsOf(other) > 0);
  const [best] = others.toSorted((a, b) => oddsOf(b) - oddsOf(a) || a.near - b.near);
  const client = legs[best?.near ?? -1];
  const upstream = legs[pair.far];
  if (best === undefined || client === undefined || upstream === undefined) return null;
  const odds = oddsOf(best);
  return { client: client.id, upstream: upstream.id, confidence: confidenceOf(odds, sureOdds), odds: Math.round(odds) };
}

function matchedBy(pairs: readonly Pair[], connectionOf: (pair: Pair) => number): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const pair of pairs) sums.set(connectionOf(pair), (sums.get(connectionOf(pair)) ?? 0) + pair.matched);
  return sums;
}

function pairsOf(joins: readonly BurstJoin[], legs: readonly Leg[], casting: Casting): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const join of joins) {
    const ends = endsOf(join, legs, casting);
    if (ends === null) continue;
    const key = `${ends.near} ${ends.far}`;
    const pair = pairs.get(key) ?? { ...ends, matched: 0, anew: 0, control: 0, share: 0, events: null };
    pair.matched += join.matched;
    pair.anew += join.anew;
    pair.control += join.control;
    pair.share = Math.max(pair.share, join.matched / Math.max(Math.min(join.bursts, join.received), 1));
    if (join.to === ends.near) pair.events = join.events;
    pairs.set(key, pair);
  }
  return [...pairs.values()].toSorted((a, b) => a.near - b.near || a.far - b.far);
}

/** The host between is a gateway: it accepted the one and opened the other. */
function endsOf(
  { from, to, receiver, sender }: BurstJoin,
  legs: readonly Leg[],
  casting: Casting,
): { near: number; far: number } | null {
  const isForward = legs[from]?.serverSide === receiver && legs[to]?.serverSide !== sender;
  const isBack = legs[to]?.serverSide === sender && legs[from]?.serverSide !== receiver;
  if (!isForward && !isBack) return null;
  const ends = isForward ? { near: from, far: to } : { near: to, far: from };
  const gateway = casting.acceptedBy[ends.near] ?? -1;
  return gateway >= 0 && gateway === casting.openedBy[ends.far] ? ends : null;
}
