import { endpointText } from '../address.ts';
import type { Connection, Party, Role, Timestamp } from '../model.ts';

/** Of many alike so many are named in a sentence; the rest are counted. */
export const NAMED_MAX = 3;
/** How much of a path stands in a sentence; tables have more. */
const PATH_MAX = 60;

/** Pieces that many sentences are made of. */

export function counted(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** `no stream`, `1 stream`, `2 streams` */
export function countedOrNo(count: number, singular: string): string {
  return count === 0 ? `no ${singular}` : counted(count, singular);
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** The same, with the first `most` of many: `a, b, c and 7 more`. */
export function listedUpTo(most: number, items: readonly string[]): string {
  return listed(items.length > most ? [...items.slice(0, most), `${items.length - most} more`] : items);
}

/** The time of day to milliseconds, `10:02:11.427`: a report's prose names the date once. */
export function clockText(at: Timestamp): string {
  return /T(\d\d:\d\d:\d\d\.\d{3})/.exec(at)?.[1] ?? at;
}

/** `2026-11-23 10:02:11.427 UTC` */
export function dateTimeText(at: Timestamp): string {
  return `${at.split('T', 1)[0]} ${clockText(at)} ${zoneText(at)}`;
}

/** `UTC`, or `UTC+01:00` of a time that a view has moved into another zone. */
export function zoneText(at: Timestamp): string {
  return `UTC${/[+-]\d\d:\d\d$/.exec(at)?.[0] ?? ''}`;
}

/** The end of a connection that is not the gateway: an upstream's server, a client. */
export function farEnd(connection: Connection): string {
  return connection.role === 'client' ? clientEnd(connection) : endpointText(connection.server);
}

/** `u1 (10.9.2.2:8080)`; the bare id where the connection is not in the report. */
export function named(id: string, connections: ReadonlyMap<string, Connection>): string {
  const connection = connections.get(id);
  return connection === undefined ? id : `${id} (${farEnd(connection)})`;
}

/** Who a window, or a link, calls its client: in a chain of gateways it may be another one's connection to its upstream. */
export function clientEnd({ client, proxiedFor }: Connection): string {
  return endpointText(client) + (proxiedFor === null ? '' : ` for ${endpointText(proxiedFor)}`);
}

/** As `named`, by the client's end. */
export function namedClient(id: string, connections: ReadonlyMap<string, Connection>): string {
  const connection = connections.get(id);
  return connection === undefined ? id : `${id} (${clientEnd(connection)})`;
}

const PARTIES = {
  client: { client: 'the client', server: 'the gateway' },
  upstream: { client: 'the gateway', server: 'the upstream' },
  other: { client: 'the client', server: 'the server' },
} as const satisfies Record<Role, Record<Party, string>>;

/** Who a side of a connection is: the server of a client's connection is the gateway. */
export function partyText(role: Role, party: Party): string {
  return PARTIES[role][party];
}

/** A path without its query, cut in the middle where it is long. */
export function shortPath(path: string): string {
  return middleCut(path.split('?', 1)[0] ?? '', PATH_MAX);
}

/** At most `max` characters, the middle replaced by `…`: of a path, both ends tell. */
export function middleCut(text: string, max: number): string {
  const characters = Array.from(text);
  if (characters.length <= max) return text;
  const head = Math.ceil((max - 1) / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (max - 1 - head)).join('')}`;
}
