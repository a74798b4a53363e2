import type { TraceStream } from '../trace/index.ts';
import type { Death } from './deaths.ts';
import type { Victim } from './hurt.ts';
import type { Leg } from './model.ts';
import { isServed, overAt } from './stream-fate.ts';
import type { Thresholds } from './thresholds.ts';

/**
 * The client streams that waited for an attempt which never opened. Nothing of them is on the attempt's own connection,
 * so time alone tells: asked just before or during the attempt, and passed on to nobody by then.
 */
export function waitersOf(
  client: Leg,
  attempt: Leg,
  death: Death,
  legs: readonly Leg[],
  thresholds: Thresholds,
): readonly Victim[] {
  const syn = attempt.trace.handshake.syn;
  if (syn === null) return [];
  const untilNs = Math.max(death.fromNs, attempt.trace.last.timeNs);
  return client.streams
    .filter((stream) => {
      if (!stream.sawRequest) return false;
      const askedNs = stream.opened.timeNs;
      if (askedNs < syn.timeNs - thresholds.actsWithinNs || askedNs > untilNs) return false;
      const over = overAt(stream, client.serverSide);
      return over === null || over.timeNs >= syn.timeNs;
    })
    .flatMap((near) => {
      const passedOn = firstPassedOn(near, legs);
      if (passedOn === null) return [{ near, far: null, rerouted: null }];
      // Passed on elsewhere before the attempt could be called dead: nobody was hurt.
      if (passedOn.opened.timeNs - near.opened.timeNs < thresholds.deadAfterNs) return [];
      return [{ near, far: null, rerouted: isServed(passedOn) ? passedOn : null }];
    });
}

function firstPassedOn(near: TraceStream, legs: readonly Leg[]): TraceStream | null {
  let first: TraceStream | null = null;
  for (const partner of near.partners) {
    if (!partner.nearerClient) continue;
    const far = legs[partner.connection]?.streams.find((stream) => stream.id === partner.streamId);
    if (far !== undefined && (first === null || far.opened.timeNs < first.opened.timeNs)) first = far;
  }
  return first;
}
