import type { TraceStream } from '../../trace/index.ts';
import { isGatewayMade } from '../gateway-made.ts';
import { finding, isHurtStream, ofRole, type Rule } from './rule.ts';

/** Error responses to the client for which no upstream response is in the capture. One finding per client connection and status. */
export const gatewayMadeResponse: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) => {
    const byStatus = new Map<number, TraceStream[]>();
    for (const stream of leg.streams) {
      if (typeof stream.status !== 'number' || !isGatewayMade(facts.legs, stream)) continue;
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
