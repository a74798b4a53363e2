import { heldRequests } from './findings/held-requests.ts';
import type { Facts } from './findings/rule.ts';
import { windowsBehind } from './findings/windows-by-leg.ts';
import { LINK_CONFIDENCE_MIN } from './links.ts';
import { type Death, isSilent } from './deaths.ts';
import { neverOpened } from './leg.ts';
import { isOneSided } from './liveness.ts';
import { nextTryDueNs } from './next-try.ts';
import { overAt } from './stream-fate.ts';
import type { Debt } from '../trace/index.ts';
import type { Confidence, Finding, Leg, Verdict, VerdictReason } from './model.ts';

/** The state of a whole capture (contract §3): half-dead if and only if there is a window. */
export function verdictOf(facts: Facts, findings: readonly Finding[], gateways: number): Verdict {
  if (facts.windows.length > 0) {
    const confirmed = facts.windows.some((window) => window.confidence === 'confirmed');
    return verdict('half-dead', confirmed ? 'confirmed' : 'probable', { kind: 'windows', count: facts.windows.length });
  }
  const suspicion = suspicionOf(facts, findings);
  if (suspicion !== null) return verdict('suspect', 'possible', suspicion);
  const obstacle = obstacleOf(facts, gateways);
  if (obstacle !== null) return verdict('inconclusive', null, obstacle);
  const count = (role: Leg['role']): number => facts.legs.filter((leg) => leg.role === role).length;
  return verdict('healthy', null, {
    kind: 'no-window',
    clients: count('client'),
    upstreams: count('upstream'),
    links: facts.links.length,
  });
}

function verdict(state: Verdict['state'], confidence: Confidence | null, reason: VerdictReason): Verdict {
  return { state, confidence, reason };
}

const STALLED: ReadonlySet<string> = new Set(['upstream-silent', 'stale-but-alive']);

/** Something is wrong with an upstream, and the capture cannot say whom it hurt. */
function suspicionOf(facts: Facts, findings: readonly Finding[]): VerdictReason | null {
  const stalled = findings.find((finding) => STALLED.has(finding.code));
  if (stalled?.connection != null) return { kind: 'stalled-upstream', connection: stalled.connection };
  for (const [leg, deaths] of facts.deaths) {
    const isSuspect = deaths.some((death) =>
      neverOpened(leg) || wasLongAway(facts, death)
        ? mayHaveHurtSomebody(facts, leg, death)
        : isUnexplained(facts, leg, death),
    );
    if (isSuspect) return { kind: 'dead-upstream-unlinked', connection: leg.id };
  }
  const owing = facts.legs.find((leg) => isUnansweredAtTheEnd(facts, leg) && !isLinked(facts, leg));
  return owing === undefined ? null : { kind: 'dead-upstream-unlinked', connection: owing.id };
}

/** It came back after so long that whoever waited for it was hurt. */
function wasLongAway({ thresholds }: Facts, { healedAt, fromNs }: Death): boolean {
  return healedAt !== null && healedAt.timeNs - fromNs >= thresholds.healedWaitNs;
}

/** An attempt or a silence that nobody waited for hurt nobody; but who waited is only seen of clients whose requests can be read. */
function mayHaveHurtSomebody(facts: Facts, upstream: Leg, death: Death): boolean {
  if (windowsBehind(facts.windows, upstream).length > 0) return false;
  return facts.legs.some((client) => isClosedBook(client, death.fromNs, upstream.trace.last.timeNs));
}

/** A client that was there at that time, and of whose requests nothing can be read. */
function isClosedBook(client: Leg, fromNs: number, toNs: number): boolean {
  const { protocol, flows, first } = client.trace;
  const isRead = protocol === 'h2' || protocol === 'http1';
  const overNs = client.closed.at?.timeNs ?? Infinity;
  const wasThere = first.timeNs <= toNs && fromNs <= overNs;
  return client.role === 'client' && !isRead && wasThere && flows[0].bytes > 0 && flows[1].bytes > 0;
}

/** By more than chance; where only sizes and times tell, nobody can say that no stream was left on it. */
function isLinked(facts: Facts, leg: Leg): boolean {
  return facts.links.some(
    (link) => link.upstream === leg.id && link.confidence >= LINK_CONFIDENCE_MIN && link.bursts === undefined,
  );
}

/** Sent again in vain, and the next try not yet due when the capture ends: too little for a death, too much for nothing. */
function isUnansweredAtTheEnd(facts: Facts, leg: Leg): boolean {
  if (
    leg.role !== 'upstream' ||
    isOneSided(leg.trace) ||
    leg.closed.how !== 'open' ||
    (facts.deaths.get(leg) ?? []).length > 0
  )
    return false;
  return leg.trace.debts.some((debt) => {
    // The first SYN and the first probe are tries, but not yet tries again.
    const again = debt.tries - (debt.elicits.retransmissions === 0 ? 1 : 0);
    if (debt.end !== 'open' || debt.acknowledgedInVain || again <= 0) return false;
    return facts.captureEndNs <= nextTryDueNs(debt);
  });
}

/**
 * A death that stayed, and that no window tells of. One that is linked, and hurt no stream, hurt nobody: what it had carried was over;
 * so did a reset on which nothing was open.
 */
function isUnexplained(facts: Facts, leg: Leg, death: Death): boolean {
  if (death.healedAt !== null || (!isSilent(death) && death.cause !== 'reset')) return false;
  if (windowsBehind(facts.windows, leg).length > 0) return false;
  const left = leg.streams.some(
    (stream) =>
      stream.partners.length === 0 &&
      stream.ended[leg.serverSide] === null &&
      (stream.reset?.at.timeNs ?? Infinity) > death.fromNs,
  );
  const unlinked = death.cause === 'reset' ? left : !isLinked(facts, leg) || left;
  return unlinked || facts.links.some((link) => link.upstream === leg.id && isOneSidedLeg(facts, link.client));
}

function isOneSidedLeg(facts: Facts, id: string): boolean {
  const leg = facts.legById.get(id);
  return leg !== undefined && isOneSided(leg.trace);
}

/** Why the capture could not have shown a half-dead connection; null where it could. */
function obstacleOf(facts: Facts, gateways: number): VerdictReason | null {
  if (facts.legs.length === 0) return { kind: 'no-tcp' };
  if (facts.clockSteps > 0) return { kind: 'clock-step', count: facts.clockSteps };
  if (gateways === 0) return { kind: 'no-gateway', connections: facts.legs.length };
  const clients = facts.legs.filter((leg) => leg.role === 'client');
  const upstreams = facts.legs.filter((leg) => leg.role === 'upstream');
  const early = upstreams.find((leg) => isUnansweredAtTheEnd(facts, leg));
  if (clients.length === 0) return { kind: 'no-client-leg' };
  if (upstreams.length === 0) return { kind: 'no-upstream-leg' };
  if (isFiltered(facts, [...clients, ...upstreams])) return { kind: 'filtered' };
  if (early !== undefined) return { kind: 'too-early', connection: early.id };
  if (facts.spanNs < facts.thresholds.deadAfterNs && [...clients, ...upstreams].some(isWaiting))
    return { kind: 'too-short' };
  const blind = [...clients, ...upstreams].filter((leg) => isOneSided(leg.trace) && leg.trace.debts.length > 0);
  const allBlind = upstreams.every((leg) => isOneSided(leg.trace)) || clients.every((leg) => isOneSided(leg.trace));
  if (blind.length > 0 || allBlind) {
    const legs = blind.length > 0 ? blind : [...clients, ...upstreams].filter((leg) => isOneSided(leg.trace));
    return { kind: 'one-sided', connections: legs.map((leg) => leg.id) };
  }
  const [held] = heldRequests(facts);
  return held === undefined
    ? null
    : { kind: 'requests-unseen', connection: held.client.id, count: held.streams.length };
}

/**
 * Unacknowledged data are sent again after a second or less, three in older stacks (RFC 6298 §2): where they stood for so long and were
 * not, the acknowledgement or what was sent again is not in the capture.
 */
const UNREPEATED_NS = 10e9;

/** On every leg packets are missing that must have been there, as in what a display filter lets through: a death could not be seen in it. */
function isFiltered({ captureEndNs }: Facts, legs: readonly Leg[]): boolean {
  const spoken = legs.filter(({ trace }) => trace.flows.some(({ bytes }) => bytes > 0));
  return (
    spoken.length > 1 &&
    spoken.every((leg) => leg.trace.debts.some((debt) => isUnrepeated(debt, leg.closed.at?.timeNs ?? captureEndNs)))
  );
}

function isUnrepeated({ elicits, firstElicit, endAt }: Debt, overNs: number): boolean {
  const isData = elicits.data > 0 && elicits.retransmissions + elicits.probes + elicits.syns === 0;
  return isData && (endAt?.timeNs ?? overNs) - firstElicit.timeNs >= UNREPEATED_NS;
}

/** Something was still to come on this leg when the capture ended. */
function isWaiting(leg: Leg): boolean {
  return (
    leg.trace.debts.some((debt) => debt.end === 'open') ||
    leg.streams.some(
      (stream) => stream.sawRequest && stream.status === undefined && overAt(stream, leg.serverSide) === null,
    )
  );
}
