import { otherSide, type Side } from '../../tcp/index.ts';
import type { Stall, TraceStream } from '../../trace/index.ts';
import { stallEndNs } from '../held-back.ts';
import { allStreams, partyOf } from '../leg.ts';
import { isDead } from '../liveness.ts';
import type { Finding, Leg } from '../model.ts';
import { type Facts, finding, type Rule } from './rule.ts';

const SIDES: readonly Side[] = [0, 1];

/**
 * DATA stopped because the reader took none: an HTTP/2 window was spent and no WINDOW_UPDATE came (RFC 9113 §6.9). A reader that is
 * itself dead gives none either, which is not its fault; what lasted less than a client waits is a slow reader, and no finding.
 */
export const flowControlStall: Rule = (facts) =>
  facts.legs
    .filter((leg) => leg.role !== 'other')
    .flatMap((leg) =>
      SIDES.flatMap((sender) => {
        const ofConnection = connectionStall(facts, leg, sender);
        // A connection's spent window stops all its streams: they are told once.
        return ofConnection.length > 0
          ? ofConnection
          : allStreams(leg).flatMap((stream) => streamStall(facts, leg, sender, stream));
      }),
    );

function connectionStall(facts: Facts, leg: Leg, sender: Side): Finding[] {
  const stall = leg.trace.flows[sender].windowSpent;
  if (stall === null || !isLasting(facts, leg, sender, stall)) return [];
  const stopped = allStreams(leg).filter((stream) => wasStopped(facts, stream, sender, stall));
  // With nothing open there was nothing to send.
  return stopped.length === 0 ? [] : [stalled(leg, sender, stall, stopped)];
}

function streamStall(facts: Facts, leg: Leg, sender: Side, stream: TraceStream): Finding[] {
  const stall = stream.windowSpent[sender];
  if (stall === null || !isLasting(facts, leg, sender, stall) || !wasStopped(facts, stream, sender, stall)) return [];
  return [stalled(leg, sender, stall, stream)];
}

function stalled(leg: Leg, sender: Side, stall: Stall, of: TraceStream | readonly TraceStream[]): Finding {
  const isStream = 'id' in of;
  const resetNs = isStream ? (of.reset?.at.timeNs ?? Infinity) : Infinity;
  return finding(
    'flow-control-stall',
    stall.to === null ? 'warning' : 'info',
    {
      reader: partyOf(leg, otherSide(sender)),
      window: isStream ? 'stream' : 'connection',
      streams: isStream ? 1 : of.length,
      spanNs: Math.min(stallEndNs(stall, leg), resetNs) - stall.from.timeNs,
      stillOpen: stall.to === null,
    },
    { connection: leg.id, ...(isStream ? { stream: of } : {}), packets: [stall.from, stall.to] },
  );
}

function isLasting(facts: Facts, leg: Leg, sender: Side, stall: Stall): boolean {
  const endNs = stallEndNs(stall, leg);
  if (endNs - stall.from.timeNs < facts.thresholds.healedWaitNs) return false;
  return !leg.trace.debts.some(
    (debt) =>
      debt.owedBy !== sender &&
      debt.firstElicit.timeNs < endNs &&
      (debt.endAt?.timeNs ?? Infinity) > stall.from.timeNs &&
      isDead(leg.trace, debt, leg.watchedToNs, facts.thresholds),
  );
}

/** The sender had more to say, or might have: it had not ended the stream. One that somebody reset was stopped until then. */
function wasStopped(facts: Facts, { opened, ended, reset }: TraceStream, sender: Side, { from, to }: Stall): boolean {
  const end = ended[sender];
  const hadMore = end === null || (to !== null && end.timeNs >= to.timeNs);
  const resetNs = reset?.at.timeNs ?? Infinity;
  return opened.timeNs <= from.timeNs && hadMore && resetNs - from.timeNs >= facts.thresholds.healedWaitNs;
}
