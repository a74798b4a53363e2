import type { Debt, Ref } from '../trace/index.ts';
import { lastFrame, sentFrame } from './frames.ts';
import { clientSide } from './leg.ts';
import { isDead, isOneSided } from './liveness.ts';
import type { Cause, Leg } from './model.ts';
import { lateGapNs } from './next-try.ts';
import { latest } from './stream-fate.ts';
import type { Thresholds } from './thresholds.ts';

/** One time in which an upstream connection was dead, whether or not anybody was hurt by it. */
export interface Death {
  readonly cause: Cause;
  /** Last packet of the mute side; null where none was seen. */
  readonly lastHeard: Ref | null;
  readonly firstUnanswered: Ref;
  /** When it counts from: the first unanswered elicit, the reset, the GOAWAY. */
  readonly fromNs: number;
  /** Proof of life again; null where it never came. */
  readonly healedAt: Ref | null;
  /** The debts that prove it; none where a PING without an answer does, or a packet: a reset, a refusal, a GOAWAY, a FIN. */
  readonly debts: readonly Debt[];
  /** The packet that is the proof, where no debt is. */
  readonly packet: Ref | null;
  /** Fewer tries than a death needs, but the gateway then gave the connection up. */
  readonly provenByGivingUp: boolean;
  /** Only streams above this one are lost (a GOAWAY's last stream); null: all are. */
  readonly aboveStream: number | null;
}

/**
 * Probes go out whether they are answered or not: where the capture lost packets, answers of a connection that lives on may be among them.
 * Retransmissions do not, and prove by themselves that nothing came back.
 */
export function mayBeUnseen({ healedAt, debts }: Death): boolean {
  return (
    healedAt !== null && debts.length > 0 && debts.every(({ elicits, tries }) => tries > 0 && elicits.probes === tries)
  );
}

const SILENT: ReadonlySet<Cause> = new Set(['peer-silent', 'path-one-way', 'connect-unanswered']);

/** Told by what nobody answered, and not by a packet that said so: the gateway may go on using the connection. */
export function isSilent({ cause }: Pick<Death, 'cause'>): boolean {
  return SILENT.has(cause);
}

/** What is sent in vain, and its first packet as the debt has it, are one packet. */
const SAME_PACKET_NS = 1e6;

/** What was sent at that time is among what a debt leaves without an answer. */
export function isSentInVain({ firstElicit }: Debt, at: Ref): boolean {
  return at.timeNs >= firstElicit.timeNs - SAME_PACKET_NS;
}

/** What a gateway does on both of its connections in one go stands in the capture in either order. */
const IN_ONE_GO_NS = 0.1e9;

/**
 * From when on an error or a reset that a client gets is the gateway's word on this death: giving a stream up may itself be the first that stays unanswered,
 * and be told to the client a moment before. What came earlier, or before the last that was heard, has another reason.
 */
export function givenUpSinceNs(death: Pick<Death, 'cause' | 'lastHeard' | 'fromNs'>): number {
  const { lastHeard, fromNs } = death;
  return isSilent(death) && lastHeard !== null
    ? Math.min(fromNs, Math.max(lastHeard.timeNs, fromNs - IN_ONE_GO_NS))
    : fromNs;
}

/** A side heard this long after the first unanswered elicit is still there: what is dead is the way, not the peer. */
const STILL_HEARD_NS = 1e9;

/** A SYN ladder that ends after the first try says little, but a gateway that gives up an attempt has its own connect timeout. */
const CONNECT_TRIES_MIN = 2;

/** All deaths of an upstream connection, in order of time. */
export function deathsOf(leg: Leg, thresholds: Thresholds): readonly Death[] {
  if (leg.opened === 'refused') return refusals(leg);
  if (leg.opened === 'unanswered') return unansweredConnect(leg, thresholds);
  if (isOneSided(leg.trace)) return [];
  const owed = silentDeaths(leg, thresholds);
  const silent = owed.length > 0 ? owed : pingDeaths(leg);
  const last = silent.at(-1);
  const still = last !== undefined && last.healedAt === null;
  return still ? silent : [...silent, ...goawayDeaths(leg, thresholds), ...closingDeaths(leg)];
}

function refusals(leg: Leg): Death[] {
  const rst = leg.trace.closes.find((close) => close.answersSyn);
  return rst === undefined ? [] : [{ ...proof('refused', rst.at), lastHeard: null }];
}

/**
 * An attempt that never opened needs the tries of a death, or a gateway that stopped trying before the kernel would have.
 * Where the answer is in the capture and the SYN is sent again all the same, the answer does not get through: a way dead one way.
 */
function unansweredConnect(leg: Leg, thresholds: Thresholds): Death[] {
  const { syn, synAck } = leg.trace.handshake;
  const syns = leg.trace.marks.filter((mark) => mark.kind === 'syn' && mark.by === clientSide(leg));
  const last = syns.at(-1)?.to;
  if (syn === null || last === undefined) return [];
  const tries = syns.reduce((sum, mark) => sum + mark.count, 0);
  const gaveUp = leg.trace.closes.length > 0 || leg.watchedToNs - last.timeNs > lateGapNs(last.timeNs - syn.timeNs);
  const dead = tries >= thresholds.deadTries && leg.watchedToNs - syn.timeNs >= thresholds.deadAfterNs;
  if (!dead && !(gaveUp && tries >= CONNECT_TRIES_MIN)) return [];
  return [
    {
      cause: synAck === null ? 'connect-unanswered' : 'path-one-way',
      lastHeard: null,
      firstUnanswered: syn,
      fromNs: syn.timeNs,
      healedAt: null,
      debts: leg.trace.debts.filter((debt) => debt.elicits.syns > 0 && debt.owedBy === leg.serverSide),
      packet: null,
      provenByGivingUp: !dead,
      aboveStream: null,
    },
  ];
}

/** Deaths told by debts. Debts of both sides that overlap are one death: a way dead one way leaves both sides without answers. */
function silentDeaths(leg: Leg, thresholds: Thresholds): Death[] {
  const { trace } = leg;
  const proven = trace.debts.filter(
    (debt) => isDead(trace, debt, leg.watchedToNs, thresholds) || givenUp(leg, debt, thresholds),
  );
  const groups: Debt[][] = [];
  let untilNs = -Infinity;
  for (const debt of proven) {
    const group = groups.at(-1);
    if (group !== undefined && debt.firstElicit.timeNs <= untilNs) group.push(debt);
    else groups.push([debt]);
    untilNs = Math.max(untilNs, debt.endAt?.timeNs ?? leg.watchedToNs);
  }
  return groups.flatMap((group) => deathOf(leg, group, thresholds));
}

/** Linux sends again after this at the earliest (RFC 6298 asks for a second): who closes sooner does it for another reason than want of an answer. */
const WAITED_NS = 0.2e9;

/** The gateway reset or closed the connection while the upstream owed it an answer, or while it owed one that never got through. */
function givenUp(leg: Leg, debt: Debt, thresholds: Thresholds): boolean {
  if (debt.end === 'answered' || debt.tries === 0) return false;
  const gateway = clientSide(leg);
  const spanNs = debt.lastElicit.timeNs - debt.firstElicit.timeNs;
  return leg.trace.closes.some(
    (close) =>
      close.by === gateway &&
      close.at.timeNs - debt.firstElicit.timeNs >= Math.max(WAITED_NS, Math.min(thresholds.deadAfterNs, spanNs)),
  );
}

function deathOf(leg: Leg, debts: readonly Debt[], thresholds: Thresholds): Death[] {
  const first = debts[0];
  if (first === undefined) return [];
  const { lastHeard, firstUnanswered } = onsetOf(first);
  const answered = debts.every((debt) => debt.end === 'answered')
    ? debts.map(healedAt).filter((ref) => ref !== null)
    : [];
  return [
    {
      cause: debts.some((debt) => isOneWay(leg, debt)) ? 'path-one-way' : 'peer-silent',
      lastHeard,
      firstUnanswered,
      fromNs: firstUnanswered.timeNs,
      healedAt: latest(answered),
      debts,
      packet: null,
      provenByGivingUp: !debts.some((debt) => isDead(leg.trace, debt, leg.watchedToNs, thresholds)),
      aboveStream: null,
    },
  ];
}

/** What was already on its way when the way broke may still arrive: the onset lies after it. */
function onsetOf(debt: Debt): { lastHeard: Ref | null; firstUnanswered: Ref } {
  const during = debt.lastHeardDuring;
  const early = during !== null && during.timeNs - debt.firstElicit.timeNs <= STILL_HEARD_NS;
  if (!early) return { lastHeard: debt.lastHeard, firstUnanswered: debt.firstElicit };
  const after = [...debt.attempts, debt.lastElicit].find((attempt) => attempt.timeNs > during.timeNs);
  return { lastHeard: during, firstUnanswered: after ?? debt.firstElicit };
}

function isStillHeard(debt: Debt): boolean {
  const { firstElicit, lastHeardDuring, triesAfterHeard, end } = debt;
  if (lastHeardDuring === null || lastHeardDuring.timeNs - firstElicit.timeNs <= STILL_HEARD_NS) return false;
  // Heard again, and the next try answered: that is a way which healed, not one that is dead one way.
  return triesAfterHeard > (end === 'answered' ? 1 : 0);
}

/** First proof of life again of a debt that was paid in the end. */
function healedAt(debt: Debt): Ref | null {
  const { firstElicit, firstHeardDuring, endAt } = debt;
  const heardAgain = firstHeardDuring !== null && firstHeardDuring.timeNs - firstElicit.timeNs > STILL_HEARD_NS;
  return heardAgain && !isStillHeard(debt) ? firstHeardDuring : endAt;
}

/**
 * Packets of one direction do not arrive while the other side is heard. Where the gateway owes the answer, the upstream is the one
 * that is heard, and the gateway's own packets are lost, possibly before the capture's tap.
 */
function isOneWay(leg: Leg, debt: Debt): boolean {
  return debt.owedBy === clientSide(leg) || debt.acknowledgedInVain || isStillHeard(debt);
}

/** A gateway that closes within this of its unanswered PING closed because of it. */
const PING_TIMEOUT_MAX_NS = 60e9;

/** The gateway's own PING stayed without an answer and it gave the connection up, though the upstream's kernel went on acknowledging. */
function pingDeaths(leg: Leg): Death[] {
  const gateway = clientSide(leg);
  const ping = leg.trace.slowPings.find(({ by, sent, answered }) => {
    const close = leg.trace.closes.find((candidate) => candidate.accepted && candidate.at.timeNs >= sent.timeNs);
    if (by !== gateway || close?.by !== gateway || close.at.timeNs - sent.timeNs > PING_TIMEOUT_MAX_NS) return false;
    // Who sends other frames is alive: the answer may be lost by the capture, and the close have another reason.
    if (sentFrame(leg, sent.timeNs + STILL_HEARD_NS, close.at.timeNs)) return false;
    // An answer to a connection that was given up meanwhile saves nobody.
    return answered === null || answered.timeNs > close.at.timeNs;
  });
  if (ping === undefined) return [];
  return [
    {
      cause: 'peer-silent',
      lastHeard: lastFrame(leg, ping.sent.timeNs) ?? leg.trace.flows[leg.serverSide].first,
      firstUnanswered: ping.sent,
      fromNs: ping.sent.timeNs,
      healedAt: null,
      debts: [],
      packet: ping.sent,
      provenByGivingUp: true,
      aboveStream: null,
    },
  ];
}

/** RFC 9113 §6.8: the first GOAWAY of a graceful close names the highest number there is, and refuses nothing yet. */
const STREAM_ID_MAX: number = 2 ** 31 - 1;

/**
 * A GOAWAY said no to all above its last stream, and the connection stayed. That alone hurts nobody: streams that it allows may go on.
 * Whoever waits on it all the same is for the windows to find.
 */
function goawayDeaths(leg: Leg, thresholds: Thresholds): Death[] {
  const goaway = leg.trace.goaways.find(
    ({ by, lastStreamId }) => by === leg.serverSide && lastStreamId < STREAM_ID_MAX,
  );
  if (goaway === undefined) return [];
  const stayedNs = (leg.closed.at?.timeNs ?? leg.watchedToNs) - goaway.at.timeNs;
  if (stayedNs < thresholds.deadAfterNs) return [];
  return [{ ...proof('goaway-ignored', goaway.at), aboveStream: goaway.lastStreamId }];
}

/** The upstream tore the connection down: by RST, or by FIN. Whether anybody was left behind is for the windows to say. */
function closingDeaths(leg: Leg): Death[] {
  const close = leg.trace.closes.find((candidate) => candidate.by === leg.serverSide && candidate.accepted);
  if (close === undefined) return [];
  const gatewayClosed = leg.trace.closes.some(
    (other) => other.by === clientSide(leg) && other.at.timeNs < close.at.timeNs,
  );
  if (gatewayClosed) return [];
  return [proof(close.kind === 'rst' ? 'reset' : 'closed-not-propagated', close.at)];
}

function proof(cause: Cause, at: Ref): Death {
  return {
    cause,
    lastHeard: at,
    firstUnanswered: at,
    fromNs: at.timeNs,
    healedAt: null,
    debts: [],
    packet: at,
    provenByGivingUp: false,
    aboveStream: null,
  };
}
