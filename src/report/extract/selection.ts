import type { CaptureFacts } from '../../capture/index.ts';
import type { Connection, ConnectionId, Endpoint, Report, Severity } from '../model.ts';
import { parseTimestamp } from '../timestamp.ts';

/** Connections that are kept whole, those of windows first. */
const INVOLVED_MAX = 64;
/** Packets that the report names, windows' first; a window has some dozen, a connection's timeline 256. */
const ANCHORS_MAX = 16_384;
/** Where nothing is wrong, an extract shows how clients and upstreams belong together: by this many pairs. */
const LINKS_MAX = 4;
/** Packet numbers are below this in every file. */
const PACKETS_MAX: number = 2 ** 36;

/** Which packets of a capture matter to its report. Times are nanoseconds since the capture's base. */
export interface Selection {
  /** Packets that the report names, by `packetKey`. */
  readonly anchors: ReadonlySet<number>;
  /** When those happened that prove something; ascending. */
  readonly moments: Float64Array;
  /** Connections kept whole, by `connectionKey`, under every name that the capture has for them. */
  readonly involved: ReadonlySet<string>;
  /** Their addresses in pairs, by `hostsKey`: fragments name no ports. */
  readonly involvedHosts: ReadonlySet<string>;
  /** The other connections of clients and to upstreams, with their place among them. */
  readonly legs: ReadonlyMap<string, number>;
  /** Port pairs of all those, by `portsKey`: nearly all other packets are told by them. */
  readonly ports: ReadonlySet<number>;
  /** The capture's edges: how long was nothing heard? Null where it has no packet. */
  readonly firstNs: number | null;
  readonly lastNs: number | null;
}

export function packetKey(file: number, packet: number): number {
  return file * PACKETS_MAX + packet;
}

/** The same in both directions. */
export function connectionKey(a: Endpoint, b: Endpoint): string {
  return inOrder(`${a.ip} ${a.port}`, `${b.ip} ${b.port}`);
}

const PORTS = 65_536;

/** The same in both directions. */
export function portsKey(a: number, b: number): number {
  return a < b ? a * PORTS + b : b * PORTS + a;
}

export function hostsKey(a: string, b: string): string {
  return inOrder(a, b);
}

function inOrder(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** @param report  with the capture's own addresses */
export function selectionOf(report: Report, capture: CaptureFacts): Selection {
  const ids = involvedIds(report);
  const involved = report.connections.filter(({ id }) => ids.has(id));
  const others = report.connections.filter(({ id, role }) => !ids.has(id) && role !== 'other');
  const legs = others.flatMap((connection, nth) => namesOf(connection).map((name) => [name, nth] as const));
  const hosts = involved.flatMap(endsOf).map(({ client, server }) => hostsKey(client.ip, server.ip));
  const ports = [...involved, ...others]
    .flatMap(endsOf)
    .map(({ client, server }) => portsKey(client.port, server.port));
  return {
    anchors: anchorsOf(report, ids, involved),
    moments: momentsOf(report, ids, capture.baseNs),
    involved: new Set(involved.flatMap(namesOf)),
    involvedHosts: new Set(hosts),
    legs: new Map(legs),
    ports: new Set(ports),
    firstNs: capture.firstNs,
    lastNs: capture.lastNs,
  };
}

function namesOf(connection: Connection): string[] {
  return endsOf(connection).map(({ client, server }) => connectionKey(client, server));
}

function endsOf({ client, server, seenAs }: Connection): Pick<Connection, 'client' | 'server'>[] {
  return [{ client, server }, ...seenAs];
}

const SEVERITIES = ['critical', 'warning', 'info'] as const satisfies readonly Severity[];

/** The connections that windows and findings are about; where there are none, some that show what was healthy. */
function involvedIds({ windows, findings, links }: Report): ReadonlySet<ConnectionId> {
  const ids = new Set<ConnectionId>();
  for (const { client, upstream } of windows) ids.add(client).add(upstream);
  for (const { streams, alternatives } of windows) {
    for (const { recoveredBy } of streams) if (recoveredBy?.upstream != null) ids.add(recoveredBy.upstream);
    for (const { upstream } of alternatives) ids.add(upstream);
  }
  for (const severity of SEVERITIES) {
    for (const finding of findings) {
      if (finding.severity === severity && finding.connection !== null) ids.add(finding.connection);
    }
  }
  const found = new Set(ids);
  const near = links.filter(({ client, upstream }) => found.has(client) || found.has(upstream));
  const surest = links.toSorted((a, b) => b.confidence - a.confidence).slice(0, LINKS_MAX);
  for (const { client, upstream } of windows.length > 0 ? [] : [...near, ...surest]) ids.add(client).add(upstream);
  return new Set([...ids].slice(0, INVOLVED_MAX));
}

interface Place {
  readonly packet: number | null;
  readonly file?: number;
}

function anchorsOf(
  report: Report,
  ids: ReadonlySet<ConnectionId>,
  involved: readonly Connection[],
): ReadonlySet<number> {
  const places: Place[] = [
    ...report.windows.flatMap(({ evidence, end }) => [...evidence, end]),
    ...[...report.findings, ...report.trust]
      .filter(({ connection }) => connection === null || ids.has(connection))
      .flatMap(listed),
    ...involved.flatMap(landmarks),
  ];
  const keys = places.flatMap(({ packet, file }) => (packet === null ? [] : [packetKey(file ?? 0, packet)]));
  return new Set([...new Set(keys)].slice(0, ANCHORS_MAX));
}

function listed({ packets, files }: { readonly packets: readonly number[]; readonly files?: number[] }): Place[] {
  return packets.map((packet, i) => ({ packet, file: files?.[i] ?? 0 }));
}

/** Where it begins and ends, and what its timeline draws. */
function landmarks(connection: Connection): Place[] {
  const { firstPacket, firstFile = 0, lastPacket, lastFile = 0, closed, resets, goaways, streams, marks } = connection;
  return [
    { packet: firstPacket, file: firstFile },
    { packet: lastPacket, file: lastFile },
    closed,
    ...resets,
    ...goaways,
    ...marks.flatMap((mark) => [mark, { packet: mark.lastPacket, file: mark.lastFile ?? 0 }]),
    ...streams.map((stream) => ({ packet: stream.firstPacket, file: stream.firstFile ?? 0 })),
  ];
}

/** What a timeline draws is spread over all of it: only what proves something counts as near or far. */
function momentsOf({ windows, findings }: Report, ids: ReadonlySet<ConnectionId>, baseNs: bigint): Float64Array {
  const texts = [
    ...windows.flatMap(({ evidence, from, to, onset }) => [...evidence.map(({ at }) => at), from, to, onset.lastHeard]),
    ...findings.flatMap(({ at, connection }) => (connection === null || ids.has(connection) ? [at] : [])),
  ];
  const moments = texts.flatMap((text) => {
    const ns = text === null ? null : parseTimestamp(text);
    return ns === null ? [] : [Number(ns - baseNs)];
  });
  return Float64Array.from(new Set(moments)).sort();
}
