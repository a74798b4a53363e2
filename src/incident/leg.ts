import { otherSide, type Side } from '../tcp/index.ts';
import type { Endpoint, Ref, StreamName, TraceConnection, TraceStream } from '../trace/index.ts';
import { grouped } from './grouped.ts';
import { kept } from './kept.ts';
import { livenessOf } from './liveness.ts';
import type { Leg, Party, Role } from './model.ts';
import { nextTryDueNs } from './next-try.ts';
import type { Casting } from './roles.ts';
import { nameKey } from './stream-names.ts';
import type { Thresholds } from './thresholds.ts';
import type { SeenAs, Untwined } from './twins.ts';
import { watchedUntil } from './watched.ts';

const NEVER: readonly SeenAs[] = [];
const NO_CARRIERS: readonly TraceStream[] = [];

const PREFIX = { client: 'c', upstream: 'u', other: 'o' } as const satisfies Record<Role, string>;

/** One leg per connection, in the order of the trace, named by role and order. */
export function legsOf({ trace, seenAs }: Untwined, casting: Casting, thresholds: Thresholds): readonly Leg[] {
  const streams = grouped(trace.streams, ({ connection }) => connection);
  const counts: Record<Role, number> = { client: 0, upstream: 0, other: 0 };
  const watched = watchedUntil(trace, casting);
  return trace.connections.map((connection) => {
    const role = casting.roles[connection.id] ?? 'other';
    counts[role]++;
    const id = `${PREFIX[role]}${counts[role]}`;
    const serverSide = casting.serverSides[connection.id] ?? 1;
    const all = streams.get(connection.id) ?? [];
    const isTunnelled = all.some(({ carries }) => carries);
    const others = {
      streams: isTunnelled ? all.filter(({ carries }) => !carries) : all,
      carriers: isTunnelled ? all.filter(({ carries }) => carries) : NO_CARRIERS,
      seenAs: seenAs.get(connection.id) ?? NEVER,
    };
    const watchedToNs = watched[connection.id] ?? connection.last.timeNs;
    return legOf({ id, role, serverSide, trace: connection, watchedToNs, ...others }, thresholds);
  });
}

const streamsByName = kept((leg: Leg) => new Map(leg.streams.map((stream) => [nameKey(stream), stream])));

/** A kept stream of the leg, by its name on the wire. */
export function streamOf(leg: Leg, name: StreamName): TraceStream | undefined {
  return streamsByName(leg).get(nameKey(name));
}

/** All kept streams in the order in which they were opened, those with tunnels among them. */
export function allStreams({ streams, carriers }: Leg): readonly TraceStream[] {
  return carriers.length === 0 ? streams : [...carriers, ...streams].toSorted((a, b) => a.index - b.index);
}

/** The party that `side` plays on `leg`. */
export function partyOf(leg: Pick<Leg, 'serverSide'>, side: Side): Party {
  return side === leg.serverSide ? 'server' : 'client';
}

/** The address and port that the leg's server answers at. */
export function serverOf({ trace, serverSide }: Leg): Endpoint {
  return trace.endpoints[serverSide];
}

/** Legs by the server that answers them. */
export function byServer(legs: readonly Leg[]): ReadonlyMap<string, readonly Leg[]> {
  return grouped(legs, (leg) => {
    const { ip, port } = serverOf(leg);
    return `${ip} ${port}`;
  });
}

export function clientSide(leg: Pick<Leg, 'serverSide'>): Side {
  return otherSide(leg.serverSide);
}

/** When an attempt to connect was made: its first and its last SYN, or the refusal of one that the capture does not have. */
export function triedAt({ trace, serverSide, opened }: Leg): { readonly first: Ref; readonly last: Ref } | null {
  const first = trace.handshake.syn ?? (opened === 'refused' ? trace.first : null);
  return first === null ? null : { first, last: trace.flows[otherSide(serverSide)].last ?? first };
}

/** An attempt to connect that came to nothing. */
export function neverOpened({ opened }: Leg): boolean {
  return opened === 'refused' || opened === 'unanswered';
}

function legOf(
  known: Pick<Leg, 'id' | 'role' | 'serverSide' | 'trace' | 'watchedToNs' | 'streams' | 'carriers' | 'seenAs'>,
  thresholds: Thresholds,
): Leg {
  const { trace, serverSide, watchedToNs } = known;
  const closed = closedOf(trace, serverSide, watchedToNs, thresholds);
  // Without spreading, as in the report: each object made so has a hidden class of its own.
  return {
    id: known.id,
    role: known.role,
    serverSide,
    trace,
    watchedToNs,
    streams: known.streams,
    carriers: known.carriers,
    seenAs: known.seenAs,
    opened: openedOf(trace, serverSide),
    closed,
    resets: trace.closes.filter((close) => close.kind === 'rst'),
    liveness: livenessOf(trace, serverSide, closed, watchedToNs, thresholds),
  };
}

function openedOf(trace: TraceConnection, serverSide: Side): Leg['opened'] {
  const { handshake, closes, flows, marks } = trace;
  if (closes.some((close) => close.answersSyn)) return 'refused';
  if (handshake.syn === null && handshake.synAck === null) return 'before-capture';
  const client = otherSide(serverSide);
  const syns = marks.reduce((sum, mark) => sum + (mark.kind === 'syn' && mark.by === client ? mark.count : 0), 0);
  // A client that only ever says SYN has not heard the answer, even where the capture has.
  const saidMore = flows[client].packets > syns;
  return saidMore || (handshake.synAck !== null && syns <= 1) ? 'handshake' : 'unanswered';
}

function closedOf(
  trace: TraceConnection,
  serverSide: Side,
  watchedToNs: number,
  thresholds: Thresholds,
): Leg['closed'] {
  const party = (side: Side): Party => partyOf({ serverSide }, side);
  const rst = trace.closes.find((close) => close.kind === 'rst' && close.accepted);
  if (rst !== undefined) return { how: 'rst', by: party(rst.by), at: rst.at };
  const fins = trace.closes.filter((close) => close.kind === 'fin');
  const first = fins[0];
  if (first !== undefined && fins.length > 1) return { how: 'fin', by: party(first.by), at: (fins[1] ?? first).at };
  if (first !== undefined) return { how: 'open', by: null, at: null };
  const at = timedOutAt(trace, watchedToNs, thresholds);
  return { how: at === null ? 'open' : 'timeout', by: null, at };
}

/** The last try, where the next was due while the connection was watched and never came: the side that tried has given up unseen. */
function timedOutAt(trace: TraceConnection, watchedToNs: number, thresholds: Thresholds): Ref | null {
  for (const debt of trace.debts) {
    if (debt.end !== 'open' || debt.tries < thresholds.deadTries) continue;
    if (trace.last.timeNs > debt.lastElicit.timeNs) continue;
    if (watchedToNs > nextTryDueNs(debt)) return debt.lastElicit;
  }
  return null;
}
