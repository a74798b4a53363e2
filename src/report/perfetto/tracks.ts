import { endpointText } from '../address.ts';
import type { Connection, ConnectionId, Report, Window } from '../model.ts';

export interface Track {
  readonly pid: number;
  readonly tid: number;
}

/** Where each connection and each window is drawn. */
export interface Tracks {
  readonly processes: readonly { readonly pid: number; readonly name: string }[];
  readonly threads: readonly (Track & { readonly name: string; readonly order: number })[];
  readonly byConnection: ReadonlyMap<ConnectionId, Track>;
  readonly byPair: ReadonlyMap<string, Track>;
}

/** What belongs to no gateway. */
const OTHERS_PID = 1;
const NOWHERE: Track = { pid: OTHERS_PID, tid: 0 };
/** Windows of a client stand above its connection, and that above its upstreams. */
const ROLE_ORDER = { client: 1, upstream: 2, other: 3 } as const satisfies Record<Connection['role'], number>;
const WINDOWS_ORDER = 0;

/** A process a gateway, a thread a connection, and one for the windows of each pair: those of a pair never overlap. */
export function tracksOf({ gateways, connections, windows }: Report): Tracks {
  const byAddress = new Map(
    gateways.flatMap(({ addresses }, i) => addresses.map((address) => [address, i] as const)).toReversed(),
  );
  const pidOf = (connection: Connection | undefined): number => {
    if (connection === undefined) return OTHERS_PID;
    const { ip } = connection.role === 'client' ? connection.server : connection.client;
    const gateway = connection.role === 'other' ? undefined : byAddress.get(ip);
    return gateway === undefined ? OTHERS_PID : OTHERS_PID + 1 + gateway;
  };
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  const legs = connections.map((connection, i) => ({
    id: connection.id,
    pid: pidOf(connection),
    tid: i + 1,
    name: `${connection.role} ${connection.id} ${endpointText(connection.client)} to ${endpointText(connection.server)}`,
    order: ROLE_ORDER[connection.role],
  }));
  const used = new Set(legs.map(({ pid }) => pid));
  const pairs = new Map(windows.map((window) => [pairKey(window), window]));
  const drawn = [...pairs].map(([key, window], i) => ({
    key,
    pid: pidOf(byId.get(window.upstream)),
    tid: connections.length + 1 + i,
    name: `half-dead: ${window.client} on ${window.upstream}`,
    order: WINDOWS_ORDER,
  }));
  return {
    processes: [
      { pid: OTHERS_PID, name: 'no gateway' },
      ...gateways.map(({ addresses }, i) => ({ pid: OTHERS_PID + 1 + i, name: `gateway ${addresses.join(', ')}` })),
    ].filter(({ pid }) => used.has(pid)),
    threads: [...drawn, ...legs].map(({ pid, tid, name, order }) => ({ pid, tid, name, order })),
    byConnection: new Map(legs.map(({ id, pid, tid }) => [id, { pid, tid }])),
    byPair: new Map(drawn.map(({ key, pid, tid }) => [key, { pid, tid }])),
  };
}

export function connectionTrack({ byConnection }: Tracks, id: ConnectionId | null): Track {
  return (id === null ? undefined : byConnection.get(id)) ?? NOWHERE;
}

export function windowTrack({ byPair }: Tracks, window: Window): Track {
  return byPair.get(pairKey(window)) ?? NOWHERE;
}

function pairKey({ client, upstream }: Window): string {
  return `${client} ${upstream}`;
}
