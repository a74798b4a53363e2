import { otherSide } from '../tcp/index.ts';
import type { Trace, TraceConnection } from '../trace/index.ts';
import { Points } from './points.ts';
import type { Casting } from './roles.ts';

/**
 * Until when each connection was watched. Files of several hosts do not end together, and what one of them says nothing of any more was not
 * silent. Where the cooked header says of two that they were taken on one gateway they are its interfaces, and were stopped together.
 * @returns by connection id, in nanoseconds of the capture's time
 */
export function watchedUntil(trace: Trace, casting: Casting): readonly number[] {
  const { connections, files, last } = trace;
  const captureEndNs = last?.timeNs ?? 0;
  if (files.length <= 1) return connections.map(() => captureEndNs);
  const points = new Points(trace);
  const takenOn = new Map<number, number>();
  for (const connection of connections) {
    const gateway = takenOnGateway(connection, casting);
    if (gateway === null) continue;
    points.unite(connection.last.file, takenOn.get(gateway) ?? connection.last.file);
    takenOn.set(gateway, connection.last.file);
  }
  const endsNs = points.endsNs();
  return connections.map(({ last: { file, timeNs } }) => Math.max(endsNs[file] ?? captureEndNs, timeNs));
}

/** The gateway whose own side of the connection the capturing host has; null where nothing says so. */
function takenOnGateway(
  { id, localSide }: TraceConnection,
  { acceptedBy, openedBy, serverSides }: Casting,
): number | null {
  const server = serverSides[id] ?? 1;
  const [accepting = -1, opening = -1] = [acceptedBy[id], openedBy[id]];
  if (localSide === server && accepting >= 0) return accepting;
  return localSide === otherSide(server) && opening >= 0 ? opening : null;
}
