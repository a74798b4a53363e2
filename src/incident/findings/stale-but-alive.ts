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
        { connection: leg.id, stream: stream.id, packets: [stream.lastData[leg.serverSide]] },
      ),
    ),
  ...unansweredRequests(facts),
];

const unansweredRequests: Rule = (facts) => {
  const overdue = overdueResponses(facts);
  return [...new Set(overdue.map(({ leg }) => leg))].map((leg) => {
    const mine = overdue.filter((candidate) => candidate.leg === leg);
    return finding(
      'stale-but-alive',
      'warning',
      { quietNs: Math.max(...mine.map(({ waitedNs }) => waitedNs)), unanswered: mine.length },
      { connection: leg.id, packets: mine.map(({ stream }) => stream.opened) },
    );
  });
};
