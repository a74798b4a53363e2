import type { TraceStream } from '../../trace/index.ts';
import { isProxyAnswer } from '../stream-fate.ts';
import { type Facts, finding, isHurtStream, ofRole, type Rule } from './rule.ts';

/** Error responses to the client for which no upstream response is in the capture. One finding per client connection and status. */
export const gatewayMadeResponse: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) => {
    const byStatus = new Map<number, TraceStream[]>();
    for (const stream of leg.streams) {
      if (typeof stream.status !== 'number' || !isProxyAnswer(stream) || cameFromUpstream(facts, stream)) continue;
      byStatus.set(stream.status, [...(byStatus.get(stream.status) ?? []), stream]);
    }
    return [...byStatus].map(([status, streams]) =>
      finding(
        'gateway-made-response',
        streams.some(({ id }) => isHurtStream(facts, leg, id)) ? 'critical' : 'warning',
        { status, count: streams.length },
        { connection: leg.id, packets: streams.map((stream) => stream.statusAt) },
      ),
    );
  });

function cameFromUpstream(facts: Facts, stream: TraceStream): boolean {
  return stream.partners.some((partner) => {
    const far = facts.legs[partner.connection]?.streams.find((candidate) => candidate.id === partner.streamId);
    return (
      partner.nearerClient && far !== undefined && far.status === stream.status && far.grpcStatus === stream.grpcStatus
    );
  });
}
