import { otherSide, type Side } from '../tcp/index.ts';
import type { Trace, TraceConnection } from '../trace/index.ts';

/**
 * Which side of a connection is the server (contract §3): the handshake tells, or the refusal of one; else who sent requests; else the port shared by
 * more connections; else the lower port; else the first responder.
 *
 * @param twins  connections that are one each, which count once
 */
export function serverSides(trace: Trace, twins: readonly (readonly TraceConnection[])[] = []): readonly Side[] {
  const askers = askersByConnection(trace);
  const shares = connectionsByPort(trace, twins);
  return trace.connections.map((connection) => {
    const refusal = connection.closes.find(({ answersSyn }) => answersSyn);
    if (refusal !== undefined) return refusal.by;
    const opener = connection.handshake.by ?? askers.get(connection.id);
    return opener === undefined ? serverByPort(connection, shares) : otherSide(opener);
  });
}

function askersByConnection(trace: Trace): ReadonlyMap<number, Side> {
  const askers = new Map<number, Side>();
  // What runs in a tunnel may be asked from its far end, though it hardly ever is: it counts where nothing else tells.
  for (const inTunnel of [false, true]) {
    for (const { connection, askedBy, tunnel } of trace.streams) {
      const isMeant = (tunnel !== null) === inTunnel;
      if (isMeant && askedBy !== null && !askers.has(connection)) askers.set(connection, askedBy);
    }
  }
  return askers;
}

function connectionsByPort(trace: Trace, twins: readonly (readonly TraceConnection[])[]): ReadonlyMap<number, number> {
  const shares = new Map<number, number>();
  const twinned = new Set(twins.flat());
  const single = trace.connections.filter((connection) => !twinned.has(connection)).map((connection) => [connection]);
  for (const same of [...single, ...twins]) {
    const ports = same.flatMap(({ endpoints }) => endpoints.map(({ port }) => port));
    for (const port of new Set(ports)) shares.set(port, (shares.get(port) ?? 0) + 1);
  }
  return shares;
}

function serverByPort({ endpoints: [a, b] }: TraceConnection, shares: ReadonlyMap<number, number>): Side {
  const byShare = (shares.get(a.port) ?? 0) - (shares.get(b.port) ?? 0);
  if (byShare !== 0) return byShare > 0 ? 0 : 1;
  if (a.port !== b.port) return a.port < b.port ? 0 : 1;
  return 1;
}
