import { finding, type Rule } from './rule.ts';

/** RFC 9113 §7. gRPC servers send it with this debug text to clients that PING more often than allowed. */
const ENHANCE_YOUR_CALM = 11;

export const tooManyPings: Rule = (facts) =>
  facts.legs.flatMap((leg) =>
    leg.trace.goaways
      .filter((goaway) => goaway.errorCode === ENHANCE_YOUR_CALM)
      .map((goaway) =>
        finding('too-many-pings', 'warning', { debug: goaway.debug }, { connection: leg.id, packets: [goaway.at] }),
      ),
  );
