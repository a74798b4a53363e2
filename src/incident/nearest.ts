import { otherSide, type Side } from '../tcp/index.ts';
import type { Trace, TraceConnection } from '../trace/index.ts';
import { serverSides } from './server-side.ts';

/** What a host was seen to accept and to open itself, in payload bytes. */
interface Carried {
  accepted: number;
  opened: number;
  connections: number;
}

/**
 * Tells which of the points at which a connection was seen is nearest the gateway: in the file of the host that passes on most, the smaller of
 * what it accepted and what it opened, else that which shows more connections; within a file at the address that accepts and opens.
 */
export function nearestOf(
  trace: Trace,
  groups: readonly (readonly TraceConnection[])[],
): (group: readonly TraceConnection[]) => TraceConnection | undefined {
  const servers = serverSides(trace, groups);
  const openerOf = ({ id }: TraceConnection): Side => otherSide(servers[id] ?? 1);
  const carried = carriedByFile(trace.connections, openerOf);
  const middle = middleHosts(trace.connections, openerOf);
  return (group) => {
    const ranked = group.toSorted((a, b) => compared(carried.get(b.first.file), carried.get(a.first.file)));
    const inFile = ranked.filter(({ first }) => first.file === ranked[0]?.first.file);
    return inFile.find(({ endpoints }) => endpoints.some(({ ip }) => middle.has(ip))) ?? inFile[0];
  };
}

function carriedByFile(
  connections: readonly TraceConnection[],
  openerOf: (connection: TraceConnection) => Side,
): ReadonlyMap<number, Carried> {
  const byFile = new Map<number, Carried>();
  for (const connection of connections) {
    const { first, localSide, flows } = connection;
    const carried = byFile.get(first.file) ?? { accepted: 0, opened: 0, connections: 0 };
    byFile.set(first.file, carried);
    carried.connections++;
    const bytes = flows[0].bytes + flows[1].bytes;
    if (localSide === null || localSide === 'both') continue;
    if (localSide === openerOf(connection)) carried.opened += bytes;
    else carried.accepted += bytes;
  }
  return byFile;
}

/** Below 0: the first passes on less. */
function compared(a: Carried | undefined, b: Carried | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return Math.min(a.accepted, a.opened) - Math.min(b.accepted, b.opened) || a.connections - b.connections;
}

/** Addresses that accept connections and open others. */
function middleHosts(
  connections: readonly TraceConnection[],
  openerOf: (connection: TraceConnection) => Side,
): ReadonlySet<string> {
  const opening = new Set<string>();
  const accepting = new Set<string>();
  for (const connection of connections) {
    const opener = openerOf(connection);
    opening.add(connection.endpoints[opener].ip);
    accepting.add(connection.endpoints[otherSide(opener)].ip);
  }
  return new Set([...opening].filter((ip) => accepting.has(ip)));
}
