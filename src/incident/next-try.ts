import type { Debt } from '../trace/index.ts';

/** Linux doubles the gap between two tries up to here (TCP_RTO_MAX). */
const RTO_MAX_NS = 120e9;
/** RFC 6298 §2.1, §2.4. A tail-loss probe comes sooner, and what follows it does not double its gap (RFC 8985 §7). */
const RTO_MIN_NS = 1e9;
/** The next gap is twice the last one; keep-alive probes come at one interval. More than so much is overdue. */
const LATE_GAPS = 2.5;
const LATE_PROBE_GAPS = 1.5;
const LATE_MAX_NS = 1.25 * RTO_MAX_NS;

/** When the next try must have come, had the sender not given up. Generous: an answer that the capture lost looks the same. */
export function nextTryDueNs(debt: Debt): number {
  const { lastElicit, elicits, tries } = debt;
  const gapNs = lastGapNs(debt);
  if (gapNs === null) return lastElicit.timeNs + LATE_MAX_NS;
  const isProbing = elicits.probes === tries;
  return lastElicit.timeNs + (isProbing ? LATE_PROBE_GAPS * gapNs : lateGapNs(gapNs));
}

/** How long after a try without an answer the next one is overdue, where the try came so long after the one before. */
export function lateGapNs(gapNs: number): number {
  return Math.min(LATE_GAPS * Math.max(gapNs, RTO_MIN_NS), LATE_MAX_NS);
}

/** When a SYN follows those sent from `firstNs` to `lastNs`: the second after a second, and then at doubling gaps, so after as long as all took. */
export function nextSynNs(firstNs: number, lastNs: number): number {
  return lastNs + Math.max(lastNs - firstNs, RTO_MIN_NS);
}

/** Null where it is not known: only the first tries of a debt are kept, and the first probe or SYN follows no other. */
function lastGapNs({ attempts, firstElicit, lastElicit, tries, elicits }: Debt): number | null {
  if (attempts.length < tries) return null;
  const before = attempts.at(-2) ?? (elicits.retransmissions > 0 ? firstElicit : null);
  return before === null ? null : lastElicit.timeNs - before.timeNs;
}
