import type { Ref } from '../../trace/index.ts';
import type { Leg } from '../model.ts';
import { finding, type Rule } from './rule.ts';

/** A second server's connection was alive for the whole window and was not asked. One finding for each such connection. */
export const alternativeUnused: Rule = (facts) => {
  const named = new Set<string>();
  const lasting = facts.windows.filter((window) => window.durationNs >= facts.thresholds.deadAfterNs);
  return lasting.flatMap((window) =>
    window.alternatives
      .filter(({ unused }) => unused)
      .flatMap(({ upstream }) => {
        const leg = facts.legById.get(upstream);
        if (leg === undefined || named.has(upstream)) return [];
        named.add(upstream);
        return [
          finding(
            'alternative-unused',
            'critical',
            { alternative: upstream, windowNs: window.durationNs },
            { connection: upstream, packets: lifeDuring(leg, window.fromNs, window.toNs ?? facts.captureEndNs) },
          ),
        ];
      }),
  );
};

/** Packets that show it alive: its last before and its first in the window. */
function lifeDuring({ trace }: Leg, fromNs: number, toNs: number): (Ref | null)[] {
  const within = trace.marks.find((mark) => mark.from.timeNs >= fromNs && mark.from.timeNs <= toNs);
  const before = trace.marks.findLast((mark) => mark.to.timeNs <= fromNs);
  return [before?.to ?? null, within?.from ?? null];
}
