import type { Ref } from '../trace/index.ts';
import type { Case } from './cases.ts';
import { type Death, givenUpSinceNs } from './deaths.ts';
import { givenUpAt, type Victim } from './hurt.ts';
import { clientSide, neverOpened } from './leg.ts';
import { isDead } from './liveness.ts';
import type { Leg, WindowEnd } from './model.ts';
import type { Scene } from './scene.ts';
import { earliest, isServed, latest, resourcePath, toldAt, wasCancelled } from './stream-fate.ts';

export interface End {
  readonly how: WindowEnd;
  readonly at: Ref | null;
}

/** Where two ends hold at once, the first in this order (contract §3). */
const ORDER = [
  'gateway-closed',
  'upstream-closed',
  'healed',
  'rerouted',
  'client-reconnected',
  'client-gone',
] as const satisfies readonly Exclude<WindowEnd, 'capture-end'>[];

/** Two ends within this are one event, seen at two places. */
const AT_ONCE_NS = 0.1e9;

export function isAtOnce(at: Ref, first: Ref): boolean {
  return at.timeNs - first.timeNs <= AT_ONCE_NS;
}

/** How a window ended: the earliest of what can end one, else the capture did. */
export function endOf(scene: Scene, { client, upstream, death, victims }: Case): End {
  if (victims.length === 0 && neverOpened(upstream)) return attemptEnd(scene, upstream);
  // Where those known to have been on it tell that it was given up, what is only supposed to have waited for it dates no end.
  const linked = victims.filter(({ far }) => far !== null);
  const givenUp =
    linked.length > 0 && linked.every((victim) => givenUpAt(client, victim, givenUpSinceNs(death)) !== null);
  const known = givenUp || linked.some(({ rerouted }) => rerouted !== null) ? linked : victims;
  const found: Record<(typeof ORDER)[number], Ref | null> = {
    'gateway-closed': gatewayClosed(client, upstream, death, known),
    // A refusal that was captured twice closes nothing.
    'upstream-closed':
      isClosing(death) || death.cause === 'refused' ? null : closedBy(upstream, upstream.serverSide, death),
    healed: death.healedAt,
    rerouted: allRerouted(known) ?? allAskedAgain(client, known),
    'client-reconnected': reconnected(scene, client, death, known),
    'client-gone': clientGone(scene, client, death),
  };
  const first = earliest(Object.values(found));
  if (first === null) return { how: 'capture-end', at: null };
  const how = ORDER.find((candidate) => {
    const at = found[candidate];
    return at !== null && isAtOnce(at, first);
  });
  return how === undefined ? { how: 'capture-end', at: null } : { how, at: found[how] };
}

/** What became of who waited for it cannot be read: no longer than the gateway tried, or until it may have gone elsewhere. */
function attemptEnd({ passings }: Scene, attempt: Leg): End {
  const { closed } = attempt;
  const elsewhere = earliest(passings.map((each) => each.openerOf(attempt)?.elsewhere ?? null));
  if (elsewhere !== null && (closed.at === null || elsewhere.timeNs <= closed.at.timeNs))
    return { how: 'rerouted', at: elsewhere };
  return closed.at === null ? { how: 'capture-end', at: null } : { how: 'gateway-closed', at: closed.at };
}

/** The gateway closed the upstream connection, or it had answered or reset each of the streams that hung on it. */
function gatewayClosed(client: Leg, upstream: Leg, death: Death, victims: readonly Victim[]): Ref | null {
  // What another upstream served is not the gateway's own word, nor what came when this one had answered again.
  const healedNs = death.healedAt?.timeNs ?? Infinity;
  const told = victims.map(({ near, rerouted }) => {
    const at = rerouted === null ? toldAt(client, near, givenUpSinceNs(death)) : null;
    return at === null || at.timeNs >= healedNs ? null : at;
  });
  const allTold = told.length > 0 && victims.every(({ near }, i) => told[i] !== null || wasCancelled(client, near));
  // Answering a close with its own is no word to the client.
  const closed = isClosing(death) ? null : closedBy(upstream, clientSide(upstream), death);
  // Closing the client's connection tells it on all of its streams.
  return earliest([closed, closedOnClient(client, death), allTold ? latest(told) : null]);
}

/** The gateway closed the client's connection of its own accord, and not in answer to the client's close. */
function closedOnClient(client: Leg, death: Death): Ref | null {
  const first = client.trace.closes.find((close) => close.accepted && close.at.timeNs >= death.fromNs);
  return first?.by === client.serverSide ? first.at : null;
}

/** The upstream closed: what matters is when the client is told. */
function isClosing({ cause }: Death): boolean {
  return cause === 'reset' || cause === 'closed-not-propagated';
}

/** A close of that side after the death began; the packet that is itself the death's proof ends nothing. */
function closedBy(leg: Leg, side: 0 | 1, death: Death): Ref | null {
  const close = leg.trace.closes.find(
    (candidate) =>
      candidate.by === side &&
      candidate.accepted &&
      candidate.at.timeNs >= death.fromNs &&
      candidate.at.packet !== death.packet?.packet,
  );
  return close?.at ?? null;
}

function allRerouted(victims: readonly Victim[]): Ref | null {
  if (victims.length === 0 || victims.some(({ rerouted }) => rerouted === null)) return null;
  return latest(victims.map(({ rerouted }) => rerouted));
}

/** The client gave each of them up by itself and asked again on the same connection, where another upstream served it: nobody waits any more. */
function allAskedAgain(client: Leg, victims: readonly Victim[]): Ref | null {
  const again = victims.map(({ near }) => {
    const cancelled = wasCancelled(client, near) ? near.reset : null;
    if (cancelled === null) return null;
    return (
      client.streams.find(
        (stream) =>
          isServed(stream) &&
          stream.opened.timeNs >= cancelled.at.timeNs &&
          resourcePath(stream) === resourcePath(near),
      ) ?? null
    );
  });
  if (again.length === 0 || again.some((stream) => stream === null)) return null;
  return latest(again.map((stream) => stream?.opened ?? null));
}

/**
 * The same client asks again for what hangs, on a connection that it opened meanwhile. Over HTTP/1.1 a second connection is how a client asks
 * beside what it still waits for (RFC 9112 §9.4): there it first has to close this one.
 */
function reconnected(scene: Scene, client: Leg, death: Death, victims: readonly Victim[]): Ref | null {
  const paths = new Set(victims.map(({ near }) => resourcePath(near)).filter((path) => path !== null));
  const leftNs = client.trace.protocol === 'http1' ? (leftAt(client)?.timeNs ?? Infinity) : death.fromNs;
  const asked = scene
    .fromSameHost(client)
    .filter((leg) => leg.trace.first.timeNs > death.fromNs)
    .flatMap((leg) => leg.streams)
    .filter((stream) => stream.opened.timeNs >= leftNs && paths.has(resourcePath(stream) ?? ''));
  return earliest(asked.map((stream) => stream.opened));
}

/** When the client closed its connection. */
function leftAt(client: Leg): Ref | null {
  return client.trace.closes.find(({ by, accepted }) => accepted && by === clientSide(client))?.at ?? null;
}

function clientGone({ thresholds }: Scene, client: Leg, death: Death): Ref | null {
  const closes = client.trace.closes.filter((close) => close.accepted && close.at.timeNs >= death.fromNs);
  const silent = client.trace.debts.filter(
    (debt) =>
      debt.owedBy === clientSide(client) &&
      debt.end !== 'answered' &&
      isDead(client.trace, debt, client.watchedToNs, thresholds),
  );
  return earliest([
    ...closes.map((close) => close.at),
    ...silent.map((debt) => debt.firstElicit).filter((at) => at.timeNs >= death.fromNs),
  ]);
}
