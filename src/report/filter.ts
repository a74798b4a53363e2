import type { Ref } from '../trace/index.ts';
import type { Connection, Endpoint, Finding } from './model.ts';

/** Packets named in one filter: more than a person looks at, and short enough for Wireshark's filter bar. */
const FRAMES_MAX = 32;
/** From here on a run is written as `5..9`. */
const RANGE_MIN = 3;

/** Findings whose packets are not all on their connection: one tells of every attempt at a server, one of the client's leg as well. */
const WIDER: ReadonlyMap<string, 'server' | 'capture'> = new Map([
  ['upstream-refused', 'server'],
  ['upstream-reset', 'capture'],
]);

/** A Wireshark display filter for the packets of a finding, and for no others where they stand in one file. */
export function findingFilter(
  { code, connection: id }: Pick<Finding, 'code' | 'connection'>,
  connections: ReadonlyMap<string, Connection>,
  packets: readonly Ref[],
): string {
  const connection = connections.get(id ?? '') ?? null;
  const wider = isOneFile(packets) ? WIDER.get(code) : undefined;
  if (wider === undefined || connection === null) return displayFilter(connection, packets);
  if (wider === 'capture') return displayFilter(null, packets);
  return `${endpointClause(connection.server)} && ${framesClause(packets)}`;
}

/**
 * A Wireshark display filter for packets of a connection: `ip.addr == 10.9.0.2 && tcp.port == 40112 && frame.number in {5, 6}`.
 * The connection is named by its client's end, whose port is its own; frame numbers are left out where the packets stand in
 * several files, since each file counts for itself.
 * @param connection  null: the whole capture
 */
function displayFilter(connection: Connection | null, packets: readonly Ref[]): string {
  const frames = isOneFile(packets) ? [framesClause(packets)] : [];
  const clauses = connection === null ? frames : [connectionFilter(connection), ...frames];
  return clauses.length === 0 ? 'tcp' : clauses.join(' && ');
}

/** A display filter for all packets of a connection. */
export function connectionFilter({ client }: Connection): string {
  return endpointClause(client);
}

function endpointClause({ ip, port }: Endpoint): string {
  return `${ip.includes(':') ? 'ipv6.addr' : 'ip.addr'} == ${ip} && tcp.port == ${port}`;
}

function isOneFile(packets: readonly Ref[]): boolean {
  return new Set(packets.map((ref) => ref.file)).size === 1;
}

function framesClause(packets: readonly Ref[]): string {
  const numbers = [...new Set(packets.map((ref) => ref.packet))].toSorted((a, b) => a - b).slice(0, FRAMES_MAX);
  return `frame.number in {${runsOf(numbers).map(runText).join(', ')}}`;
}

function runsOf(numbers: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === number - 1) run.push(number);
    else runs.push([number]);
  }
  return runs;
}

function runText(run: readonly number[]): string {
  return run.length >= RANGE_MIN ? `${run[0]}..${run.at(-1)}` : run.join(', ');
}
