import { clientSide } from '../leg.ts';
import { isDead } from '../liveness.ts';
import { finding, ofRole, type Rule } from './rule.ts';

/** The mirror image: the client died and the gateway tried in vain. Not half-dead. */
export const clientGone: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) =>
    leg.trace.debts
      .filter((debt) => debt.owedBy === clientSide(leg) && debt.end !== 'answered')
      .filter((debt) => isDead(leg.trace, debt, leg.watchedToNs, facts.thresholds))
      .map((debt) =>
        finding(
          'client-gone',
          'info',
          { tries: debt.tries },
          { connection: leg.id, packets: [debt.firstElicit, ...debt.attempts] },
        ),
      ),
  );
