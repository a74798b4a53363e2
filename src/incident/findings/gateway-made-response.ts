import type { ErrorReason } from '../../http/index.ts';
import type { TraceStream } from '../../trace/index.ts';
import { isGatewayMade } from '../gateway-made.ts';
import { grouped } from '../grouped.ts';
import { finding, isHurtStream, ofRole, type Rule } from './rule.ts';

/** Error responses to the client for which no upstream response is in the capture. One finding per client connection and status. */
export const gatewayMadeResponse: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) => {
    const made = leg.streams.flatMap((stream) =>
      typeof stream.status === 'number' && isGatewayMade(facts.legs, stream) ? [{ status: stream.status, stream }] : [],
    );
    const byStatus = grouped(made, ({ status }) => status);
    return [...byStatus].map(([status, answers]) =>
      finding(
        'gateway-made-response',
        answers.some(({ stream }) => isHurtStream(facts, leg, stream.id)) ? 'critical' : 'warning',
        { status, count: answers.length, reason: reasonOf(answers.map(({ stream }) => stream)) },
        { connection: leg.id, packets: answers.map(({ stream }) => stream.statusAt) },
      ),
    );
  });

/** What the first of the responses that says why says. */
function reasonOf(answers: readonly TraceStream[]): ErrorReason | null {
  return answers.find(({ reason }) => reason !== null)?.reason ?? null;
}
