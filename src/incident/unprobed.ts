import type { Death } from './deaths.ts';
import { clientSide } from './leg.ts';
import type { Leg } from './model.ts';
import type { Scene } from './scene.ts';
import { givenUpWhole, unseenCancels } from './unseen-cancel.ts';

/** Told by what is not seen, and not by what nobody answered. */
export function isUnprobed({ cause, debts, lastHeard }: Death): boolean {
  return cause === 'path-one-way' && debts.length === 0 && lastHeard !== null;
}

/**
 * A way that is dead before the capture's tap, where the upstream has nothing to say: a gateway whose kernel probed the connection, as the capture shows,
 * is not seen to probe it when that is due again, nor to cancel what it gives up. A kernel does not leave out a probe of an idle connection: what the gateway
 * sends is not seen any more. That it then gave up all that was on it is the other half of the proof.
 */
export function unprobedDeath(scene: Scene, upstream: Leg): Death[] {
  const { deadAfterNs, actsWithinNs } = scene.thresholds;
  const { keepAlive, lostByCapture, last } = upstream.trace.flows[clientSide(upstream)];
  if (keepAlive?.timeNs == null || lostByCapture > 0 || last === null) return [];
  const told = givenUpWhole(upstream, unseenCancels(scene, upstream), actsWithinNs);
  if (told === null) return [];
  const silence = upstream.trace.silences.find(
    ({ from, to }) => from.timeNs <= told.timeNs && told.timeNs < (to?.timeNs ?? Infinity),
  );
  if (silence === undefined || told.timeNs - silence.from.timeNs < keepAlive.timeNs + deadAfterNs) return [];
  return [
    {
      cause: 'path-one-way',
      lastHeard: last,
      firstUnanswered: told,
      fromNs: last.timeNs,
      healedAt: null,
      debts: [],
      packet: null,
      provenByGivingUp: true,
      aboveStream: null,
    },
  ];
}
