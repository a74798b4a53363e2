import { finding, ofRole, type Rule, severityOf } from './rule.ts';

/** The gateway's SYNs were never answered. */
export const connectUnanswered: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) => {
    const death = facts.deaths.get(leg)?.find((candidate) => candidate.cause === 'connect-unanswered');
    const debt = death?.debts[0];
    if (debt === undefined) return [];
    return [
      finding(
        'connect-unanswered',
        severityOf(facts, leg, debt.firstElicit.timeNs),
        { syns: debt.elicits.syns, spanNs: debt.lastElicit.timeNs - debt.firstElicit.timeNs },
        { connection: leg.id, packets: debt.attempts },
      ),
    ];
  });
