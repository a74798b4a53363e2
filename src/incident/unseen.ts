import { isConnectFailure } from '../http/index.ts';
import type { TraceStream } from '../trace/index.ts';
import { ByTime } from './by-time.ts';
import type { Pair } from './hurt.ts';
import { clientSide } from './leg.ts';
import { isRead } from './liveness.ts';
import type { Leg } from './model.ts';
import { isBusy } from './room.ts';
import type { Scene } from './scene.ts';
import { isServed, overAt } from './stream-fate.ts';

/**
 * Requests of a client that this upstream served before, which the capture never shows leaving the gateway: lost before its tap, or
 * waiting in the gateway behind what the dead connection does not take. One that another dead connection may have taken just as well, or for
 * which the gateway opened a new connection, or says that it could not, waits for nobody that can be named here.
 */
export function unseenRequests(
  scene: Scene,
  pair: Pair,
  rivals: readonly Leg[],
  untilNs: number,
): readonly TraceStream[] {
  const { client, upstream } = pair;
  const sinceNs = muteSinceNs(pair);
  const endNs = client.closed.at?.timeNs ?? client.watchedToNs;
  const connecting = connectingOf(client, upstream, sinceNs);
  const waiting = client.streams.filter((stream) => {
    const { sawRequest, partners, opened, timed } = stream;
    if (!sawRequest || partners.length > 0 || isServed(stream)) return false;
    // Where an upstream connection cannot be read, what left there at that moment is taken for it.
    if (timed.some(({ nearerClient, connection }) => nearerClient && connection !== upstream.trace.id)) return false;
    if (opened.timeNs < sinceNs || opened.timeNs >= untilNs || isWithin(connecting, opened.timeNs)) return false;
    const overNs = overAt(stream, client.serverSide)?.timeNs ?? endNs;
    if (!isAllRead(scene, pair, stream, overNs)) return false;
    if (overNs - opened.timeNs < scene.thresholds.deadAfterNs) return false;
    return !isBusy(upstream, opened.timeNs) && rivals.every((rival) => isBusy(rival, opened.timeNs));
  });
  const unexplained = waiting.filter((stream) => !ledToAttempt(scene, upstream, stream));
  return upstream.trace.protocol === 'http1' ? unexplained.slice(0, 1) : unexplained;
}

/** Had it been passed on, or answered, the capture would have it. */
function isAllRead(scene: Scene, { client, upstream }: Pair, stream: TraceStream, overNs: number): boolean {
  const { timeNs } = stream.opened;
  const isAnswered = stream.status !== undefined || overAt(stream, client.serverSide) !== null;
  const isHeard = isAnswered || isRead(client.trace.flows[client.serverSide], timeNs, overNs);
  return isHeard && scene.around(upstream).seesPassedOn(timeNs, overNs);
}

/** From here on a request may have been sent in vain. Of a gateway that fell mute nothing is seen, whatever it sent after its last packet. */
function muteSinceNs({ upstream, death }: Pair): number {
  const isMute = death.debts.some((debt) => debt.owedBy === clientSide(upstream));
  return isMute && death.lastHeard !== null ? death.lastHeard.timeNs : death.fromNs;
}

/**
 * From a request on for which the gateway says that it got no connection: it has none left that it would use, and tries to open one for each that follows,
 * though no SYN is in the capture. Until, after it said so, one is seen to leave on this connection: it is in use again. That another upstream serves
 * some tells nothing of it. Each lasts as long as any that began before.
 */
function connectingOf({ streams }: Leg, upstream: Leg, sinceNs: number): ByTime<Span> {
  const failed = streams.filter(({ reason, opened }) => isConnectFailure(reason) && opened.timeNs >= sinceNs);
  const sent = new ByTime(failed.length === 0 ? [] : upstream.streams, ({ opened }) => opened.timeNs);
  const spans = failed.map(({ opened, statusAt }) => {
    const toldNs = statusAt?.timeNs ?? opened.timeNs;
    return { fromNs: opened.timeNs, toNs: sent.items[sent.indexOf(toldNs)]?.opened.timeNs ?? Infinity };
  });
  let lastNs = -Infinity;
  const inOrder = new ByTime(spans, ({ fromNs }) => fromNs).items;
  const longest = inOrder.map(({ fromNs, toNs }) => ({ fromNs, toNs: (lastNs = Math.max(lastNs, toNs)) }));
  return new ByTime(longest, ({ fromNs }) => fromNs);
}

interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

function isWithin(spans: ByTime<Span>, ns: number): boolean {
  return ns < (spans.items[spans.endOf(ns) - 1]?.toNs ?? -Infinity);
}

/** The gateway opened a connection for it at once, or was trying to for an earlier one, and that one never opened: there it waits. */
function ledToAttempt(scene: Scene, upstream: Leg, { opened }: TraceStream): boolean {
  return scene.around(upstream).isTrying(opened.timeNs, opened.timeNs + scene.thresholds.actsWithinNs);
}
