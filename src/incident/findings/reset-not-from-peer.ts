import { finding, type Rule } from './rule.ts';

/** Hop counts of one peer differ by a hop or two where a route changes; a middlebox sits many hops nearer. */
const TTL_SLACK = 2;

/** A RST whose TTL does not fit the peer's other packets: made by a middlebox. */
export const resetNotFromPeer: Rule = (facts) =>
  facts.legs.flatMap((leg) =>
    leg.resets.flatMap((rst) => {
      const usual = leg.trace.flows[rst.by].ttl;
      if (usual === null || (rst.ttl >= usual.min - TTL_SLACK && rst.ttl <= usual.max + TTL_SLACK)) return [];
      return [
        finding(
          'reset-not-from-peer',
          'warning',
          { ttl: rst.ttl, usualTtl: usual.max },
          { connection: leg.id, packets: [rst.at] },
        ),
      ];
    }),
  );
