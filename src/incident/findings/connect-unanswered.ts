import { clientSide } from '../leg.ts';
import { finding, ofRole, type Rule, severityOf } from './rule.ts';

/** The gateway's SYNs were never answered, or the answers never reached it. */
export const connectUnanswered: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) => {
    const death = facts.deaths.get(leg)?.[0];
    if (leg.opened !== 'unanswered' || death === undefined) return [];
    const runs = leg.trace.marks.filter((mark) => mark.kind === 'syn' && mark.by === clientSide(leg));
    const last = runs.at(-1)?.to ?? death.firstUnanswered;
    const packets = death.debts[0]?.attempts ?? runs.map((run) => run.from);
    return [
      finding(
        'connect-unanswered',
        severityOf(facts, leg, death.fromNs),
        {
          syns: runs.reduce((sum, run) => sum + run.count, 0),
          spanNs: last.timeNs - death.fromNs,
          answeredInVain: leg.trace.handshake.synAck !== null,
        },
        { connection: leg.id, packets },
      ),
    ];
  });
