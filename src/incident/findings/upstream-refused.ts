import { finding, ofRole, type Rule, severityOf } from './rule.ts';

/** The upstream's host answered the gateway's SYN with a RST: nothing listens there. */
export const upstreamRefused: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) => {
    const rst = leg.trace.closes.find((close) => close.answersSyn);
    if (leg.opened !== 'refused' || rst === undefined) return [];
    return [
      finding(
        'upstream-refused',
        severityOf(facts, leg, rst.at.timeNs),
        { attempts: 1 },
        { connection: leg.id, packets: [leg.trace.handshake.syn, rst.at] },
      ),
    ];
  });
