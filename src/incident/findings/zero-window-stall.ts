import { finding, type Rule } from './rule.ts';

/** A receive window that stayed shut to the end: the reader is at fault, not the path. */
export const zeroWindowStall: Rule = (facts) =>
  facts.legs.flatMap((leg) =>
    leg.trace.flows.flatMap(({ zeroWindowSince }) => {
      if (zeroWindowSince === null) return [];
      const spanNs = leg.trace.last.timeNs - zeroWindowSince.timeNs;
      if (spanNs < facts.thresholds.deadAfterNs) return [];
      return [finding('zero-window-stall', 'warning', { spanNs }, { connection: leg.id, packets: [zeroWindowSince] })];
    }),
  );
