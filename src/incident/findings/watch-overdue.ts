import { describeRequest } from '../../http/index.ts';
import type { TraceStream } from '../../trace/index.ts';
import type { Leg } from '../model.ts';
import { overAt } from '../stream-fate.ts';
import { bookmarksQuietNs } from './missing-bookmarks.ts';
import { type Facts, finding, isHurtStream, ofRole, type Rule } from './rule.ts';

const SECOND_NS = 1e9;

/**
 * A watch still open long after the time that it asked for itself, or long after its bookmarks stopped: whoever enforces the one and sends the
 * other (the apiserver) does not.
 */
export const watchOverdue: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) =>
    leg.streams.flatMap((stream) => {
      const openNs = (overAt(stream, leg.serverSide)?.timeNs ?? endOf(leg)) - stream.opened.timeNs;
      const timeoutSeconds = timeoutPassed(facts, stream, openNs);
      const quietNs = bookmarksQuietNs(leg, stream);
      if (timeoutSeconds === null && quietNs === null) return [];
      return [
        finding(
          'watch-overdue',
          isHurtStream(facts, leg, stream) ? 'critical' : 'warning',
          { timeoutSeconds, openNs, bookmarksQuietNs: quietNs },
          { connection: leg.id, stream, packets: [stream.opened, stream.lastData[leg.serverSide]] },
        ),
      ];
    }),
  );

function endOf(leg: Leg): number {
  return leg.closed.at?.timeNs ?? leg.watchedToNs;
}

/** The time that a watch asked for, where it was open for longer; null where it was not, or asked for none. */
function timeoutPassed({ thresholds }: Facts, { request }: TraceStream, openNs: number): number | null {
  if (request === null) return null;
  const { kind, timeoutSeconds } = describeRequest(request.method, request.path);
  if (kind !== 'watch' || timeoutSeconds === null) return null;
  return openNs > timeoutSeconds * SECOND_NS + thresholds.watchGraceNs ? timeoutSeconds : null;
}
