import { grouped } from '../grouped.ts';
import { overdueBookmarks } from './missing-bookmarks.ts';
import type { FindingArgs } from './args.ts';
import type { Finding } from '../model.ts';
import { type OverdueResponse, overdueResponses, unfinishedResponses } from './overdue-response.ts';
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
        { quietNs, unanswered: 0, unfinished: 0 },
        { connection: leg.id, stream, packets: [stream.lastData[leg.serverSide]] },
      ),
    ),
  ...unansweredRequests(facts),
  ...stoppedResponses(facts),
];

const unansweredRequests: Rule = (facts) =>
  eachLeg(overdueResponses(facts), (quietNs, unanswered) => ({ quietNs, unanswered, unfinished: 0 }));

const stoppedResponses: Rule = (facts) =>
  eachLeg(unfinishedResponses(facts), (quietNs, unfinished) => ({ quietNs, unanswered: 0, unfinished }));

/** One finding for all of a connection, with the longest wait. */
function eachLeg(
  overdue: readonly OverdueResponse[],
  argsOf: (quietNs: number, count: number) => FindingArgs['stale-but-alive'],
): Finding[] {
  return [...grouped(overdue, ({ leg }) => leg)].map(([leg, mine]) => {
    const quietNs = mine.reduce((longestNs, { waitedNs }) => Math.max(longestNs, waitedNs), 0);
    const packets = mine.map(({ stream }) => stream.opened);
    return finding('stale-but-alive', 'warning', argsOf(quietNs, mine.length), { connection: leg.id, packets });
  });
}
