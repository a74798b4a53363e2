import { upstreamUnheardToEnd } from '../lost-rhythm.ts';
import type { Finding } from '../model.ts';
import type { FindingArgs } from './args.ts';
import { heldInputs } from './held-input.ts';
import { heldRequests } from './held-requests.ts';
import { silentBesides } from './dead-server.ts';
import { overdueBookmarks } from './missing-bookmarks.ts';
import { type Facts, finding, ofRole, type Rule } from './rule.ts';

type Args = FindingArgs['upstream-silent'];

/** What was due is none of the others: bookmarks. */
const NOTHING_ELSE = {
  deadBeside: null,
  heldRequests: 0,
  heldBytes: 0,
  rhythm: null,
  everyNs: null,
} as const satisfies Omit<Args, 'quietNs'>;

/** The upstream went quiet against an expectation, with nothing owed: at most suspect. Of bookmarks told once a stream. */
export const upstreamSilent: Rule = (facts) => {
  const beside = silentBesides(facts);
  const told = new Set(beside.map(({ stream }) => stream));
  const ofStreams = [
    ...beside.map(({ dead, ...quiet }) => ({ ...quiet, deadBeside: dead.id })),
    ...overdueBookmarks(facts)
      .filter(({ stillHeard, stream }) => !stillHeard && !told.has(stream))
      .map(({ leg, stream, quietNs }) => ({ leg, stream, quietNs, deadBeside: null })),
  ].map(({ leg, stream, quietNs, deadBeside }) =>
    finding(
      'upstream-silent',
      'warning',
      { ...NOTHING_ELSE, quietNs, deadBeside },
      { connection: leg.id, stream, packets: [stream.lastData[leg.serverSide] ?? stream.statusAt] },
    ),
  );
  const known = [...ofStreams, ...unserved(facts), ...unheard(facts)];
  return [...known, ...outOfRhythm(facts, known)];
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
        { ...NOTHING_ELSE, quietNs, heldRequests: streams.length },
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
      { ...NOTHING_ELSE, quietNs: leg.watchedToNs - leg.trace.last.timeNs, heldBytes: bytes },
      { connection: leg.id, stream: far, packets: [leg.trace.last, ...near.lastData] },
    ),
  );

/** The upstream itself kept the connection alive, and does not any more. Not where something else tells of the silence. */
function outOfRhythm(facts: Facts, known: readonly Finding[]): Finding[] {
  const told = new Set(known.map(({ connection }) => connection));
  return ofRole(facts, 'upstream').flatMap((leg) => {
    const lost = told.has(leg.id) || (facts.deaths.get(leg) ?? []).length > 0 ? null : upstreamUnheardToEnd(leg);
    if (lost === null) return [];
    const { last } = leg.trace;
    const { by: rhythm, everyNs, packets } = lost;
    return [
      finding(
        'upstream-silent',
        'warning',
        { ...NOTHING_ELSE, quietNs: leg.watchedToNs - last.timeNs, rhythm, everyNs },
        { connection: leg.id, packets: [last, ...packets] },
      ),
    ];
  });
}
