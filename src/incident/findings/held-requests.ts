import { describeRequest } from '../../http/index.ts';
import type { TraceStream } from '../../trace/index.ts';
import { clientSide } from '../leg.ts';
import { LINK_CONFIDENCE_MIN } from '../links.ts';
import { isOneSided, lacksBytes } from '../liveness.ts';
import type { Leg } from '../model.ts';
import { isBusy } from '../room.ts';
import { isProxyAnswer, overAt } from '../stream-fate.ts';
import type { Facts } from './rule.ts';

/** Requests of one client that the gateway is never seen to pass on, and that nobody answers; or only the gateway itself, after a while. */
export interface HeldRequests {
  readonly client: Leg;
  readonly streams: readonly TraceStream[];
  /** An upstream connection that served this client before and on which the gateway sends nothing since; null: none is in the capture. */
  readonly carrier: Leg | null;
}

/** Requests that are answered as soon as they are read. Others may rightly be without a word for long. */
const ANSWERED: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']);

/**
 * What clients wait for though no upstream connection owes anything: packets that are dropped before the capture's tap leave no trace but that.
 * Only of clients whose other requests are seen passed on, so that these would be seen too; and only where they wait for `responseGraceNs`, or till the gateway
 * answers with an error.
 */
export function heldRequests(facts: Facts): readonly HeldRequests[] {
  const seenToNs = passingSeenToNs(facts);
  return facts.legs.flatMap((client) => {
    if (client.role !== 'client' || isOneSided(client.trace) || client.trace.flows.some(lacksBytes)) return [];
    const arePassedOn = client.streams.some(({ partners }) => partners.some(({ nearerClient }) => nearerClient));
    if (!arePassedOn) return [];
    const streams = client.streams.filter(
      (stream) => stream.opened.timeNs + facts.thresholds.deadAfterNs <= seenToNs && isHeld(facts, client, stream),
    );
    const sinceNs = streams[0]?.opened.timeNs ?? Infinity;
    const untilNs = streams.reduce((lastNs, stream) => Math.max(lastNs, endNs(client, stream)), -Infinity);
    // An error of the gateway's own says that it waited in vain; without one they may only be slow.
    const isLong = streams.some(isProxyAnswer) || untilNs - sinceNs >= facts.thresholds.responseGraceNs;
    if (!isLong || isTold(facts, client)) return [];
    return [{ client, streams, carrier: carrierOf(facts, client, sinceNs) }];
  });
}

/** What was asked when no file showed upstream connections any more may have been passed on all the same. */
function passingSeenToNs({ legs }: Facts): number {
  return legs.reduce(
    (lastNs, leg) => (leg.role === 'upstream' ? Math.max(lastNs, leg.watchedToNs) : lastNs),
    -Infinity,
  );
}

function isHeld(facts: Facts, client: Leg, stream: TraceStream): boolean {
  const { sawRequest, request, status, partners, reset, opened, ended } = stream;
  if (!sawRequest || request === null || partners.length > 0) return false;
  // What the gateway ended by itself waits for nobody. Where it waited before it made an error, the upstream is what it waited for.
  const isOver = status !== undefined || reset?.by === client.serverSide || ended[client.serverSide] !== null;
  if (isOver && !isProxyAnswer(stream)) return false;
  if (!ANSWERED.has(describeRequest(request.method, request.path).kind)) return false;
  return endNs(client, stream) - opened.timeNs >= facts.thresholds.deadAfterNs;
}

function endNs(client: Leg, stream: TraceStream): number {
  return (overAt(stream, client.serverSide) ?? client.closed.at)?.timeNs ?? client.watchedToNs;
}

/** A window tells already that this client hangs. */
function isTold({ windows }: Facts, { id }: Leg): boolean {
  return windows.some(({ client }) => client === id);
}

function carrierOf(facts: Facts, client: Leg, sinceNs: number): Leg | null {
  const linked = facts.links.filter((link) => link.client === client.id && link.confidence >= LINK_CONFIDENCE_MIN);
  const legs = linked.flatMap(({ upstream }) => facts.legById.get(upstream) ?? []);
  return legs.find((leg) => isMuteSince(facts, leg, sinceNs)) ?? null;
}

function isMuteSince(facts: Facts, leg: Leg, sinceNs: number): boolean {
  const said = leg.trace.flows[clientSide(leg)].last;
  const isOpen = leg.closed.at === null || leg.closed.at.timeNs > sinceNs;
  const isProven = (facts.deaths.get(leg) ?? []).length > 0;
  const isWatched = leg.watchedToNs - sinceNs >= facts.thresholds.deadAfterNs;
  return isOpen && isWatched && !isProven && said !== null && said.timeNs <= sinceNs && !isBusy(leg, sinceNs);
}
