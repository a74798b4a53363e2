import type { TraceStream } from '../../trace/index.ts';
import type { Leg } from '../model.ts';
import { isProxyAnswer } from '../stream-fate.ts';
import { type Facts, finding, ofRole, type Rule } from './rule.ts';

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
        inWindow(facts, leg, streams) ? 'critical' : 'warning',
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

function inWindow(facts: Facts, leg: Leg, streams: readonly TraceStream[]): boolean {
  const ids = new Set(streams.map((stream) => stream.id));
  return facts.windows.some((window) => window.client === leg.id && window.streams.some((hurt) => ids.has(hurt.id)));
}
