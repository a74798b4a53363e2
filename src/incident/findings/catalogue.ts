import { acknowledgedInVain } from './acknowledged-in-vain.ts';
import { alternativeUnused } from './alternative-unused.ts';
import { captureTrust } from './capture-trust.ts';
import { clientGone } from './client-gone.ts';
import { connectUnanswered } from './connect-unanswered.ts';
import { flowControlStall } from './flow-control-stall.ts';
import { gatewayMadeResponse } from './gateway-made-response.ts';
import { goawayNotPropagated } from './goaway-not-propagated.ts';
import { idleTimeoutCut } from './idle-timeout-cut.ts';
import { icmpError } from './icmp-error.ts';
import { middleboxIdleDrop } from './middlebox-idle-drop.ts';
import { pingAnsweredByGateway } from './ping-answered-by-gateway.ts';
import { pingUnanswered } from './ping-unanswered.ts';
import { recoveredLoss } from './recovered-loss.ts';
import { resetNotFromPeer } from './reset-not-from-peer.ts';
import { retryRefusedStream } from './retry-refused-stream.ts';
import { streamsOnDeadConnection } from './streams-on-dead-connection.ts';
import { tooManyPings } from './too-many-pings.ts';
import { upstreamClosed } from './upstream-closed.ts';
import { upstreamMuteGateway } from './upstream-mute-gateway.ts';
import { upstreamProbesUnanswered } from './upstream-probes-unanswered.ts';
import { upstreamRefused } from './upstream-refused.ts';
import { upstreamReset } from './upstream-reset.ts';
import { upstreamUnanswered } from './upstream-unanswered.ts';
import { watchOverdue } from './watch-overdue.ts';
import { zeroWindowStall } from './zero-window-stall.ts';
import { staleButAlive } from './stale-but-alive.ts';
import { upstreamSilent } from './upstream-silent.ts';
import type { Finding, Severity } from '../model.ts';
import type { FindingCode } from './args.ts';
import type { Facts, Rule } from './rule.ts';

/** Every rule by its code: a code without a rule does not compile. In the order in which findings of one severity are told. */
const CATALOGUE = {
  'upstream-unanswered': upstreamUnanswered,
  'upstream-mute-gateway': upstreamMuteGateway,
  'acknowledged-in-vain': acknowledgedInVain,
  'upstream-probes-unanswered': upstreamProbesUnanswered,
  'upstream-reset': upstreamReset,
  'upstream-closed': upstreamClosed,
  'upstream-refused': upstreamRefused,
  'connect-unanswered': connectUnanswered,
  'goaway-not-propagated': goawayNotPropagated,
  'streams-on-dead-connection': streamsOnDeadConnection,
  'alternative-unused': alternativeUnused,
  'gateway-made-response': gatewayMadeResponse,
  'watch-overdue': watchOverdue,
  'upstream-silent': upstreamSilent,
  'stale-but-alive': staleButAlive,
  'idle-timeout-cut': idleTimeoutCut,
  'ping-answered-by-gateway': pingAnsweredByGateway,
  'ping-unanswered': pingUnanswered,
  'client-gone': clientGone,
  'recovered-loss': recoveredLoss,
  'retry-refused-stream': retryRefusedStream,
  'zero-window-stall': zeroWindowStall,
  'flow-control-stall': flowControlStall,
  'middlebox-idle-drop': middleboxIdleDrop,
  'too-many-pings': tooManyPings,
  'reset-not-from-peer': resetNotFromPeer,
  'icmp-error': icmpError,
  'capture-trust': captureTrust,
} as const satisfies Record<FindingCode, Rule>;

const RANK = { critical: 0, warning: 1, info: 2 } as const satisfies Record<Severity, number>;

/** All findings, gravest first; those of one severity in the catalogue's order. */
export function findingsOf(facts: Facts): readonly Finding[] {
  return Object.values(CATALOGUE)
    .flatMap((rule: Rule) => rule(facts))
    .toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
}
