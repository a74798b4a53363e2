import { otherSide, type Side } from '../../tcp/index.ts';
import type { Leg } from '../model.ts';
import { finding, type Rule } from './rule.ts';

const SIDES: readonly Side[] = [0, 1];

/** A receive window that stayed shut while the sender's probes of it were answered: the reader is at fault, not the path. */
export const zeroWindowStall: Rule = (facts) =>
  facts.legs.flatMap((leg) =>
    SIDES.flatMap((reader) => {
      const { zeroWindowSince, last } = leg.trace.flows[reader];
      if (zeroWindowSince === null || last === null || !answersProbes(leg, reader)) return [];
      // Its last packet says that it was shut still.
      const spanNs = last.timeNs - zeroWindowSince.timeNs;
      if (spanNs < facts.thresholds.deadAfterNs) return [];
      return [
        finding('zero-window-stall', 'warning', { spanNs }, { connection: leg.id, packets: [zeroWindowSince, last] }),
      ];
    }),
  );

/** A sender that has nothing to say sends no probes and is not held up; a reader that does not answer them is gone, and not slow. */
function answersProbes({ trace }: Leg, reader: Side): boolean {
  const isLeftOpen = trace.debts.some(({ owedBy, end, tries }) => owedBy === reader && end !== 'answered' && tries > 0);
  return trace.flows[otherSide(reader)].windowProbes > 0 && !isLeftOpen;
}
