import { grouped } from './grouped.ts';
import { type Halves, halvesOf, joined, joinedStream } from './halves.ts';
import { nearestOf } from './nearest.ts';
import { nameKey, partnerName } from './stream-names.ts';
import { askJoinsOnce, joinsOnce, type LeftOver } from './twin-joins.ts';
import type { Asks, Endpoint, Partner, Trace, TraceConnection, TraceStream } from '../trace/index.ts';

/** Another 4-tuple under which the capture shows a connection: before or after its addresses were translated. */
export interface SeenAs {
  /** By side, as in `TraceConnection.endpoints`. */
  readonly endpoints: TraceConnection['endpoints'];
  readonly packets: number;
  /** Which end's address is the capturing host's own there. */
  readonly localSide: TraceConnection['localSide'];
}

/** A trace in which every connection stands once, and under what else each was seen, by connection id. */
export interface Untwined {
  readonly trace: Trace;
  readonly seenAs: ReadonlyMap<number, readonly SeenAs[]>;
}

/** Both copies of a packet are captured within moments. */
const APART_MAX_NS = 0.01e9;
/** Before and after two translations. Numbers that more connections share were not drawn at random, and tell nothing. */
const COPIES_MAX = 3;

/**
 * Finds connections that the capture shows twice, on both sides of NAT (DNAT, SNAT, REDIRECT): the same pair of initial sequence numbers, and
 * either the same timestamps with them or the same packets at the same time, one end the same. Leaves the one that is nearer the gateway
 * (contract §3, Connections): the host that accepts connections and opens others.
 */
export function untwined(trace: Trace): Untwined {
  const groups = twinsOf(trace.connections);
  const halves = halvesOf(trace);
  if (groups.length === 0 && halves.length === 0) return { trace, seenAs: new Map() };
  const twinOf = new Map<number, TraceConnection>();
  for (const { asking, answering } of halves) twinOf.set(answering.id, asking);
  const whole = new Map(halves.map((half) => [half.asking.id, joined(half)]));
  const nearest = nearestOf(trace.connections);
  const passedOn = new Set<number>();
  for (const group of groups) {
    const kept = nearest(group);
    for (const each of group) if (kept !== undefined && each !== kept) twinOf.set(each.id, kept);
    if (kept !== undefined && group.some((each) => isPassedOn(kept, each))) passedOn.add(kept.id);
  }
  const kept = trace.connections.filter(({ id }) => !twinOf.has(id));
  const ids = new Map(kept.map(({ id }, at) => [id, at]));
  const idOf = (id: number): number => ids.get(twinOf.get(id)?.id ?? id) ?? 0;
  const left: LeftOver = { isTwin: (id) => twinOf.has(id), idOf };
  return {
    trace: {
      ...trace,
      connections: kept.map((connection, id) => {
        const told = whole.get(connection.id) ?? connection;
        // Marks are read when asked for, so that spreading leaves them out.
        const localSide = passedOn.has(connection.id) ? null : told.localSide;
        return { ...told, id, localSide, marks: told.marks, asks: told.asks.map((asks) => renumbered(asks, idOf)) };
      }),
      streams: streamsOnce(wholeStreams(trace.streams, halves), left),
      joins: joinsOnce(trace.joins, left),
      askJoins: askJoinsOnce(trace.askJoins, left),
      burstJoins: trace.burstJoins.map((join) => ({ ...join, from: idOf(join.from), to: idOf(join.to) })),
    },
    seenAs: namesOf(turned(trace.connections, halves), twinOf, idOf),
  };
}

/** Requests with their responses, of connections whose directions stood apart. */
function wholeStreams(streams: readonly TraceStream[], halves: readonly Halves[]): readonly TraceStream[] {
  if (halves.length === 0) return streams;
  const halfOf = new Map(halves.map((half) => [half.asking.id, half]));
  const responses = new Map(streams.map((stream) => [`${stream.connection} ${nameKey(stream)}`, stream]));
  return streams.map((stream) => {
    const half = halfOf.get(stream.connection);
    const response = half === undefined ? undefined : responses.get(`${half.answering.id} ${nameKey(stream)}`);
    return half === undefined || response === undefined ? stream : joinedStream(stream, response, half);
  });
}

/** The sides of the half that answers, as the half that asks has them. */
function turned(connections: readonly TraceConnection[], halves: readonly Halves[]): readonly TraceConnection[] {
  const turning = new Set(
    halves.filter(({ asker, listener }) => asker !== listener).map(({ answering }) => answering.id),
  );
  return connections.map((connection) => {
    const [a, b] = connection.endpoints;
    return turning.has(connection.id) ? { ...connection, endpoints: [b, a] as const } : connection;
  });
}

function twinsOf(connections: readonly TraceConnection[]): TraceConnection[][] {
  const opened = connections.filter(({ initialSeqs }) => initialSeqs !== null);
  const groups = grouped(opened, ({ initialSeqs }) => initialSeqs?.join(' '));
  return [...groups.values()]
    .filter((group) => group.length > 1 && group.length <= COPIES_MAX)
    .map((group) => group.filter((each) => each === group[0] || (group[0] !== undefined && isCopy(group[0], each))))
    .filter((group) => group.length > 1);
}

/**
 * Two numbers and two timestamps that agree are proof, also where translation changed both ends, clocks of two hosts differ, and what one point
 * saw never came by the other. Without timestamps, as with a SYN proxy: SNAT leaves the server's end, DNAT the client's, and all else is the same.
 */
function isCopy(a: TraceConnection, b: TraceConnection): boolean {
  const same = a.endpoints.filter((end, side) => isSameEnd(end, b.endpoints[side === 0 ? 0 : 1])).length;
  if (same === 2) return false;
  if (a.initialStamps?.every((stamp, side) => stamp === b.initialStamps?.[side]) === true) return true;
  const atOnce = isNear(a.first.timeNs, b.first.timeNs) && isNear(a.last.timeNs, b.last.timeNs);
  return same === 1 && atOnce && a.flows.every((flow, side) => flow.bytes === b.flows[side === 0 ? 0 : 1].bytes);
}

/**
 * A host that gets a side's packets under one name and sends them on under another forwards them (a node to its containers, a router), and neither
 * end is its own: that it sent them says nothing.
 */
function isPassedOn(a: TraceConnection, b: TraceConnection): boolean {
  return a.first.file === b.first.file && isEnd(a.localSide) && isEnd(b.localSide) && a.localSide !== b.localSide;
}

function isEnd(localSide: TraceConnection['localSide']): boolean {
  return localSide !== null && localSide !== 'both';
}

function isSameEnd(a: Endpoint, b: Endpoint): boolean {
  return a.ip === b.ip && a.port === b.port;
}

function isNear(aNs: number, bNs: number): boolean {
  return Math.abs(aNs - bNs) <= APART_MAX_NS;
}

/**
 * The streams of the connections that are left, with what their twins' streams were joined to. What they were joined to themselves goes first: twins
 * may have been captured by another clock, and stand before what came before them.
 */
function streamsOnce(streams: readonly TraceStream[], { isTwin, idOf }: LeftOver): TraceStream[] {
  const partners = new Map<string, Partner[]>();
  const keyOf = (stream: TraceStream): string => `${idOf(stream.connection)} ${nameKey(stream)}`;
  for (const ofTwins of [false, true]) {
    for (const stream of streams) {
      const known = partners.get(keyOf(stream)) ?? [];
      for (const partner of stream.partners) {
        if ((isTwin(stream.connection) || isTwin(partner.connection)) !== ofTwins) continue;
        const connection = idOf(partner.connection);
        const name = nameKey(partnerName(partner));
        const isNew = known.every((each) => each.connection !== connection || nameKey(partnerName(each)) !== name);
        if (isNew && connection !== idOf(stream.connection)) known.push({ ...partner, connection });
      }
      partners.set(keyOf(stream), known);
    }
  }
  return streams
    .filter(({ connection }) => !isTwin(connection))
    .map((stream, index) => ({
      ...stream,
      index,
      connection: idOf(stream.connection),
      partners: partners.get(keyOf(stream)) ?? [],
      timed: stream.timed.map((partner) => ({ ...partner, connection: idOf(partner.connection) })),
    }));
}

function renumbered({ openedFor, ...asks }: Asks, idOf: (id: number) => number): Asks {
  return { ...asks, openedFor: openedFor === null ? null : { ...openedFor, connection: idOf(openedFor.connection) } };
}

function namesOf(
  connections: readonly TraceConnection[],
  twinOf: ReadonlyMap<number, TraceConnection>,
  idOf: (id: number) => number,
): ReadonlyMap<number, readonly SeenAs[]> {
  const names = new Map<number, SeenAs[]>();
  for (const id of twinOf.keys()) {
    const twin = connections[id];
    if (twin === undefined) continue;
    const { endpoints, flows, localSide } = twin;
    const seen = { endpoints, packets: flows[0].packets + flows[1].packets, localSide };
    names.set(idOf(id), [...(names.get(idOf(id)) ?? []), seen]);
  }
  return names;
}
