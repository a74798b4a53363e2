import type { Debt, Ref } from '../../trace/index.ts';
import { clientSide } from '../leg.ts';
import type { Leg } from '../model.ts';
import { finding, ofRole, provenDebts, type Rule, severityOfDebt } from './rule.ts';

/** The gateway's keep-alive probes went unanswered, and nothing else was in flight. */
export const upstreamProbesUnanswered: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) =>
    provenDebts(facts, leg)
      .filter((debt) => debt.owedBy === leg.serverSide && debt.elicits.probes > 0 && debt.elicits.retransmissions === 0)
      .map((debt) =>
        finding(
          'upstream-probes-unanswered',
          severityOfDebt(facts, leg, debt),
          {
            probes: debt.elicits.probes,
            intervalNs: leg.trace.flows[clientSide(leg)].keepAlive?.intervalNs ?? shortestGapNs(debt.attempts),
            thenClosed: givenUpAt(leg, debt) !== null,
          },
          { connection: leg.id, packets: [...debt.attempts, givenUpAt(leg, debt)] },
        ),
      ),
  );

/** A timer never fires early (`KeepAliveBook`): of the gaps between its probes the shortest is its. */
function shortestGapNs(probes: readonly Ref[]): number | null {
  const gaps = probes.slice(1).map(({ timeNs }, i) => timeNs - (probes[i]?.timeNs ?? timeNs));
  return gaps.length === 0 ? null : Math.min(...gaps);
}

function givenUpAt(leg: Leg, debt: Debt): Ref | null {
  const close = leg.trace.closes.find(
    (candidate) => candidate.by === clientSide(leg) && candidate.at.timeNs >= debt.firstElicit.timeNs,
  );
  return close?.at ?? null;
}
