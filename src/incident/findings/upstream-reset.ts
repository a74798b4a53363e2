import { isOneSided } from '../liveness.ts';
import { overAt, toldAt } from '../stream-fate.ts';
import { carriedStreams } from '../links.ts';
import { finding, ofRole, type Rule, severityOf } from './rule.ts';

/** The upstream reset an open connection; a RST that answers a SYN is a refusal, not this. */
export const upstreamReset: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) => {
    if (isOneSided(leg.trace)) return [];
    const rst = leg.trace.closes.find(
      (close) => close.kind === 'rst' && close.by === leg.serverSide && close.accepted && !close.answersSyn,
    );
    if (rst === undefined || leg.trace.closes.some((close) => close.at.timeNs < rst.at.timeNs)) return [];
    const open = leg.streams.filter((stream) => (overAt(stream, leg.serverSide)?.timeNs ?? Infinity) >= rst.at.timeNs);
    const told = facts.links
      .filter((link) => link.upstream === leg.id)
      .flatMap((link) => {
        const client = facts.legById.get(link.client);
        if (client === undefined) return [];
        return carriedStreams(client, leg).map(({ near }) => toldAt(client, near, rst.at.timeNs));
      })
      .filter((at) => at !== null);
    return [
      finding(
        'upstream-reset',
        severityOf(facts, leg, rst.at.timeNs),
        { openStreams: open.length, clientTold: told.length > 0 },
        { connection: leg.id, packets: [rst.at, ...told] },
      ),
    ];
  });
