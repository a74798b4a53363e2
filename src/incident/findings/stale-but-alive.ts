import { grouped } from '../grouped.ts';
import { overdueBookmarks } from './missing-bookmarks.ts';
import { overdueResponses } from './overdue-response.ts';
import { finding, type Rule } from './rule.ts';

/**
 * The upstream answers at TCP and is mute above: its process may be hung, or cut off from its own store.
 * Told by bookmarks that stopped, and by requests that were taken and never answered; one finding per connection for these.
 */
export const staleButAlive: Rule = (facts) => [
  ...overdueBookmarks(facts)
    .filter(({ stillHeard }) => stillHeard)
    .map(({ leg, stream, quietNs }) =>
      finding(
        'stale-but-alive',
        'warning',
        { quietNs, unanswered: 0 },
        { connection: leg.id, stream, packets: [stream.lastData[leg.serverSide]] },
      ),
    ),
  ...unansweredRequests(facts),
];

const unansweredRequests: Rule = (facts) => {
  const overdue = grouped(overdueResponses(facts), ({ leg }) => leg);
  return [...overdue].map(([leg, mine]) =>
    finding(
      'stale-but-alive',
      'warning',
      { quietNs: mine.reduce((longestNs, { waitedNs }) => Math.max(longestNs, waitedNs), 0), unanswered: mine.length },
      { connection: leg.id, packets: mine.map(({ stream }) => stream.opened) },
    ),
  );
};
