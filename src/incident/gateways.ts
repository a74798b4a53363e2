import type { TraceConnection } from '../trace/index.ts';
import type { Ends } from './ends.ts';
import { grouped } from './grouped.ts';
import type { Hosts } from './hosts.ts';
import type { Gateway } from './model.ts';
import type { RoleHints } from './role-hints.ts';

/** A gateway, and the address that stands for its host. */
export interface GatewayHost {
  readonly host: string;
  readonly gateway: Gateway;
}

/**
 * Hosts that accept connections and open others, or, where the capture has no such host, those that the hints tell: one leg alone can show a
 * death, though not whom it hurt. By their first address.
 * @param legs  the connections that may make a host a gateway
 */
export function gatewaysOf(
  legs: readonly TraceConnection[],
  ends: Ends,
  hosts: Hosts,
  hints: RoleHints,
): readonly GatewayHost[] {
  const accepts = grouped(
    legs.map((leg) => ends.server(leg)),
    hosts.find,
  );
  const opens = grouped(
    legs.map((leg) => ends.client(leg)),
    hosts.find,
  );
  const onBothSides = [...accepts.keys()].filter((host) => opens.has(host));
  const named = [...new Set(hints.gateways.map(hosts.find))];
  const told =
    named.length > 0 ? named.filter((host) => accepts.has(host) || opens.has(host)) : atPorts(legs, ends, hosts, hints);
  const found = onBothSides.filter((host) => named.length === 0 || named.includes(host));
  return (onBothSides.length > 0 ? found : told)
    .map((host) => ({ host, gateway: gatewayOf(new Set(accepts.get(host)), new Set(opens.get(host)), hosts) }))
    .toSorted((a, b) => compareText(a.gateway.addresses[0] ?? '', b.gateway.addresses[0] ?? ''));
}

/** Hosts at whose port clients are, or that have connections to the port of upstreams. */
function atPorts(
  legs: readonly TraceConnection[],
  ends: Ends,
  hosts: Hosts,
  { clientPort, upstreamPort }: RoleHints,
): readonly string[] {
  const accepting = legs.filter((leg) => clientPort !== null && ends.isAt(leg, clientPort));
  const opening = legs.filter((leg) => upstreamPort !== null && ends.isAt(leg, upstreamPort));
  const addresses = [...accepting.map((leg) => ends.server(leg)), ...opening.map((leg) => ends.client(leg))];
  return [...new Set(addresses.map(hosts.find))];
}

/** @param accepts its addresses that accept connections; `opens`: that open them */
function gatewayOf(accepts: ReadonlySet<string>, opens: ReadonlySet<string>, { capturing, joined }: Hosts): Gateway {
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
