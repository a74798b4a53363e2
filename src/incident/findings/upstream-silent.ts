import { heldInputs } from './held-input.ts';
import { heldRequests } from './held-requests.ts';
import { silentBesides } from './dead-server.ts';
import { overdueBookmarks } from './missing-bookmarks.ts';
import { finding, type Rule } from './rule.ts';

/** The upstream went quiet against an expectation, with nothing owed: at most suspect. Of bookmarks told once a stream. */
export const upstreamSilent: Rule = (facts) => {
  const beside = silentBesides(facts);
  const told = new Set(beside.map(({ stream }) => stream));
  const ofStreams = [
    ...beside.map(({ leg, stream, quietNs, dead }) => ({
      leg,
      stream,
      args: { quietNs, deadBeside: dead.id, heldRequests: 0, heldBytes: 0 },
    })),
    ...overdueBookmarks(facts)
      .filter(({ stillHeard, stream }) => !stillHeard && !told.has(stream))
      .map(({ leg, stream, quietNs }) => ({
        leg,
        stream,
        args: { quietNs, deadBeside: null, heldRequests: 0, heldBytes: 0 },
      })),
  ].map(({ leg, stream, args }) =>
    finding('upstream-silent', 'warning', args, {
      connection: leg.id,
      stream,
      packets: [stream.lastData[leg.serverSide] ?? stream.statusAt],
    }),
  );
  return [...ofStreams, ...unserved(facts), ...unheard(facts)];
};

/** Clients wait for what it served before, and the gateway sends nothing there any more. One finding a connection. */
const unserved: Rule = (facts) => {
  const held = heldRequests(facts);
  return [...new Set(held.map(({ carrier }) => carrier))].flatMap((carrier) => {
    if (carrier === null) return [];
    const streams = held.filter((of) => of.carrier === carrier).flatMap((of) => of.streams);
    const quietNs = carrier.watchedToNs - carrier.trace.last.timeNs;
    return [
      finding(
        'upstream-silent',
        'warning',
        { quietNs, deadBeside: null, heldRequests: streams.length, heldBytes: 0 },
        { connection: carrier.id, packets: [carrier.trace.last, ...streams.map(({ opened }) => opened)] },
      ),
    ];
  });
};

/** Clients type into tunnels, and the gateway passes nothing on. One finding a tunnel. */
const unheard: Rule = (facts) =>
  heldInputs(facts).map(({ leg, near, far, bytes }) =>
    finding(
      'upstream-silent',
      'warning',
      { quietNs: leg.watchedToNs - leg.trace.last.timeNs, deadBeside: null, heldRequests: 0, heldBytes: bytes },
      { connection: leg.id, stream: far, packets: [leg.trace.last, ...near.lastData] },
    ),
  );
