import { otherSide, type Side } from '../tcp/index.ts';
import type { Join, Trace, TraceConnection } from '../trace/index.ts';
import { grouped } from './grouped.ts';
import type { Gateway, Role } from './model.ts';
import { Points } from './points.ts';
import { serverSides } from './server-side.ts';

/** Who was what in this capture. Indexed by connection id. */
export interface Casting {
  readonly serverSides: readonly Side[];
  readonly roles: readonly Role[];
  readonly gateways: readonly Gateway[];
  /** The gateway that accepted the connection, or opened it; -1 for neither. Indices into `gateways`. */
  readonly acceptedBy: readonly number[];
  readonly openedBy: readonly number[];
}

/** What the reader knows better than the capture tells. */
export interface RoleHints {
  /** The addresses of the one gateway to look at; none: gateways are found. */
  readonly gateways: readonly string[];
  /** The port at which the gateway accepts clients; null: any. */
  readonly clientPort: number | null;
  /** The port of the upstream servers; null: any. */
  readonly upstreamPort: number | null;
}

export const NO_HINTS: RoleHints = { gateways: [], clientPort: null, upstreamPort: null };

/** Streams joined between two addresses from which these count as one host, where nothing else says so. */
const JOINED_STREAMS_MIN = 2;

/**
 * Finds the gateways: hosts that accept connections and open others, or, where the capture has no such host, those that the hints tell:
 * one leg alone can show a death, though not whom it hurt. Addresses belong to one host where the capture was taken on it
 * (the cooked header's direction), or where streams received on one address were passed on from another.
 */
export function castRoles(trace: Trace, hints: RoleHints = NO_HINTS): Casting {
  const servers = serverSides(trace);
  const server = (connection: TraceConnection): string => connection.endpoints[servers[connection.id] ?? 1].ip;
  const client = (connection: TraceConnection): string =>
    connection.endpoints[otherSide(servers[connection.id] ?? 1)].ip;

  const hosts = new Hosts();
  const capturing = uniteLocal(trace, hosts);
  const joins = oneWayJoins(trace.joins);
  const joined = uniteJoined(trace, joins, hosts, server, client);
  for (const ip of hints.gateways) hosts.unite(hints.gateways[0] ?? ip, ip);

  const legs = trace.connections.filter(mayBeLeg);
  const accepting = new Set(legs.map((connection) => hosts.find(server(connection))));
  const opening = new Set(legs.map((connection) => hosts.find(client(connection))));
  const named = new Set(hints.gateways.map((ip) => hosts.find(ip)));
  const onBothSides = [...accepting].filter((root) => opening.has(root));
  const isServerPort =
    (port: number | null) =>
    (connection: TraceConnection): boolean =>
      connection.endpoints[servers[connection.id] ?? 1].port === port;
  const told =
    named.size > 0
      ? [...named].filter((root) => accepting.has(root) || opening.has(root))
      : [
          ...legs.filter(isServerPort(hints.clientPort)).map((connection) => hosts.find(server(connection))),
          ...legs.filter(isServerPort(hints.upstreamPort)).map((connection) => hosts.find(client(connection))),
        ];
  const roots = named.size === 0 && onBothSides.length > 0 ? onBothSides : [...new Set(told)];
  const acceptedAt = grouped(legs.map(server), (ip) => hosts.find(ip));
  const openedFrom = grouped(legs.map(client), (ip) => hosts.find(ip));
  const gateways = roots.map((root) =>
    gatewayOf(new Set(acceptedAt.get(root)), new Set(openedFrom.get(root)), capturing, joined),
  );
  const order = roots
    .map((_, i) => i)
    .sort((a, b) => compareText(gateways[a]?.addresses[0] ?? '', gateways[b]?.addresses[0] ?? ''));
  const indices = new Map(order.map((i, index) => [roots[i], index]));
  const indexOf = (ip: string): number => indices.get(hosts.find(ip)) ?? -1;

  const isAt = (connection: TraceConnection, port: number | null): boolean =>
    port === null || connection.endpoints[servers[connection.id] ?? 1].port === port;
  const acceptedBy = trace.connections.map((connection) =>
    mayBeLeg(connection) && isAt(connection, hints.clientPort) ? indexOf(server(connection)) : -1,
  );
  const openedBy = trace.connections.map((connection) =>
    mayBeLeg(connection) && isAt(connection, hints.upstreamPort) ? indexOf(client(connection)) : -1,
  );
  const near = new Set(joins.map((join) => join.near));
  const far = new Set(joins.map((join) => join.far));
  const roles = trace.connections.map(({ id }) =>
    roleOf(acceptedBy[id] ?? -1, openedBy[id] ?? -1, near.has(id), far.has(id)),
  );
  const beside = upstreamsBeside(trace, roles, server, client);
  return {
    serverSides: servers,
    roles,
    gateways: order.flatMap((i) => gateways[i] ?? []).map((gateway) => without(gateway, beside)),
    acceptedBy,
    openedBy,
  };
}

/** Without the hints the capture shows both sides of a gateway, and with them it does not: they do not fit it. */
export function hintsHideLegs(trace: Trace, hints: RoleHints): boolean {
  const showsBoth = ({ roles }: Casting): boolean => roles.includes('client') && roles.includes('upstream');
  return showsBoth(castRoles(trace)) && !showsBoth(castRoles(trace, hints));
}

/**
 * In a chain of gateways a connection is upstream of one and client of the next; it is named for the one that opened it.
 * Within one host (a client beside its sidecar, over loopback) only what was passed on tells.
 */
function roleOf(acceptedBy: number, openedBy: number, isNear: boolean, isFar: boolean): Role {
  if (acceptedBy < 0 && openedBy < 0) return 'other';
  if (acceptedBy === openedBy) return isNear && !isFar ? 'client' : isFar && !isNear ? 'upstream' : 'other';
  if (openedBy >= 0) return 'upstream';
  return 'client';
}

/** Loopback addresses at which servers on the gateway's own host are asked, and nobody else: no addresses of the gateway (contract §3). */
function upstreamsBeside(
  trace: Trace,
  roles: readonly Role[],
  server: (connection: TraceConnection) => string,
  client: (connection: TraceConnection) => string,
): ReadonlySet<string> {
  const asked = trace.connections.filter(({ id }) => roles[id] === 'upstream');
  const own = new Set([
    ...trace.connections.filter(({ id }) => roles[id] === 'client').map(server),
    ...asked.map(client),
  ]);
  return new Set(asked.map(server).filter((ip) => isLoopback(ip) && !own.has(ip)));
}

function without({ addresses, how }: Gateway, others: ReadonlySet<string>): Gateway {
  return { addresses: addresses.filter((ip) => !others.has(ip)), how };
}

/** The session in which tcpdump runs is in every capture of a remote host, and in its middle as a rule. */
const SSH_PORT = 22;

/**
 * A connection that carries another protocol makes nobody a gateway. What it carries is known only where its first bytes were seen;
 * joined in its middle it may be anything, and an upstream that sends one event again and again shows no frame to know it by.
 */
function mayBeLeg({ protocol, flows, handshake, endpoints }: TraceConnection): boolean {
  if (protocol !== 'unknown') return true;
  const isEmpty = flows[0].bytes === 0 && flows[1].bytes === 0;
  return isEmpty || (handshake.by === null && endpoints.every(({ port }) => port !== SSH_PORT));
}

/** The addresses of each capturing host are one host; of captures taken on two hosts at one time, two. */
function uniteLocal(trace: Trace, hosts: Hosts): ReadonlySet<string> {
  const points = new Points(trace);
  const local = new Map<number, Set<string>>();
  for (const { endpoints, localSide, first } of trace.connections) {
    const [one, other] = endpoints;
    if (localSide === null && !isLoopback(one.ip) && !isLoopback(other.ip)) continue;
    const point = points.pointOf(first.file);
    const own = local.get(point) ?? new Set<string>();
    local.set(point, own);
    if (localSide === 'both' || localSide === 0 || isLoopback(one.ip)) own.add(one.ip);
    if (localSide === 'both' || localSide === 1 || isLoopback(other.ip)) own.add(other.ip);
  }
  for (const [first, ...others] of local.values()) for (const other of others) hosts.unite(first ?? other, other);
  return new Set([...local.values()].flatMap((own) => [...own]));
}

/** RFC 1122 §3.2.1.3, RFC 4291 §2.5.3: never outside a host, so the capturing one's own. */
function isLoopback(ip: string): boolean {
  return ip === '::1' || /^127\.\d+\.\d+\.\d+$/.test(ip);
}

/**
 * Of two connections one is passed on over the other, and never both ways: what fewer streams say comes of packets that the capture has out of
 * their order.
 */
function oneWayJoins(joins: readonly Join[]): readonly Join[] {
  const weights = new Map<string, number>();
  for (const join of joins) {
    const key = `${join.near} ${join.far}`;
    weights.set(key, (weights.get(key) ?? 0) + weight(join));
  }
  const along = ({ near, far }: Join): number => weights.get(`${near} ${far}`) ?? 0;
  const against = ({ near, far }: Join): number => weights.get(`${far} ${near}`) ?? 0;
  return joins.filter((join) => along(join) >= against(join));
}

function uniteJoined(
  trace: Trace,
  joins: readonly Join[],
  hosts: Hosts,
  server: (connection: TraceConnection) => string,
  client: (connection: TraceConnection) => string,
): ReadonlySet<string> {
  const streams = new Map<string, { near: string; far: string; count: number }>();
  for (const join of joins) {
    const near = trace.connections[join.near];
    const far = trace.connections[join.far];
    if (near === undefined || far === undefined) continue;
    const pair = { near: server(near), far: client(far) };
    if (pair.near === pair.far) continue;
    const key = `${pair.near} ${pair.far}`;
    streams.set(key, { ...pair, count: (streams.get(key)?.count ?? 0) + weight(join) });
  }
  const joined = new Set<string>();
  for (const { near, far, count } of streams.values()) {
    if (count < JOINED_STREAMS_MIN) continue;
    hosts.unite(near, far);
    joined.add(near).add(far);
  }
  return joined;
}

/** An id that came out again is proof by itself; requests and payloads that only one stream fits count once each. */
function weight(join: Join): number {
  return join.method === 'request-id' ? join.streams * JOINED_STREAMS_MIN : join.unambiguous;
}

/** @param accepts its addresses that accept connections; `opens`: that open them */
function gatewayOf(
  accepts: ReadonlySet<string>,
  opens: ReadonlySet<string>,
  capturing: ReadonlySet<string>,
  joined: ReadonlySet<string>,
): Gateway {
  const addresses = [...new Set([...accepts, ...opens])].sort(compareText);
  if (accepts.size === 0 || opens.size === 0) return { addresses, how: 'told' };
  if (addresses.some((ip) => accepts.has(ip) && opens.has(ip))) return { addresses, how: 'both-sides' };
  const how =
    addresses.some((ip) => joined.has(ip)) && !addresses.every((ip) => capturing.has(ip)) ? 'joins' : 'capturing-host';
  return { addresses, how };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Which addresses are one host: union-find with path halving. */
class Hosts {
  readonly #parent = new Map<string, string>();

  find(ip: string): string {
    let at = ip;
    for (;;) {
      const parent = this.#parent.get(at) ?? at;
      if (parent === at) return at;
      const grandparent = this.#parent.get(parent) ?? parent;
      this.#parent.set(at, grandparent);
      at = grandparent;
    }
  }

  unite(a: string, b: string): void {
    const rootA = this.find(a);
    const rootB = this.find(b);
    if (rootA !== rootB) this.#parent.set(rootB, rootA);
  }
}
