import type { TraceStream } from '../../trace/index.ts';
import type { Leg } from '../model.ts';
import { type Facts, finding, ofRole, type Rule } from './rule.ts';

/** RFC 9113 §8.7: the server did no work on it, so that it is safe to send it again. */
const REFUSED_STREAM = 7;

/** Streams that the upstream refused unprocessed; whether the gateway sent them again elsewhere. */
export const retryRefusedStream: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) => {
    const refused = leg.streams.filter((stream) => isRefused(leg, stream));
    if (refused.length === 0) return [];
    const retried = refused.filter((stream) => wasRetried(facts, leg, stream)).length;
    return [
      finding(
        'retry-refused-stream',
        retried === refused.length ? 'info' : 'warning',
        { streams: refused.length, retried },
        { connection: leg.id, packets: refused.map((stream) => stream.reset?.at ?? stream.opened) },
      ),
    ];
  });

function isRefused(leg: Leg, stream: TraceStream): boolean {
  if (stream.reset?.by === leg.serverSide && stream.reset.errorCode === REFUSED_STREAM) return true;
  const goaway = leg.trace.goaways.find(
    (candidate) => candidate.by === leg.serverSide && stream.id > candidate.lastStreamId,
  );
  return goaway !== undefined && stream.sawRequest && stream.status === undefined;
}

function wasRetried(facts: Facts, leg: Leg, stream: TraceStream): boolean {
  return stream.partners.some((partner) => {
    const near = facts.legs[partner.connection]?.streams.find((candidate) => candidate.id === partner.streamId);
    return (
      !partner.nearerClient &&
      near !== undefined &&
      near.partners.some((other) => other.nearerClient && other.connection !== leg.trace.id)
    );
  });
}
