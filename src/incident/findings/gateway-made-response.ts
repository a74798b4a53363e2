import type { ErrorReason } from '../../http/index.ts';
import type { TraceStream } from '../../trace/index.ts';
import { answersByStatus, isGatewayMade } from '../gateway-made.ts';
import { finding, isHurtStream, ofRole, type Rule } from './rule.ts';

/** Error responses to the client for which no upstream response is in the capture. One finding per client connection and status. */
export const gatewayMadeResponse: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) => {
    const made = leg.streams.filter((stream) => isGatewayMade(facts.legs, stream));
    return answersByStatus(made).map(({ status, grpcStatus, streams }) =>
      finding(
        'gateway-made-response',
        streams.some((stream) => isHurtStream(facts, leg, stream)) ? 'critical' : 'warning',
        { status, grpcStatus, count: streams.length, reason: reasonOf(streams) },
        { connection: leg.id, packets: streams.map(({ statusAt }) => statusAt) },
      ),
    );
  });

/** What the first of the responses that says why says. */
function reasonOf(answers: readonly TraceStream[]): ErrorReason | null {
  return answers.find(({ reason }) => reason !== null)?.reason ?? null;
}
