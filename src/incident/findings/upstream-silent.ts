import { silentBesides } from './dead-server.ts';
import { overdueBookmarks } from './missing-bookmarks.ts';
import { finding, type Rule } from './rule.ts';

/** The upstream went quiet against an expectation, with nothing owed: at most suspect. Told once a stream. */
export const upstreamSilent: Rule = (facts) => {
  const beside = silentBesides(facts);
  const told = new Set(beside.map(({ stream }) => stream));
  return [
    ...beside.map(({ leg, stream, quietNs, dead }) => ({ leg, stream, args: { quietNs, deadBeside: dead.id } })),
    ...overdueBookmarks(facts)
      .filter(({ stillHeard, stream }) => !stillHeard && !told.has(stream))
      .map(({ leg, stream, quietNs }) => ({ leg, stream, args: { quietNs, deadBeside: null } })),
  ].map(({ leg, stream, args }) =>
    finding('upstream-silent', 'warning', args, {
      connection: leg.id,
      stream: stream.id,
      packets: [stream.lastData[leg.serverSide] ?? stream.statusAt],
    }),
  );
};
