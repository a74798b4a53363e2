import { grouped } from './grouped.ts';
import { type Halves, halvesOf, joined, joinedStream } from './halves.ts';
import { nearestOf } from './nearest.ts';
import { nameKey, partnerName } from './stream-names.ts';
import { askJoinsOnce, joinsOnce, type LeftOver } from './twin-joins.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import type { Asks, Endpoint, Partner, Trace, TraceConnection, TraceStream } from '../trace/index.ts';

/** Another 4-tuple under which the capture shows a connection: before or after its addresses were translated. */
export interface SeenAs {
  /** By side, as in `TraceConnection.endpoints`. */
  readonly endpoints: TraceConnection['endpoints'];
  readonly packets: number;
}

/** A trace in which every connection stands once, and under what else each was seen, by connection id. */
export interface Untwined {
  readonly trace: Trace;
  readonly seenAs: ReadonlyMap<number, readonly SeenAs[]>;
}

const SIDES: readonly Side[] = [0, 1];

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
  const nearest = nearestOf(trace, groups);
  const passedOn = new Set<number>();
  const turnedRound = new Set(
    halves.filter(({ asker, listener }) => asker !== listener).map(({ answering }) => answering.id),
  );
  for (const group of groups) {
    const kept = nearest(group);
    if (kept === undefined) continue;
    for (const each of group) {
      if (each === kept) continue;
      twinOf.set(each.id, kept);
      if (isTurned(kept, each)) turnedRound.add(each.id);
      if (isPassedOn(kept, each)) passedOn.add(kept.id);
    }
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
    seenAs: namesOf(faced(trace.connections, turnedRound), twinOf, idOf),
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

/** The sides of a half that answers as the half that asks has them, and those of a twin as the connection that is left has them. */
function faced(
  connections: readonly TraceConnection[],
  turnedRound: ReadonlySet<number>,
): readonly Pick<TraceConnection, 'endpoints' | 'flows'>[] {
  return connections.map((connection) => {
    const [a, b] = connection.endpoints;
    return turnedRound.has(connection.id) ? { endpoints: [b, a] as const, flows: connection.flows } : connection;
  });
}

function twinsOf(connections: readonly TraceConnection[]): TraceConnection[][] {
  const groups = new Map<TraceConnection, TraceConnection[]>();
  for (const alike of sharingNumbers(connections)) {
    if (alike.length === 1 || alike.length > COPIES_MAX) continue;
    const group = [...new Set(alike.flatMap((each) => groups.get(each) ?? [each]))];
    for (const each of group) groups.set(each, group);
  }
  return [...new Set(groups.values())]
    .filter((group) => group.length <= COPIES_MAX)
    .map((group) => group.toSorted((a, b) => a.id - b.id))
    .map((group) => group.filter((each) => each === group[0] || (group[0] !== undefined && isCopy(group[0], each))))
    .filter((group) => group.length > 1);
}

/**
 * Connections with the same first numbers of both sides, and those joined in their middle of which one side's first packet is the same: where the
 * capture begins between the copies of a packet, the other side's differ, and where between a packet and its answer, who was seen first.
 */
function sharingNumbers(connections: readonly TraceConnection[]): readonly (readonly TraceConnection[])[] {
  const twoSided = connections.filter(({ initialSeqs }) => !initialSeqs.includes(null));
  const ofBoth = grouped(twoSided, ({ initialSeqs }) => initialSeqs.map(String).toSorted().join(' '));
  const firsts = connections
    .filter(({ handshake }) => handshake.by === null)
    .flatMap((connection) => SIDES.map((side) => ({ connection, side })))
    .filter(({ connection, side }) => connection.initialStamps[side] !== null);
  const ofOne = grouped(firsts, ({ connection: { initialSeqs, initialStamps }, side }) =>
    [initialSeqs[side], initialStamps[side]].join(' '),
  );
  return [...ofBoth.values(), ...[...ofOne.values()].map((alike) => alike.map(({ connection }) => connection))];
}

/**
 * Two numbers and two timestamps that agree are proof, also where translation changed both ends, clocks of two hosts differ, and what one point
 * saw never came by the other; so is one of each, where no handshake was seen. Without timestamps, as with a SYN proxy: SNAT leaves the server's
 * end, DNAT the client's, and all else is the same.
 */
function isCopy(a: TraceConnection, b: TraceConnection): boolean {
  const across = isTurned(a, b);
  const facing = (side: Side): Side => (across ? otherSide(side) : side);
  const same = SIDES.filter((side) => isSameEnd(a.endpoints[side], b.endpoints[facing(side)])).length;
  if (same === 2) return false;
  const numbered = SIDES.filter((side) => a.initialSeqs[side] === b.initialSeqs[facing(side)]);
  const stamped = numbered.filter(
    (side) => a.initialStamps[side] !== null && a.initialStamps[side] === b.initialStamps[facing(side)],
  );
  const isMidway = a.handshake.by === null && b.handshake.by === null;
  if (stamped.length === 2 || (isMidway && stamped.length === 1)) return true;
  const atOnce = isNear(a.first.timeNs, b.first.timeNs) && isNear(a.last.timeNs, b.last.timeNs);
  const said = SIDES.every((side) => a.flows[side].bytes === b.flows[facing(side)].bytes);
  return numbered.length === 2 && same === 1 && atOnce && said;
}

/** Joined in its middle: the first packet of one was a copy of what the other had second. */
function isTurned(a: TraceConnection, b: TraceConnection): boolean {
  const isSame = (one: Side, other: Side): boolean =>
    a.initialSeqs[one] !== null && a.initialSeqs[one] === b.initialSeqs[other];
  return !isSame(0, 0) && !isSame(1, 1) && (isSame(0, 1) || isSame(1, 0));
}

/**
 * A host that gets a side's packets under one name and sends them on under another forwards them (a node to its containers, a router), and neither
 * end is its own: that it sent them says nothing.
 */
function isPassedOn(a: TraceConnection, b: TraceConnection): boolean {
  const one = a.localSide;
  const other = b.localSide;
  if (a.first.file !== b.first.file || one === null || one === 'both' || other === null || other === 'both')
    return false;
  return isTurned(a, b) ? one === other : one !== other;
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
  connections: readonly Pick<TraceConnection, 'endpoints' | 'flows'>[],
  twinOf: ReadonlyMap<number, TraceConnection>,
  idOf: (id: number) => number,
): ReadonlyMap<number, readonly SeenAs[]> {
  const names = new Map<number, SeenAs[]>();
  for (const id of twinOf.keys()) {
    const twin = connections[id];
    if (twin === undefined) continue;
    const seen = { endpoints: twin.endpoints, packets: twin.flows[0].packets + twin.flows[1].packets };
    names.set(idOf(id), [...(names.get(idOf(id)) ?? []), seen]);
  }
  return names;
}
