import type { Ref, TraceStream } from '../trace/index.ts';
import { clientSide, streamOf } from './leg.ts';
import { isOneSided } from './liveness.ts';
import type { Leg } from './model.ts';
import type { Scene } from './scene.ts';
import { overAt } from './stream-fate.ts';
import { partnerName } from './stream-names.ts';

/** A stream of an upstream connection that the gateway is not seen to cancel there, and the packet that reset the client's half of it. */
export interface UnseenCancel {
  readonly far: TraceStream;
  readonly told: Ref;
}

/**
 * The gateway reset a client's stream which this connection carried, and is seen neither to cancel it here nor to close the connection, as
 * whoever gives a request up does: what it sent was dropped before the capture's tap, or the connection timed out there unseen.
 */
export function unseenCancels(scene: Scene, upstream: Leg): UnseenCancel[] {
  const { trace, role, closed, serverSide } = upstream;
  const said = trace.flows[clientSide(upstream)];
  if (role !== 'upstream' || trace.protocol !== 'h2' || closed.how !== 'open' || isOneSided(trace)) return [];
  // What was acknowledged and not seen is among the unread, and what waits for a window may be the RST_STREAM.
  if (trace.flows.some(({ unread }) => unread.length > 0) || said.inFlightBytes > 0) return [];
  if (trace.flows[serverSide].zeroWindowSince !== null || trace.closes.length > 0) return [];
  return upstream.streams.flatMap((far) => {
    const told = far.reset === null && far.ended[serverSide] === null ? resetOf(scene, far) : null;
    return told !== null && isUnseen(scene, upstream, told) ? [{ far, told }] : [];
  });
}

/** When the gateway reset the stream of the client, which nothing else carried. */
function resetOf(scene: Scene, far: TraceStream): Ref | null {
  for (const known of far.partners) {
    const client = scene.legs[known.connection];
    const near = client === undefined || known.nearerClient ? undefined : streamOf(client, partnerName(known));
    if (client === undefined || near?.reset?.by !== client.serverSide) continue;
    if (near.partners.filter((partner) => partner.nearerClient).length === 1) return near.reset.at;
  }
  return null;
}

function isUnseen({ thresholds }: Scene, upstream: Leg, { timeNs }: Ref): boolean {
  const saidNs = upstream.trace.flows[clientSide(upstream)].last?.timeNs ?? Infinity;
  return saidNs < timeNs && upstream.watchedToNs - timeNs >= thresholds.deadAfterNs;
}

/** All that was open on it was given up within `withinNs`, as when the connection itself is: the first of them; null where something else was open, too. */
export function givenUpWhole(upstream: Leg, cancels: readonly UnseenCancel[], withinNs: number): Ref | null {
  const [first] = cancels.map(({ told }) => told).toSorted((a, b) => a.timeNs - b.timeNs);
  if (first === undefined) return null;
  const given = new Set(cancels.filter(({ told }) => told.timeNs - first.timeNs <= withinNs).map(({ far }) => far));
  const open = upstream.streams.filter(
    (far) => far.opened.timeNs <= first.timeNs && (overAt(far, upstream.serverSide)?.timeNs ?? Infinity) > first.timeNs,
  );
  return open.every((far) => given.has(far)) ? first : null;
}
