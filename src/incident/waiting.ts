import type { Death } from './deaths.ts';
import type { Victim } from './hurt.ts';
import { clientSide } from './leg.ts';
import type { Leg } from './model.ts';
import { earliest, isServed, overAt } from './stream-fate.ts';
import type { Thresholds } from './thresholds.ts';

/**
 * The client streams that waited for an attempt which never opened. Nothing of them is on the attempt's own connection,
 * so time alone tells: asked just before or during the attempt, and passed on to nobody by then.
 */
export function waitersOf(client: Leg, attempt: Leg, death: Death, thresholds: Thresholds): readonly Victim[] {
  const syn = attempt.trace.handshake.syn;
  if (syn === null) return [];
  const tried = attempt.trace.flows[clientSide(attempt)].last ?? syn;
  const untilNs = Math.max(death.fromNs, tried.timeNs);
  return client.streams
    .filter((stream) => {
      if (!stream.sawRequest) return false;
      const askedNs = stream.opened.timeNs;
      if (askedNs < syn.timeNs - thresholds.actsWithinNs || askedNs > untilNs) return false;
      const over = overAt(stream, client.serverSide);
      return over === null || over.timeNs >= syn.timeNs;
    })
    .flatMap((near) => {
      const known = earliest(near.partners.filter((partner) => partner.nearerClient).map((partner) => partner.at));
      // Served well, by whom the capture does not show: it was passed on at the latest when the answer came.
      const passedOn = known ?? (isServed(near) ? near.statusAt : null);
      if (passedOn === null) return [{ near, far: null, rerouted: null }];
      // Passed on elsewhere before the attempt could be called dead: nobody was hurt.
      if (passedOn.timeNs - near.opened.timeNs < thresholds.deadAfterNs) return [];
      return [{ near, far: null, rerouted: isServed(near) ? passedOn : null }];
    });
}
