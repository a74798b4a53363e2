import type { TraceStream } from '../trace/index.ts';
import { streamOf } from './leg.ts';
import type { Leg } from './model.ts';
import { isProxyAnswer } from './stream-fate.ts';

/**
 * A client got an error of the kind that a gateway makes itself, and no upstream is seen to have sent it.
 * @param legs  by connection id
 */
export function isGatewayMade(legs: readonly Leg[], stream: TraceStream): boolean {
  return isProxyAnswer(stream) && !cameFromUpstream(legs, stream);
}

function cameFromUpstream(legs: readonly Leg[], stream: TraceStream): boolean {
  return stream.partners.some(({ nearerClient, connection, streamId }) => {
    const leg = legs[connection];
    const far = leg === undefined ? undefined : streamOf(leg, streamId);
    return nearerClient && far !== undefined && far.status === stream.status && far.grpcStatus === stream.grpcStatus;
  });
}
