import type { CaptureFacts } from '../../capture/index.ts';
import { leastOf, mostOf } from '../extremes.ts';
import type { Connection, ConnectionId, Endpoint, Link, Report, Severity, Timestamp } from '../model.ts';
import { parseTimestamp } from '../timestamp.ts';
import { streamName } from '../words/stream-name.ts';
import { upstreamName } from '../words/window-tables.ts';

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
  /** Intervals of time in which something was wrong, ascending and apart: where one begins, where it ends, and so on. */
  readonly wrong: Float64Array;
  /** Connections kept whole, by `connectionKey`, under every name that the capture has for them; and how near they are to what was wrong. */
  readonly involved: ReadonlyMap<string, Involvement>;
  /** Their addresses in pairs, by `hostsKey`: fragments name no ports. */
  readonly involvedHosts: ReadonlySet<string>;
  /** The other connections of clients and to upstreams, with their place among them. */
  readonly legs: ReadonlyMap<string, number>;
  /** Port pairs of those and of these, by `portsKey`: nearly all other packets are told by them. */
  readonly involvedPorts: ReadonlySet<number>;
  readonly legPorts: ReadonlySet<number>;
  /** The capture's edges: how long was nothing heard? Null where it has no packet. */
  readonly firstNs: number | null;
  readonly lastNs: number | null;
}

/** In a window, or what the verdict rests on where there is none; or beside it: an upstream that stood by, another finding's connection. */
export type Involvement = 'window' | 'beside';

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
  const involvements = involvementsOf(report);
  const involved = report.connections.filter(({ id }) => involvements.has(id));
  const others = report.connections.filter(({ id, role }) => !involvements.has(id) && role !== 'other');
  const hosts = involved.flatMap(endsOf).map(({ client, server }) => hostsKey(client.ip, server.ip));
  const inWindows = involved.filter(({ id }) => involvements.get(id) === 'window');
  return {
    anchors: anchorsOf(report, inWindows),
    moments: momentsOf(report, inWindows, capture.baseNs),
    wrong: wrongOf(report, capture),
    involved: new Map(
      involved.flatMap((each) => namesOf(each).map((name) => [name, involvements.get(each.id) ?? 'beside'] as const)),
    ),
    involvedHosts: new Set(hosts),
    legs: new Map(others.flatMap((each, nth) => namesOf(each).map((name) => [name, nth] as const))),
    involvedPorts: portsOf(involved),
    legPorts: portsOf(others),
    firstNs: capture.firstNs,
    lastNs: capture.lastNs,
  };
}

function portsOf(connections: readonly Connection[]): ReadonlySet<number> {
  return new Set(connections.flatMap(endsOf).map(({ client, server }) => portsKey(client.port, server.port)));
}

function namesOf(connection: Connection): string[] {
  return endsOf(connection).map(({ client, server }) => connectionKey(client, server));
}

function endsOf({ client, server, seenAs }: Connection): Pick<Connection, 'client' | 'server'>[] {
  return [{ client, server }, ...seenAs];
}

/** The connections that windows and findings are about; where there are no windows, what else the verdict may rest on. */
function involvementsOf(report: Report): ReadonlyMap<ConnectionId, Involvement> {
  const own = report.windows.length > 0 ? windowIds(report) : suspectIds(report);
  const beside = [
    ...report.windows.flatMap(({ alternatives }) => alternatives.map(({ upstream }) => upstream)),
    ...(report.windows.length > 0 ? [] : joinedIds(report)),
    ...report.findings.flatMap(({ connection }) => connection ?? []),
  ];
  const all = new Map<ConnectionId, Involvement>();
  for (const id of own) all.set(id, 'window');
  for (const id of beside) if (!all.has(id)) all.set(id, 'beside');
  return new Map([...all].slice(0, INVOLVED_MAX));
}

function windowIds({ windows }: Report): ConnectionId[] {
  const recoveries = windows.flatMap(({ streams }) =>
    streams.flatMap(({ recoveredBy }) => recoveredBy?.upstream ?? []),
  );
  return [...windows.flatMap(({ client, upstream }) => [client, upstream]), ...recoveries];
}

/** What was found wrong, and some pairs that show clients and upstreams at their work. */
function suspectIds(report: Report): ConnectionId[] {
  const sizes = new Map(report.connections.map(({ id, bytes }) => [id, bytes.fromClient + bytes.fromServer]));
  const sizeOf = ({ client, upstream }: Link): number => (sizes.get(client) ?? 0) + (sizes.get(upstream) ?? 0);
  // Of those that are sure the smallest: they can be kept whole.
  const shown = report.links
    .toSorted((a, b) => b.confidence - a.confidence || sizeOf(a) - sizeOf(b))
    .slice(0, LINKS_MAX);
  return [...foundIds(report), ...shown.flatMap(({ client, upstream }) => [client, upstream])];
}

/** The legs joined to what was found wrong: whether it hurt anybody is seen on them. */
function joinedIds(report: Report): ConnectionId[] {
  const found = foundIds(report);
  return report.links
    .filter(({ client, upstream }) => found.has(client) || found.has(upstream))
    .flatMap(({ client, upstream }) => [client, upstream]);
}

const TELLING: ReadonlySet<Severity> = new Set<Severity>(['critical', 'warning']);

function foundIds({ findings }: Report): ReadonlySet<ConnectionId> {
  return new Set(findings.flatMap(({ severity, connection }) => (TELLING.has(severity) ? (connection ?? []) : [])));
}

interface Place {
  readonly packet: number | null;
  readonly file?: number;
}

/** Only packets of connections that are kept to the last: one alone of another would read as a connection of which the rest is lost. */
function anchorsOf(report: Report, inWindows: readonly Connection[]): ReadonlySet<number> {
  const ids = new Set<ConnectionId | null>([null, ...inWindows.map(({ id }) => id)]);
  const places: Place[] = [
    ...report.windows.flatMap(({ evidence, end }) => [
      ...evidence.filter(({ connection }) => ids.has(connection)),
      end,
    ]),
    ...[...report.findings, ...report.trust].filter(({ connection }) => ids.has(connection)).flatMap(listed),
    ...inWindows.flatMap((connection) => landmarks(connection, hurtStreams(report, connection))),
  ];
  const keys = places.flatMap(({ packet, file }) => (packet === null ? [] : [packetKey(file ?? 0, packet)]));
  return new Set([...new Set(keys)].slice(0, ANCHORS_MAX));
}

function listed({ packets, files }: { readonly packets: readonly number[]; readonly files?: number[] }): Place[] {
  return packets.map((packet, i) => ({ packet, file: files?.[i] ?? 0 }));
}

/** The streams of a connection that windows are about, on either leg. */
function hurtStreams({ windows }: Report, { id }: Connection): ReadonlySet<string> {
  return new Set(
    windows.flatMap(({ client, upstream, streams }) => {
      if (id === upstream) return streams.map((stream) => upstreamName(stream, ''));
      if (id !== client) return [];
      return streams.flatMap((stream) => {
        const { recoveredBy } = stream;
        const own = streamName(stream.id, stream.tunnel);
        return recoveredBy === null ? [own] : [own, streamName(recoveredBy.stream, recoveredBy.tunnel)];
      });
    }),
  );
}

/** Where it begins and ends, what says so, and where the streams began that were hurt. */
function landmarks(connection: Connection, hurt: ReadonlySet<string>): Place[] {
  const { firstPacket, firstFile = 0, lastPacket, lastFile = 0, closed, resets, goaways, streams } = connection;
  const opened = streams.filter(({ id, tunnel }) => hurt.has(streamName(id, tunnel)));
  return [
    { packet: firstPacket, file: firstFile },
    { packet: lastPacket, file: lastFile },
    closed,
    ...resets,
    ...goaways,
    ...opened.map((stream) => ({ packet: stream.firstPacket, file: stream.firstFile ?? 0 })),
  ];
}

function momentsOf({ windows, findings }: Report, inWindows: readonly Connection[], baseNs: bigint): Float64Array {
  const ids = new Set(inWindows.map(({ id }) => id));
  const texts = [
    ...windows.flatMap(({ evidence, from, to, onset }) => [...evidence.map(({ at }) => at), from, to, onset.lastHeard]),
    ...findings.flatMap(({ at, connection }) => (connection === null || ids.has(connection) ? [at] : [])),
  ];
  return Float64Array.from(new Set(texts.flatMap((text) => sinceBase(text, baseNs)))).sort();
}

/** From the last that was heard of the upstream to the window's end. Without a window any time may matter. */
function wrongOf({ windows }: Report, { baseNs, firstNs, lastNs }: CaptureFacts): Float64Array {
  if (windows.length === 0) return Float64Array.of(firstNs ?? 0, lastNs ?? 0);
  const spans = windows.map(({ from, to, onset, evidence }) => {
    const moments = [from, to, onset.lastHeard, ...evidence.map(({ at }) => at)].flatMap((text) =>
      sinceBase(text, baseNs),
    );
    return { from: leastOf(moments), to: to === null ? (lastNs ?? 0) : mostOf(moments) };
  });
  const apart: { from: number; to: number }[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = apart.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else apart.push(span);
  }
  return Float64Array.from(apart.flatMap(({ from, to }) => [from, to]));
}

function sinceBase(text: Timestamp | null, baseNs: bigint): number[] {
  const ns = text === null ? null : parseTimestamp(text);
  return ns === null ? [] : [Number(ns - baseNs)];
}
