import { finding, ofRole, provenDebts, type Rule, severityOfDebt } from './rule.ts';

/** Data, a FIN or a request in flight to the upstream, sent again and again, never acknowledged. */
export const upstreamUnanswered: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) =>
    provenDebts(facts, leg)
      .filter((debt) => debt.owedBy === leg.serverSide && debt.elicits.retransmissions > 0 && debt.elicits.syns === 0)
      .map((debt) =>
        finding(
          'upstream-unanswered',
          severityOfDebt(facts, leg, debt),
          {
            retransmissions: debt.elicits.retransmissions,
            spanNs: (debt.endAt?.timeNs ?? debt.lastElicit.timeNs) - debt.firstElicit.timeNs,
            stillOpen: debt.end === 'open',
          },
          { connection: leg.id, packets: [debt.firstElicit, ...debt.attempts] },
        ),
      ),
  );
