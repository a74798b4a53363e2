import { otherSide } from '../../tcp/index.ts';
import { partyOf } from '../leg.ts';
import { finding, ofRole, provenDebts, type Rule, severityOfDebt } from './rule.ts';

/** One side sends again what the capture shows acknowledged: the acknowledgements are lost behind the point of capture. */
export const acknowledgedInVain: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) =>
    provenDebts(facts, leg)
      .filter((debt) => debt.acknowledgedInVain)
      .map((debt) =>
        finding(
          'acknowledged-in-vain',
          severityOfDebt(facts, leg, debt),
          {
            by: partyOf(leg, otherSide(debt.owedBy)),
            retransmissions: debt.elicits.retransmissions,
            spanNs: (debt.endAt?.timeNs ?? debt.lastElicit.timeNs) - debt.firstElicit.timeNs,
          },
          { connection: leg.id, packets: [debt.firstElicit, ...debt.attempts] },
        ),
      ),
  );
