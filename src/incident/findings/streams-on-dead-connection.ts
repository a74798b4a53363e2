import { isSilent } from '../deaths.ts';
import { finding, longestByUpstream, type Rule } from './rule.ts';

/** New requests kept going out on a connection that acknowledged nothing; behind a GOAWAY or a close they are acknowledged, and in vain for another reason. */
export const streamsOnDeadConnection: Rule = (facts) =>
  longestByUpstream(facts.windows.filter(isSilent)).flatMap((window) => {
    const upstream = facts.legById.get(window.upstream);
    if (upstream === undefined) return [];
    const toNs = window.toNs ?? facts.captureEndNs;
    const sent = upstream.streams.filter(
      (stream) => stream.sawRequest && stream.opened.timeNs > window.fromNs && stream.opened.timeNs < toNs,
    );
    if (sent.length === 0) return [];
    return [
      finding(
        'streams-on-dead-connection',
        'critical',
        { requests: sent.length },
        { connection: upstream.id, packets: sent.map((stream) => stream.opened) },
      ),
    ];
  });
