import { finding, type Rule } from './rule.ts';

/** RFC 9113 §7. */
const ENHANCE_YOUR_CALM = 11;
/** What gRPC servers write into it for a client that PINGs more often than they allow. Without it, it may be about anything else. */
const DEBUG_TEXT = 'too_many_pings';

export const tooManyPings: Rule = (facts) =>
  facts.legs.flatMap((leg) =>
    leg.trace.goaways
      .filter((goaway) => goaway.errorCode === ENHANCE_YOUR_CALM && goaway.debug.includes(DEBUG_TEXT))
      .map((goaway) =>
        finding('too-many-pings', 'warning', { debug: goaway.debug }, { connection: leg.id, packets: [goaway.at] }),
      ),
  );
