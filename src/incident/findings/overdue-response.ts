import { describeRequest, isServerError } from '../../http/index.ts';
import { otherSide } from '../../tcp/index.ts';
import type { TraceStream } from '../../trace/index.ts';
import { isOneSided, isRead } from '../liveness.ts';
import type { Leg } from '../model.ts';
import { lastFrame } from '../frames.ts';
import { heldBackUntilNs, isHeldBack } from '../held-back.ts';
import { isAnsweredAtOnce, latest, overAt } from '../stream-fate.ts';
import type { Facts } from './rule.ts';

/** A request that the upstream took, at TCP, and to which it said nothing, or not all. */
export interface OverdueResponse {
  readonly leg: Leg;
  readonly stream: TraceStream;
  readonly waitedNs: number;
}

/** Requests that have no end of their own: their first response may come whenever there is something to say. */
const OPEN_ENDED: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'log', 'proxy', 'unknown']);

/**
 * Requests without response headers for `responseGraceNs`, on upstream connections that are not dead: every one of them was acknowledged at TCP,
 * or the connection would be in debt. A watch is answered with headers at once, whatever comes after. Clients have time-outs of their own:
 * where the upstream said nothing at all for so long, those that were given up before count too. It is longer where others were answered later still.
 */
export function overdueResponses(facts: Facts): readonly OverdueResponse[] {
  return livingUpstreams(facts).flatMap((leg) => overdueOn(facts, leg));
}

/**
 * Responses that began and then stopped for as long, of requests that are answered in one go: the rest of them gets lost on the way, as where a path
 * lets small packets through and no large ones, or their sender hangs. Not those that their reader holds back by its windows.
 */
export function unfinishedResponses(facts: Facts): readonly OverdueResponse[] {
  return livingUpstreams(facts).flatMap((leg) => {
    const untilNs = leg.closed.at?.timeNs ?? leg.watchedToNs;
    return leg.streams
      .filter((stream) => hasBegun(stream) && isAskedWhole(leg, stream))
      .flatMap((stream) => {
        const heardNs = Math.max(
          (latest([stream.statusAt, stream.lastData[leg.serverSide]]) ?? stream.opened).timeNs,
          heldBackUntilNs(leg, stream, leg.serverSide),
        );
        const overNs = overAt(stream, leg.serverSide)?.timeNs ?? untilNs;
        const isKnown = isRead(leg.trace.flows[leg.serverSide], heardNs, overNs);
        const pause = stream.longestPause[leg.serverSide];
        const usualNs = pause === null ? 0 : pause.toNs - pause.from.timeNs;
        const isOverdue = overNs - heardNs >= Math.max(usualNs, facts.thresholds.responseGraceNs);
        return isOverdue && isKnown && !isHeldBack(leg, stream, leg.serverSide)
          ? [{ leg, stream, waitedNs: overNs - heardNs }]
          : [];
      });
  });
}

function hasBegun(stream: TraceStream): boolean {
  return stream.sawRequest && isFinal(stream.status) && isAnsweredAtOnce(stream) && !mayStream(stream);
}

function livingUpstreams({ legs, deaths }: Facts): readonly Leg[] {
  return legs.filter(
    (leg) => leg.role === 'upstream' && !isOneSided(leg.trace) && (deaths.get(leg) ?? []).length === 0,
  );
}

/** Of an upstream that was seen to take its time, and then to answer, no less is expected. */
const SLOWER_THAN_EVER = 1.5;

function slowestNs({ streams }: Leg): number {
  return streams.reduce((slowest, stream) => {
    const { sawRequest, opened, status, statusAt } = stream;
    const isAnswered = sawRequest && statusAt !== null && typeof status === 'number' && !isServerError(status);
    return isAnswered ? Math.max(slowest, statusAt.timeNs - opened.timeNs) : slowest;
  }, 0);
}

function overdueOn(facts: Facts, leg: Leg): readonly OverdueResponse[] {
  const graceNs = Math.max(facts.thresholds.responseGraceNs, SLOWER_THAN_EVER * slowestNs(leg));
  const untilNs = leg.closed.at?.timeNs ?? leg.watchedToNs;
  const unanswered = leg.streams.filter(
    (stream) => isUnanswered(stream) && isAskedWhole(leg, stream) && isAnswerSeen(leg, stream, untilNs),
  );
  if (unanswered.length === 0) return [];
  const waitedNs = (stream: TraceStream): number => untilNs - stream.opened.timeNs;
  const lastNs = lastFrame(leg)?.timeNs ?? -Infinity;
  const inSilence = unanswered.filter(({ opened }) => opened.timeNs >= lastNs);
  const isMute = inSilence.some((stream) => waitedNs(stream) >= graceNs);
  return unanswered.flatMap((stream) => {
    if (isMute && stream.opened.timeNs >= lastNs) return [{ leg, stream, waitedNs: waitedNs(stream) }];
    const ownNs = (overAt(stream, leg.serverSide)?.timeNs ?? untilNs) - stream.opened.timeNs;
    return ownNs >= graceNs ? [{ leg, stream, waitedNs: ownNs }] : [];
  });
}

/** Had there been a response, it would be known: it is not among the bytes that the capture lost. */
function isAnswerSeen({ serverSide, trace }: Leg, stream: TraceStream, untilNs: number): boolean {
  const overNs = overAt(stream, serverSide)?.timeNs ?? untilNs;
  return isRead(trace.flows[serverSide], stream.opened.timeNs, overNs);
}

function isUnanswered({ sawRequest, request, status }: TraceStream): boolean {
  if (!sawRequest || request === null || status !== undefined) return false;
  return !OPEN_ENDED.has(describeRequest(request.method, request.path).kind);
}

const WHOLE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'scale']);

/** What a subresource does that is not known here may go on for as long as it likes. */
function mayStream({ request }: TraceStream): boolean {
  const [, subresource] = describeRequest(request?.method, request?.path).resource?.split('/') ?? [];
  return subresource !== undefined && !WHOLE_SUBRESOURCES.has(subresource);
}

/** An interim response promises another; 101 begins what has no end of its own (RFC 9110 §15.2). */
function isFinal(status: TraceStream['status']): boolean {
  return typeof status === 'number' && status >= 200;
}

/** While the body of a request is on its way, its answer is not due. */
function isAskedWhole({ serverSide }: Leg, { ended, lastData }: TraceStream): boolean {
  const asker = otherSide(serverSide);
  return lastData[asker] === null || ended[asker] !== null;
}
