import { byServer } from '../leg.ts';
import type { Leg } from '../model.ts';
import { finding, ofRole, type Rule, severityOf } from './rule.ts';

/** The upstream's host answered the gateway's SYNs with RST: nothing listens there. One finding per server. */
export const upstreamRefused: Rule = (facts) => {
  const refused = ofRole(facts, 'upstream').filter(({ opened }) => opened === 'refused');
  return [...byServer(refused).values()].flatMap((legs) => {
    const graveFirst = legs.toSorted((a, b) => rank(a) - rank(b));
    const first = graveFirst[0];
    if (first === undefined) return [];
    const packets = graveFirst.flatMap((leg) => [
      leg.trace.handshake.syn,
      ...leg.trace.closes.map((close) => close.at),
    ]);
    return [
      finding(
        'upstream-refused',
        rank(first) === 0 ? 'critical' : 'warning',
        { attempts: legs.length },
        { connection: first.id, packets },
      ),
    ];
  });

  function rank(leg: Leg): number {
    const rst = leg.trace.closes.find((close) => close.answersSyn);
    return rst !== undefined && severityOf(facts, leg, rst.at.timeNs) === 'critical' ? 0 : 1;
  }
};
