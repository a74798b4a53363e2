import { finding, ofRole, provenDebts, type Rule, severityOfDebt } from './rule.ts';

/**
 * Data, a FIN or a request in flight to the upstream, sent again and again, never acknowledged. What the capture shows acknowledged is
 * `acknowledged-in-vain`.
 */
export const upstreamUnanswered: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) =>
    provenDebts(facts, leg)
      .filter(
        ({ owedBy, elicits, acknowledgedInVain }) =>
          owedBy === leg.serverSide && elicits.retransmissions > 0 && elicits.syns === 0 && !acknowledgedInVain,
      )
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
