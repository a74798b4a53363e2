import type { Ref, TraceStream } from '../../trace/index.ts';
import { streamOf } from '../leg.ts';
import type { Leg } from '../model.ts';
import { numberOnConnection, partnerName } from '../stream-names.ts';
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
        { connection: leg.id, packets: refused.flatMap((stream) => refusalOf(leg, stream)) },
      ),
    ];
  });

function isRefused(leg: Leg, stream: TraceStream): boolean {
  return refusalOf(leg, stream).length > 0;
}

/** The packets that say so: the stream's reset, or its request and the GOAWAY that leaves it out. */
function refusalOf(leg: Leg, stream: TraceStream): readonly Ref[] {
  const { reset, opened, sawRequest, status } = stream;
  if (reset?.by === leg.serverSide && reset.errorCode === REFUSED_STREAM) return [reset.at];
  const goaway = leg.trace.goaways.find(
    ({ by, lastStreamId }) => by === leg.serverSide && numberOnConnection(stream) > lastStreamId,
  );
  return goaway !== undefined && sawRequest && status === undefined ? [opened, goaway.at] : [];
}

function wasRetried(facts: Facts, upstream: Leg, stream: TraceStream): boolean {
  return stream.partners.some((partner) => {
    const leg = facts.legs[partner.connection];
    const near = leg === undefined ? undefined : streamOf(leg, partnerName(partner));
    return (
      !partner.nearerClient &&
      near !== undefined &&
      near.partners.some((other) => other.nearerClient && other.connection !== upstream.trace.id)
    );
  });
}
