import type { Debt, Trace } from '../trace/index.ts';
import { lateGapNs } from './next-try.ts';

/** Fewer packets may hold no segment without payload by chance: a receiver acknowledges within half a second (RFC 1122 §4.2.3.2), in a packet of its own where it has nothing to say. */
const PACKETS_MIN = 8;
/** The timer of a retransmission doubles until an acknowledgement comes (RFC 6298 §5.5): where it is so much shorter again, one came. */
const SHORTER = 0.5;

/** A trace without what its capture cannot tell. */
export interface Acknowledged {
  readonly trace: Trace;
  /** Acknowledgements without payload were kept out of the capture; null where not: else how often data were sent again without an answer that it could show. */
  readonly unseenAcks: number | null;
}

/**
 * In what a filter for payload lets through, whoever only listens seems to leave all that is sent to it without an answer. Of such a capture
 * only those debts remain that are sent again as if nobody had acknowledged them, at ever longer gaps and to the end: retransmissions have payload.
 */
export function withoutUnseenAcks(trace: Trace): Acknowledged {
  const packets = trace.connections.reduce((sum, { flows: [a, b] }) => sum + a.packets + b.packets, 0);
  if (trace.hasBareAcks || packets < PACKETS_MIN) return { trace, unseenAcks: null };
  const endNs = trace.last?.timeNs ?? 0;
  let unseenAcks = 0;
  const connections = trace.connections.map((connection) => {
    const debts = connection.debts.filter((debt) => isTold(debt, endNs));
    if (debts.length === connection.debts.length) return connection;
    const untold = connection.debts.filter((debt) => !debts.includes(debt) && debt.elicits.retransmissions > 0);
    unseenAcks += untold.length;
    // Marks are read when asked for, so that spreading leaves them out.
    return { ...connection, marks: connection.marks, debts };
  });
  return { trace: { ...trace, connections }, unseenAcks };
}

/** Each try follows the one before when its timer had it due, from the first on; the last of many tries are not kept. */
function isSentAgainToEnd(
  { firstElicit, attempts, lastElicit, tries, end, endAt }: Debt,
  captureEndNs: number,
): boolean {
  let beforeNs = firstElicit.timeNs;
  let gapNs = 0;
  for (const { timeNs } of attempts) {
    const nowNs = timeNs - beforeNs;
    if (nowNs < SHORTER * gapNs || nowNs > lateGapNs(gapNs)) return false;
    gapNs = nowNs;
    beforeNs = timeNs;
  }
  if (attempts.length < tries) return true;
  const isOver = end !== 'open' && end !== 'answered';
  return attempts.length > 0 && (isOver || (endAt?.timeNs ?? captureEndNs) - lastElicit.timeNs <= lateGapNs(gapNs));
}

/** A probe that such a filter lets through has a byte, and what answers it has none (RFC 9293 §3.8.4). */
function isTold(debt: Debt, captureEndNs: number): boolean {
  const { data, probes, windowProbes } = debt.elicits;
  if (data > 0) return isSentAgainToEnd(debt, captureEndNs);
  return probes + windowProbes === 0;
}
