import type { TraceStream } from '../trace/index.ts';
import { type Death, isSilent } from './deaths.ts';
import type { Facts } from './findings/rule.ts';
import { clientSide, neverOpened } from './leg.ts';
import { LINK_CONFIDENCE_MIN } from './links.ts';
import { isOneSided } from './liveness.ts';
import { gatewayUnseenToEnd } from './lost-rhythm.ts';
import type { Finding, Leg, VerdictReason } from './model.ts';
import { nextTryDueNs } from './next-try.ts';
import { wasPassedOnWithin } from './passings.ts';
import type { Scene } from './scene.ts';
import { overAt } from './stream-fate.ts';
import { unseenCancels } from './unseen-cancel.ts';
import { askedFor, attemptConfidence } from './waiting.ts';
import { numberOnConnection } from './stream-names.ts';

const STALLED: ReadonlySet<string> = new Set(['upstream-silent', 'stale-but-alive']);

/**
 * Something is wrong with an upstream, and the capture cannot say whom it hurt: it is stalled, or it is dead or does not answer, and no
 * living client can be linked to it, or only by chance (contract §3). Null: nothing of that kind. Asked only where there is no window.
 */
export function suspicionOf(scene: Scene, facts: Facts, findings: readonly Finding[]): VerdictReason | null {
  const stalled = findings.find((finding) => STALLED.has(finding.code));
  if (stalled?.connection != null) return { kind: 'stalled-upstream', connection: stalled.connection };
  for (const [leg, deaths] of facts.deaths) {
    if (deaths.some((death) => isUnexplained(scene, facts, leg, death)))
      return { kind: 'dead-upstream-unlinked', connection: leg.id };
  }
  const untold = facts.legs.find((leg) => unseenCancels(scene, leg).length > 0);
  if (untold !== undefined) return { kind: 'cancel-unseen', connection: untold.id };
  for (const leg of facts.legs) {
    const unseen = gatewayUnseenToEnd(leg);
    if (unseen !== null) return { kind: 'probes-unseen', connection: leg.id, by: unseen.by };
  }
  const owing = facts.legs.find((leg) => isOwing(facts, leg) && !isOwingKnownClients(scene, facts, leg));
  return owing === undefined ? null : { kind: 'dead-upstream-unlinked', connection: owing.id };
}

function isUnexplained(scene: Scene, facts: Facts, leg: Leg, death: Death): boolean {
  if (neverOpened(leg)) return !wasMadeForServed(scene, leg);
  if (death.healedAt !== null) return wasLongAway(facts, death) && !isHurtKnown(facts, leg, death);
  if (isSilent(death)) return !isLinkedToLiving(facts, leg, death.fromNs) || isHurtUnseen(facts, leg, death);
  // A connection that is gone, or takes no more, can hurt only those who were on it.
  if (death.cause === 'reset')
    return isHurtUnseen(facts, leg, death) || (!isRead(leg) && !isLinkedToLiving(facts, leg, death.fromNs));
  if (death.cause === 'closed-not-propagated')
    return (
      wasLeftHalfOpen(facts, leg, death) &&
      (isHurtUnseen(facts, leg, death) || (!isRead(leg) && !isLinkedToLiving(facts, leg, death.fromNs)))
    );
  return death.cause === 'goaway-ignored' && isHurtUnseen(facts, leg, death);
}

/** The gateway did not close its side either, as if it had not heard the FIN: an ordinary end takes two. */
function wasLeftHalfOpen({ thresholds }: Facts, leg: Leg, { fromNs }: Death): boolean {
  const answered = leg.trace.closes.find(({ by, at }) => by === clientSide(leg) && at.timeNs >= fromNs);
  return (answered?.at.timeNs ?? leg.watchedToNs) - fromNs >= thresholds.deadAfterNs;
}

/** The requests that an attempt was made for all went elsewhere in time: a refusal that was retried at once (contract §3). */
function wasMadeForServed(scene: Scene, attempt: Leg): boolean {
  const { passedOn, left } = askedFor(scene, attempt);
  return (passedOn > 0 && left === 0) || (passedOn + left === 0 && wasPassedOnInTime(scene, attempt));
}

/** Where the client cannot be read: the request before it is seen to leave on another connection. */
function wasPassedOnInTime({ passings, thresholds }: Scene, attempt: Leg): boolean {
  const openers = passings.flatMap((each) => each.openerOf(attempt) ?? []);
  if (openers.length === 0) return passings.some((each) => each.isRetriedWithin(attempt, thresholds.deadAfterNs));
  return openers.every((opener) => wasPassedOnWithin(opener, thresholds.deadAfterNs));
}

/** It came back, after so long that whoever waited for it was hurt. */
function wasLongAway({ thresholds }: Facts, { healedAt, fromNs }: Death): boolean {
  return healedAt !== null && healedAt.timeNs - fromNs >= thresholds.healedWaitNs;
}

/** Who waited for what came back is known, and that nobody of them waited for long. */
function isHurtKnown(facts: Facts, upstream: Leg, death: Death): boolean {
  const untilNs = upstream.trace.last.timeNs;
  if (facts.legs.some((client) => isClosedBook(client, death.fromNs, untilNs))) return false;
  if (isLinkedToLiving(facts, upstream, death.fromNs)) return !isLinkedToOneSided(facts, upstream);
  return isRead(upstream) && !isHurtUnseen(facts, upstream, death);
}

/** A client that was there at that time, and of whose requests nothing can be read. */
function isClosedBook(client: Leg, fromNs: number, toNs: number): boolean {
  const { first, flows } = client.trace;
  const wasThere = first.timeNs <= toNs && fromNs <= (client.closed.at?.timeNs ?? Infinity);
  return client.role === 'client' && !isRead(client) && wasThere && flows.every(({ bytes }) => bytes > 0);
}

/** What was asked on it can be read; of a connection without payload there is nothing to read. */
function isRead({ trace: { protocol, flows } }: Leg): boolean {
  return protocol === 'h2' || protocol === 'http1' || flows.every(({ bytes }) => bytes === 0);
}

/** A stream was on it of which nothing tells whose it was, or what became of it. */
function isHurtUnseen(facts: Facts, leg: Leg, death: Death): boolean {
  const hit = leg.streams.filter((stream) => isHitBy(leg, stream, death));
  return hit.some(({ partners }) => partners.length === 0) || (hit.length > 0 && isLinkedToOneSided(facts, leg));
}

function isHitBy({ serverSide }: Leg, stream: TraceStream, { fromNs, healedAt, aboveStream }: Death): boolean {
  if (stream.opened.timeNs > (healedAt?.timeNs ?? Infinity)) return false;
  if (aboveStream !== null && (numberOnConnection(stream) <= aboveStream || stream.status !== undefined)) return false;
  return (overAt(stream, serverSide)?.timeNs ?? Infinity) > fromNs;
}

/** By more than chance, to a client that was alive then or later; where only sizes and times tell, nobody can say that no stream was left on it. */
function isLinkedToLiving(facts: Facts, leg: Leg, fromNs: number): boolean {
  return facts.links.some(
    (link) =>
      link.upstream === leg.id &&
      link.confidence >= LINK_CONFIDENCE_MIN &&
      link.bursts === undefined &&
      wasLivingSince(facts.legById.get(link.client), fromNs),
  );
}

function wasLivingSince(client: Leg | undefined, fromNs: number): boolean {
  return (
    client !== undefined &&
    client.liveness.some(({ toNs, state }) => toNs > fromNs && state !== 'dead' && state !== 'closed')
  );
}

/** What became of its client cannot be told. */
function isLinkedToOneSided(facts: Facts, leg: Leg): boolean {
  return facts.links.some((link) => {
    const client = link.upstream === leg.id ? facts.legById.get(link.client) : undefined;
    return client !== undefined && isOneSided(client.trace);
  });
}

/**
 * Sent again in vain, for longer than loss takes as a rule, and the next try not yet overdue when the capture ends: too little for a death, too much
 * for nothing.
 */
export function isOwing(facts: Facts, leg: Leg): boolean {
  if (leg.role !== 'upstream' || isOneSided(leg.trace) || leg.closed.how !== 'open') return false;
  if ((facts.deaths.get(leg) ?? []).length > 0) return false;
  return leg.trace.debts.some((debt) => {
    // The first SYN and the first probe are tries, but not yet tries again.
    const again = debt.tries - (debt.elicits.retransmissions === 0 ? 1 : 0);
    const sinceNs = leg.watchedToNs - debt.firstElicit.timeNs;
    const isOpen = debt.end === 'open' && !debt.acknowledgedInVain && sinceNs >= facts.thresholds.lossSpanNs;
    return isOpen && again > 0 && leg.watchedToNs <= nextTryDueNs(debt);
  });
}

/** It is known whom it lets wait: whether it is dead is then only a matter of time, which the capture does not have. */
function isOwingKnownClients(scene: Scene, facts: Facts, leg: Leg): boolean {
  if (!neverOpened(leg)) return isLinkedToLiving(facts, leg, leg.trace.debts.at(-1)?.firstElicit.timeNs ?? -Infinity);
  const { passedOn, left } = askedFor(scene, leg);
  return passedOn + left > 0 && attemptConfidence(scene, leg) >= LINK_CONFIDENCE_MIN;
}
