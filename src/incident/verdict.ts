import { otherSide } from '../tcp/index.ts';
import { heldRequests } from './findings/held-requests.ts';
import type { Facts } from './findings/rule.ts';
import { isOneSided } from './liveness.ts';
import type { Confidence, Finding, Leg, Verdict, VerdictReason } from './model.ts';
import type { Scene } from './scene.ts';
import { overAt } from './stream-fate.ts';
import { isOwing, suspicionOf } from './suspicion.ts';
import { timedStreams } from './timing.ts';
import { unreadClient } from './unread.ts';
import type { Debt } from '../trace/index.ts';

/** How the roles were found. */
export interface Cast {
  readonly gateways: number;
  /** What the reader said of the gateway hides a side of it that the capture shows. */
  readonly hidesLegs: () => boolean;
}

/** The state of a whole capture (contract §3): half-dead if and only if there is a window. */
export function verdictOf(scene: Scene, facts: Facts, findings: readonly Finding[], cast: Cast): Verdict {
  if (facts.windows.length > 0) {
    const confirmed = facts.windows.some((window) => window.confidence === 'confirmed');
    return verdict('half-dead', confirmed ? 'confirmed' : 'probable', { kind: 'windows', count: facts.windows.length });
  }
  const suspicion = suspicionOf(scene, facts, findings);
  // Where time goes backward, an answer may stand before what it answers: what seems dead may only be misdated.
  if (suspicion !== null && facts.clockSteps === 0) return verdict('suspect', 'possible', suspicion);
  const obstacle = obstacleOf(scene, facts, cast);
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

/** Why the capture could not have shown a half-dead connection; null where it could. */
function obstacleOf(scene: Scene, facts: Facts, { gateways, hidesLegs }: Cast): VerdictReason | null {
  if (facts.legs.length === 0) return { kind: 'no-tcp' };
  if (facts.clockSteps > 0) return { kind: 'clock-step', count: facts.clockSteps };
  const clients = facts.legs.filter((leg) => leg.role === 'client');
  const upstreams = facts.legs.filter((leg) => leg.role === 'upstream');
  if ((clients.length === 0 || upstreams.length === 0) && hidesLegs())
    return { kind: 'hints-unfit', clients: clients.length, upstreams: upstreams.length };
  if (gateways === 0) return { kind: 'no-gateway', connections: facts.legs.length };
  const early = upstreams.find((leg) => isOwing(facts, leg));
  if (clients.length === 0) return { kind: 'no-client-leg' };
  if (upstreams.length === 0) return { kind: 'no-upstream-leg' };
  if (isFiltered([...clients, ...upstreams])) return { kind: 'filtered' };
  if (facts.unseenAcks !== null && (facts.unseenAcks > 0 || !facts.legs.some(hasTurns)))
    return { kind: 'no-bare-acks', count: facts.unseenAcks };
  if (early !== undefined) return { kind: 'too-early', connection: early.id };
  if (facts.spanNs < facts.thresholds.deadAfterNs && [...clients, ...upstreams].some(isWaiting))
    return { kind: 'too-short' };
  const blind = [...clients, ...upstreams, ...muteOnGateway(facts.legs, upstreams)].filter(
    (leg) => isOneSided(leg.trace) && (leg.trace.debts.length > 0 || mayHaveHurt(scene, leg)),
  );
  const allBlind = upstreams.every((leg) => isOneSided(leg.trace)) || clients.every((leg) => isOneSided(leg.trace));
  if (blind.length > 0 || allBlind) {
    const legs = blind.length > 0 ? blind : [...clients, ...upstreams].filter((leg) => isOneSided(leg.trace));
    return { kind: 'one-sided', connections: legs.map((leg) => leg.id) };
  }
  // Of which side it is, what is not there cannot tell either.
  const blanked = facts.legs.filter((leg) => leg.trace.isBlanked).length;
  if (blanked > 0) return { kind: 'payload-blanked', count: blanked };
  const unread = unreadClient(scene, facts);
  if (unread !== null) return { kind: 'unread', connection: unread.id };
  const [held] = heldRequests(facts);
  return held === undefined
    ? null
    : { kind: 'requests-unseen', connection: held.client.id, count: held.streams.length };
}

/** Given up by the gateway, which told clients of something in that moment: whether it had been dead before is what cannot be seen of it. */
function mayHaveHurt(scene: Scene, leg: Leg): boolean {
  return leg.role === 'upstream' && timedStreams(scene, leg).byClient.size > 0;
}

/**
 * Connections of the very host that is the gateway, by an address of which the capture has no packet: whether the gateway opened them cannot be told. Which host
 * captured is known of cooked headers only.
 */
function muteOnGateway(legs: readonly Leg[], upstreams: readonly Leg[]): Leg[] {
  if (!upstreams.some(({ trace, serverSide }) => trace.localSide === otherSide(serverSide))) return [];
  return legs.filter(
    ({ role, trace: { localSide, flows } }) =>
      role === 'other' && localSide !== null && localSide !== 'both' && flows[localSide].packets === 0,
  );
}

/**
 * Unacknowledged data are sent again after a second or less, three in older stacks (RFC 6298 §2): where they stood for so long and were
 * not, the acknowledgement or what was sent again is not in the capture.
 */
const UNREPEATED_NS = 10e9;

/** On every leg packets are missing that must have been there, as in what a display filter lets through: a death could not be seen in it. */
function isFiltered(legs: readonly Leg[]): boolean {
  const spoken = legs.filter(({ trace }) => trace.flows.some(({ bytes }) => bytes > 0));
  return (
    spoken.length > 1 &&
    spoken.every((leg) => leg.trace.debts.some((debt) => isUnrepeated(debt, leg.closed.at?.timeNs ?? leg.watchedToNs)))
  );
}

function isUnrepeated({ elicits, firstElicit, endAt }: Debt, overNs: number): boolean {
  const isData = elicits.data > 0 && elicits.retransmissions + elicits.probes + elicits.syns === 0;
  return isData && (endAt?.timeNs ?? overNs) - firstElicit.timeNs >= UNREPEATED_NS;
}

/** Its beginning or its end is in the capture: a filter that keeps such segments out leaves no connection with any. */
function hasTurns({ trace: { handshake, closes } }: Leg): boolean {
  return handshake.syn !== null || handshake.synAck !== null || closes.length > 0;
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
