import { finding, hurtCount, longestByUpstream, type Rule } from './rule.ts';

/** The upstream closed, by FIN or RST, and the gateway left client streams open on it. */
export const upstreamClosed: Rule = (facts) =>
  longestByUpstream(facts.windows.filter((window) => window.cause === 'closed-not-propagated')).flatMap((window) => {
    const leg = facts.legById.get(window.upstream);
    if (leg === undefined) return [];
    const close = leg.trace.closes.find((candidate) => candidate.by === leg.serverSide && candidate.accepted);
    const goaway = leg.trace.goaways.findLast((candidate) => candidate.by === leg.serverSide);
    return [
      finding(
        'upstream-closed',
        'critical',
        { streams: hurtCount(facts, window), waitedNs: window.durationNs },
        { connection: leg.id, packets: [goaway?.at ?? null, close?.at ?? null] },
      ),
    ];
  });
