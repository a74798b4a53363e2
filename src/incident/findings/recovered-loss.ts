import { finding, type Rule, severityOfDebt } from './rule.ts';

/** Loss that ended in an acknowledgement: degraded for a while, not dead. A lone tail-loss probe is no finding (contract §3). */
export const recoveredLoss: Rule = (facts) =>
  facts.legs.flatMap((leg) =>
    leg.trace.debts
      .filter((debt) => debt.end === 'answered' && debt.elicits.retransmissions > 0)
      .filter((debt) => severityOfDebt(facts, leg, debt) !== 'critical')
      .flatMap((debt) => (debt.endAt === null ? [] : [{ debt, spanNs: debt.endAt.timeNs - debt.firstElicit.timeNs }]))
      .filter(({ debt, spanNs }) => debt.tries >= facts.thresholds.lossTries || spanNs >= facts.thresholds.lossSpanNs)
      .map(({ debt, spanNs }) =>
        finding(
          'recovered-loss',
          'info',
          { retransmissions: debt.elicits.retransmissions, spanNs },
          { connection: leg.id, packets: [debt.firstElicit, ...debt.attempts, debt.endAt] },
        ),
      ),
  );
