import { clientSide, streamOf } from './leg.ts';
import { isOneSided } from './liveness.ts';
import type { Leg } from './model.ts';
import type { Scene } from './scene.ts';

/**
 * The gateway reset a client's stream which this connection carried, and is seen neither to cancel it here nor to close the connection, as
 * whoever gives a request up does: what it sent was dropped before the capture's tap, or the connection timed out there unseen.
 */
export function isCancelUnseen(scene: Scene, upstream: Leg): boolean {
  const { trace, role, closed, serverSide } = upstream;
  const said = trace.flows[clientSide(upstream)];
  if (role !== 'upstream' || trace.protocol !== 'h2' || closed.how !== 'open' || isOneSided(trace)) return false;
  // What was acknowledged and not seen is among the unread, and what waits for a window may be the RST_STREAM.
  if (trace.flows.some(({ unread }) => unread.length > 0) || said.inFlightBytes > 0) return false;
  if (trace.flows[serverSide].zeroWindowSince !== null || trace.closes.length > 0) return false;
  const saidNs = said.last?.timeNs ?? Infinity;
  return upstream.streams.some((far) => {
    if (far.reset !== null || far.ended[serverSide] !== null) return false;
    return far.partners.some(({ nearerClient, connection, streamId }) => {
      const client = scene.legs[connection];
      const near = client === undefined || nearerClient ? undefined : streamOf(client, streamId);
      if (client === undefined || near === undefined || near.reset?.by !== client.serverSide) return false;
      const resetNs = near.reset.at.timeNs;
      const isOnlyHere = near.partners.filter((partner) => partner.nearerClient).length === 1;
      return isOnlyHere && saidNs < resetNs && upstream.watchedToNs - resetNs >= scene.thresholds.deadAfterNs;
    });
  });
}
