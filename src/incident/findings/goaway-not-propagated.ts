import { finding, hurtCount, longestByUpstream, type Rule } from './rule.ts';

/** A GOAWAY said no, streams or new requests stayed on the connection all the same, and the client never heard. */
export const goawayNotPropagated: Rule = (facts) =>
  longestByUpstream(facts.windows.filter((window) => window.cause === 'goaway-ignored')).flatMap((window) => {
    const upstream = facts.legById.get(window.upstream);
    const goaway = upstream?.trace.goaways.findLast(
      (candidate) => candidate.by === upstream.serverSide && candidate.at.timeNs <= window.fromNs,
    );
    if (upstream === undefined || goaway === undefined) return [];
    return [
      finding(
        'goaway-not-propagated',
        'critical',
        { lastStreamId: goaway.lastStreamId, waitedNs: window.durationNs, streams: hurtCount(facts, window) },
        { connection: upstream.id, packets: [goaway.at] },
      ),
    ];
  });
