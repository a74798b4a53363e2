import { overdueBookmarks } from './missing-bookmarks.ts';
import { finding, type Rule } from './rule.ts';

/** The upstream went quiet against an expectation, with nothing owed: at most suspect. */
export const upstreamSilent: Rule = (facts) =>
  overdueBookmarks(facts)
    .filter(({ stillHeard }) => !stillHeard)
    .map(({ leg, stream, quietNs }) =>
      finding(
        'upstream-silent',
        'warning',
        { quietNs },
        { connection: leg.id, stream: stream.id, packets: [stream.lastData[leg.serverSide]] },
      ),
    );
