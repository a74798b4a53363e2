import { describeRequest } from '../../http/index.ts';
import { overAt } from '../stream-fate.ts';
import { finding, isHurtStream, ofRole, type Rule } from './rule.ts';

const SECOND_NS = 1e9;

/** A watch still open long after the time that it asked for itself: whoever enforces it (the apiserver) does not. */
export const watchOverdue: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) =>
    leg.streams.flatMap((stream) => {
      if (stream.request === null) return [];
      const { kind, timeoutSeconds } = describeRequest(stream.request.method, stream.request.path);
      if (kind !== 'watch' || timeoutSeconds === null) return [];
      const legEndNs = leg.closed.at?.timeNs ?? facts.captureEndNs;
      const openNs = (overAt(stream, leg.serverSide)?.timeNs ?? legEndNs) - stream.opened.timeNs;
      if (openNs <= timeoutSeconds * SECOND_NS + facts.thresholds.watchGraceNs) return [];
      const hurt = isHurtStream(facts, leg, stream.id);
      return [
        finding(
          'watch-overdue',
          hurt ? 'critical' : 'warning',
          { timeoutSeconds, openNs },
          { connection: leg.id, stream: stream.id, packets: [stream.opened, stream.lastData[leg.serverSide]] },
        ),
      ];
    }),
  );
