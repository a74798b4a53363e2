import { clientSide } from '../leg.ts';
import { finding, ofRole, provenDebts, type Rule, severityOfDebt } from './rule.ts';

/**
 * Only the upstream is seen: it sends again and probes, and the gateway, whose packets were seen on this connection before,
 * acknowledges nothing. A gateway never seen there is a one-sided capture, and says nothing.
 */
export const upstreamMuteGateway: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) =>
    provenDebts(facts, leg)
      .filter((debt) => debt.owedBy === clientSide(leg) && debt.heard === 0)
      .flatMap((debt) => (debt.lastHeard === null ? [] : [{ debt, lastHeard: debt.lastHeard }]))
      .map(({ debt, lastHeard }) =>
        finding(
          'upstream-mute-gateway',
          severityOfDebt(facts, leg, debt),
          {
            upstreamPackets: debt.elicits.data + debt.elicits.fins + debt.tries,
            spanNs: (debt.endAt?.timeNs ?? debt.lastElicit.timeNs) - debt.firstElicit.timeNs,
            lastGatewayPacketNs: lastHeard.timeNs,
          },
          { connection: leg.id, packets: [lastHeard, debt.firstElicit, ...debt.attempts] },
        ),
      ),
  );
