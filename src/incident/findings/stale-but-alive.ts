import { overdueBookmarks } from './missing-bookmarks.ts';
import { finding, type Rule } from './rule.ts';

/** The upstream answers at TCP and is mute above: its process may be hung, or cut off from its own store. */
export const staleButAlive: Rule = (facts) =>
  overdueBookmarks(facts)
    .filter(({ stillHeard }) => stillHeard)
    .map(({ leg, stream, quietNs }) =>
      finding(
        'stale-but-alive',
        'warning',
        { quietNs },
        { connection: leg.id, stream: stream.id, packets: [stream.lastData[leg.serverSide]] },
      ),
    );
