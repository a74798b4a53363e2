import type { Side } from '../tcp/index.ts';
import type { Join, Trace, TraceConnection } from '../trace/index.ts';
import { Ends } from './ends.ts';
import { gatewaysOf } from './gateways.ts';
import { hostsOf, isLoopback, oneWayJoins } from './hosts.ts';
import type { Gateway, Role } from './model.ts';
import { NO_HINTS, type RoleHints } from './role-hints.ts';

/** Who was what in this capture. Indexed by connection id. */
export interface Casting {
  readonly serverSides: readonly Side[];
  readonly roles: readonly Role[];
  readonly gateways: readonly Gateway[];
  /** The gateway that accepted the connection, or opened it; -1 for neither. Indices into `gateways`. */
  readonly acceptedBy: readonly number[];
  readonly openedBy: readonly number[];
}

const NOBODY = -1;

/** Finds the gateways, and of each connection whether a client or the gateway opened it. */
export function castRoles(trace: Trace, hints: RoleHints = NO_HINTS): Casting {
  const ends = new Ends(trace);
  const joins = oneWayJoins(trace.joins);
  const hosts = hostsOf(trace, joins, ends, hints.gateways);
  const found = gatewaysOf(trace.connections.filter(mayBeLeg), ends, hosts, hints);
  const places = new Map(found.map(({ host }, index) => [host, index]));
  /** Of the gateway that has the address, for connections to that port. */
  const placeOf = (connection: TraceConnection, ip: string, port: number | null): number =>
    mayBeLeg(connection) && ends.isAt(connection, port) ? (places.get(hosts.find(ip)) ?? NOBODY) : NOBODY;
  const acceptedBy = trace.connections.map((each) => placeOf(each, ends.server(each), hints.clientPort));
  const openedBy = trace.connections.map((each) => placeOf(each, ends.client(each), hints.upstreamPort));
  const roles = rolesOf(trace, joins, acceptedBy, openedBy);
  const beside = upstreamsBeside(trace, roles, ends);
  return {
    serverSides: ends.serverSides,
    roles,
    gateways: found.map(({ gateway }) => without(gateway, beside)),
    acceptedBy,
    openedBy,
  };
}

function rolesOf(
  trace: Trace,
  joins: readonly Join[],
  acceptedBy: readonly number[],
  openedBy: readonly number[],
): readonly Role[] {
  const near = new Set(joins.map((join) => join.near));
  const far = new Set(joins.map((join) => join.far));
  return trace.connections.map(({ id }) =>
    roleOf(acceptedBy[id] ?? NOBODY, openedBy[id] ?? NOBODY, near.has(id), far.has(id)),
  );
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
function upstreamsBeside(trace: Trace, roles: readonly Role[], ends: Ends): ReadonlySet<string> {
  const server = (connection: TraceConnection): string => ends.server(connection);
  const asked = trace.connections.filter(({ id }) => roles[id] === 'upstream');
  const own = new Set([
    ...trace.connections.filter(({ id }) => roles[id] === 'client').map(server),
    ...asked.map((connection) => ends.client(connection)),
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
