import type { Ref, TraceStream } from '../../trace/index.ts';
import { isOneSided } from '../liveness.ts';
import { overAt, toldAt } from '../stream-fate.ts';
import { carriedStreams } from '../links.ts';
import type { Leg } from '../model.ts';
import type { FindingArgs, Telling } from './args.ts';
import { type Facts, finding, ofRole, type Rule, severityOf } from './rule.ts';

/** The upstream reset an open connection; a RST that answers a SYN is a refusal, not this. */
export const upstreamReset: Rule = (facts) =>
  ofRole(facts, 'upstream').flatMap((leg) => {
    if (isOneSided(leg.trace)) return [];
    const rst = leg.trace.closes.find(
      (close) => close.kind === 'rst' && close.by === leg.serverSide && close.accepted && !close.answersSyn,
    );
    if (rst === undefined || leg.trace.closes.some((close) => close.at.timeNs < rst.at.timeNs)) return [];
    const open = leg.streams.filter((stream) => (overAt(stream, leg.serverSide)?.timeNs ?? Infinity) >= rst.at.timeNs);
    const told = wordsToClients(facts, leg, rst.at);
    return [
      finding(
        'upstream-reset',
        severityOf(facts, leg, rst.at.timeNs),
        { openStreams: open.length, clientTold: told.length > 0, ...firstOf(told, rst.at) },
        { connection: leg.id, packets: [rst.at, ...told.map(({ at }) => at)] },
      ),
    ];
  });

interface Word {
  readonly at: Ref;
  readonly how: Telling;
}

/** What clients heard of it, on the streams that it carried: a stream that had been over before could not be told. */
function wordsToClients(facts: Facts, upstream: Leg, reset: Ref): readonly Word[] {
  const words = facts.links
    .filter((link) => link.upstream === upstream.id)
    .flatMap((link) => {
      const client = facts.legById.get(link.client);
      return client === undefined
        ? []
        : carriedStreams(client, upstream).map(({ near }) => wordOn(client, near, reset.timeNs));
    });
  return words.filter((word) => word !== null).toSorted((a, b) => a.at.timeNs - b.at.timeNs);
}

function wordOn(client: Leg, stream: TraceStream, fromNs: number): Word | null {
  const at = toldAt(client, stream, fromNs);
  if (at !== null) return { at, how: howTold(client, stream, at) };
  if (stream.opened.timeNs > fromNs || overAt(stream, client.serverSide) !== null) return null;
  const close = client.trace.closes.find(
    ({ by, accepted, at: closedAt }) => by === client.serverSide && accepted && closedAt.timeNs >= fromNs,
  );
  return close === undefined ? null : { at: close.at, how: 'closed' };
}

function howTold(client: Leg, stream: TraceStream, at: Ref): Telling {
  if (stream.reset?.by === client.serverSide && stream.reset.at === at) return 'rst-stream';
  return stream.statusAt === at ? 'response' : 'end-stream';
}

function firstOf([first]: readonly Word[], reset: Ref): Pick<FindingArgs['upstream-reset'], 'toldBy' | 'toldAfterNs'> {
  return { toldBy: first?.how ?? null, toldAfterNs: first === undefined ? null : first.at.timeNs - reset.timeNs };
}
