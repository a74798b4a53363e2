import type { Close, Flow, ResetMarks } from '../../trace/index.ts';
import type { Severity } from '../model.ts';
import { finding, type Rule } from './rule.ts';

/** Hop counts of one peer differ by a hop or two where a route changes; a middlebox sits many hops nearer, as a rule. */
const TTL_SLACK = 2;
/** So many packets of one TTL are a way that did not change. */
const STEADY_PACKETS_MIN = 5;
/** A sender's next identification, where it counts all that it sends and others get some of it. */
const IP_ID_STEP_MAX = 1024;
const IP_ID_MASK = 0xffff;

/**
 * A RST that something else than the peer may have made. What tells, and how surely, is in docs/decisions/0014: its TTL, and that its side
 * sends on behind it. Identification and options prove nothing alone, since a host's own RST for a socket that is gone has none of that
 * socket's; they go with it as figures, and weigh where the TTL is off by a hop or two.
 */
export const resetNotFromPeer: Rule = (facts) =>
  facts.legs.flatMap((leg) =>
    leg.resets.flatMap((rst) => {
      const flow = leg.trace.flows[rst.by];
      const others = flow.packets - leg.resets.filter(({ by }) => by === rst.by).length;
      const severity = severityOf(rst, flow, others);
      if (severity === null) return [];
      const { ipId = null, lastIpId = null, window = null } = rst.marks ?? {};
      const { timestamps = null, usualTimestamps = null } = rst.marks ?? {};
      const spokeOnNs = rst.spokeOn === undefined ? null : rst.spokeOn.timeNs - rst.at.timeNs;
      // The nearest of the others': one that fits is not told as another.
      const usualTtl = flow.ttl === null ? rst.ttl : Math.min(Math.max(rst.ttl, flow.ttl.min), flow.ttl.max);
      return [
        finding(
          'reset-not-from-peer',
          severity,
          { ttl: rst.ttl, usualTtl, ipId, lastIpId, window, timestamps, usualTimestamps, spokeOnNs },
          { connection: leg.id, packets: [rst.at, rst.spokeOn ?? null] },
        ),
      ];
    }),
  );

/**
 * Null where it may well be the peer's own.
 * @param others  packets of its side that are no RST
 */
function severityOf({ ttl, marks, spokeOn }: Close, flow: Flow, others: number): Severity | null {
  if (flow.ttl === null) return null;
  const off = Math.max(flow.ttl.min - ttl, ttl - flow.ttl.max, 0);
  if (off > TTL_SLACK || (off > 0 && spokeOn !== undefined)) return 'warning';
  if (spokeOn !== undefined) return 'info';
  const isSteady = flow.ttl.min === flow.ttl.max && others > STEADY_PACKETS_MIN;
  return off > 0 && isSteady && marks !== undefined && isOfNoSocket(marks) ? 'info' : null;
}

/** The connection's own socket did not send it: that one counts its identifications on, and keeps to the options that were agreed. */
function isOfNoSocket({ ipId, lastIpId, timestamps, usualTimestamps }: ResetMarks): boolean {
  if (usualTimestamps && !timestamps) return true;
  if (ipId === null || lastIpId === null || ipId === lastIpId) return false;
  return ((ipId - lastIpId) & IP_ID_MASK) > IP_ID_STEP_MAX;
}
