import { finding, type Rule } from './rule.ts';

/** Hop counts of one peer differ by a hop or two where a route changes; a middlebox sits many hops nearer. */
const TTL_SLACK = 2;

/**
 * A RST whose TTL does not fit the peer's other packets: made by a middlebox. Its identification, window and options go with it as
 * figures; they prove nothing alone, since a host's own RST for a socket that is gone has none of that socket's.
 */
export const resetNotFromPeer: Rule = (facts) =>
  facts.legs.flatMap((leg) =>
    leg.resets.flatMap((rst) => {
      const usual = leg.trace.flows[rst.by].ttl;
      if (usual === null || (rst.ttl >= usual.min - TTL_SLACK && rst.ttl <= usual.max + TTL_SLACK)) return [];
      const { ipId = null, lastIpId = null, window = null } = rst.marks ?? {};
      const { timestamps = null, usualTimestamps = null } = rst.marks ?? {};
      return [
        finding(
          'reset-not-from-peer',
          'warning',
          { ttl: rst.ttl, usualTtl: usual.max, ipId, lastIpId, window, timestamps, usualTimestamps },
          { connection: leg.id, packets: [rst.at] },
        ),
      ];
    }),
  );
