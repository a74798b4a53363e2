import type { Debt, Ref, StreamName } from '../../trace/index.ts';
import { isDead } from '../liveness.ts';
import type { Death } from '../deaths.ts';
import type { Finding, FindingOf, Leg, Link, Severity, TrustNote, Window } from '../model.ts';
import { nameKey } from '../stream-names.ts';
import type { Thresholds } from '../thresholds.ts';
import type { FindingArgs, FindingCode } from './args.ts';
import { windowsBehind, windowsOfClient } from './windows-by-leg.ts';

/** What a rule may look at: everything the model knows before findings are made. */
export interface Facts {
  readonly legs: readonly Leg[];
  readonly legById: ReadonlyMap<string, Leg>;
  readonly links: readonly Link[];
  readonly windows: readonly Window[];
  readonly deaths: ReadonlyMap<Leg, readonly Death[]>;
  readonly thresholds: Thresholds;
  readonly captureEndNs: number;
  /** From the capture's first packet to its last. */
  readonly spanNs: number;
  /** Packets at which time goes backward. */
  readonly clockSteps: number;
  /** See `Acknowledged`. */
  readonly unseenAcks: number | null;
  readonly trust: readonly TrustNote[];
}

/** One rule of the catalogue: what it finds in the facts. */
export type Rule = (facts: Facts) => readonly Finding[];

/** Packets named by one finding; the first ones are those to look at. */
const FINDING_PACKETS_MAX = 24;

/** Makes a finding of one code; the arguments' type follows the code. */
export function finding<C extends FindingCode>(
  code: C,
  severity: Severity,
  args: FindingArgs[C],
  where: {
    readonly connection: string | null;
    readonly stream?: StreamName;
    readonly packets: readonly (Ref | null)[];
  },
): FindingOf<C> {
  const packets = distinct(where.packets).slice(0, FINDING_PACKETS_MAX);
  return {
    code,
    severity,
    args,
    connection: where.connection,
    stream: where.stream === undefined ? null : { tunnel: where.stream.tunnel, id: where.stream.id },
    at: packets[0] ?? null,
    packets,
  };
}

/** One packet may have two things to show, two responses or the first try of a debt: it is named once. */
function distinct(packets: readonly (Ref | null)[]): Ref[] {
  const byPlace = new Map<string, Ref>();
  for (const packet of packets) {
    if (packet !== null && !byPlace.has(`${packet.file} ${packet.packet}`))
      byPlace.set(`${packet.file} ${packet.packet}`, packet);
  }
  return [...byPlace.values()];
}

/** Part of a window's proof is critical; the same without a window is broken, yet hurt nobody that the capture shows. */
export function severityOf(facts: Facts, upstream: Leg, atNs: number): Severity {
  const proves = windowsBehind(facts.windows, upstream).some(
    (window) => window.fromNs <= atNs + 1 && atNs <= (window.toNs ?? facts.captureEndNs),
  );
  return proves ? 'critical' : 'warning';
}

/** The same of a debt, by its whole span: what was on its way when the way broke moves the onset behind the first elicit. */
export function severityOfDebt(facts: Facts, upstream: Leg, debt: Debt): Severity {
  const endNs = debt.endAt?.timeNs ?? upstream.watchedToNs;
  const proves = windowsBehind(facts.windows, upstream).some(
    (window) =>
      window.fromNs < endNs &&
      // What ends a window may be what was first left unanswered.
      (debt.firstElicit.timeNs < (window.toNs ?? facts.captureEndNs) ||
        debt.firstElicit.timeNs === window.onset.firstUnansweredNs),
  );
  return proves ? 'critical' : 'warning';
}

/**
 * Debts that a finding of death may name: proven, and not paid in the end unless a window came of it (else it was loss that recovered);
 * with fewer tries, where the gateway gave up and a window came of that.
 */
export function provenDebts(facts: Facts, leg: Leg): readonly Debt[] {
  const fatal = new Set(facts.deaths.get(leg)?.flatMap((death) => death.debts));
  return leg.trace.debts.filter((debt) => {
    const inWindow = severityOfDebt(facts, leg, debt) === 'critical';
    if (inWindow && fatal.has(debt)) return true;
    return isDead(leg.trace, debt, leg.watchedToNs, facts.thresholds) && (debt.end !== 'answered' || inWindow);
  });
}

/** Whether a window says that this stream of the client leg was hurt. */
export function isHurtStream(facts: Facts, leg: Leg, stream: StreamName): boolean {
  const name = nameKey(stream);
  return windowsOfClient(facts.windows, leg).some(({ streams }) => streams.some((hurt) => nameKey(hurt) === name));
}

/** One window for each upstream, the longest: what is said of an upstream is said once, however many clients it hurt. */
export function longestByUpstream(windows: readonly Window[]): readonly Window[] {
  const longest = new Map<string, Window>();
  for (const window of windows) {
    if (window.durationNs > (longest.get(window.upstream)?.durationNs ?? -1)) longest.set(window.upstream, window);
  }
  return [...longest.values()];
}

/** Streams that windows of that upstream and cause hurt, all clients together. */
export function hurtCount(facts: Facts, { upstream, cause }: Window): number {
  return windowsBehind(facts.windows, { id: upstream })
    .filter((window) => window.cause === cause)
    .reduce((sum, window) => sum + window.streams.length, 0);
}

export function ofRole(facts: Facts, role: Leg['role']): readonly Leg[] {
  return facts.legs.filter((leg) => leg.role === role);
}
