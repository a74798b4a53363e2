import { clientSide } from '../leg.ts';
import type { Window } from '../model.ts';
import { finding, type Rule } from './rule.ts';

/** The client's own PINGs were answered by the gateway all through the window: why its health check could not see it. */
export const pingAnsweredByGateway: Rule = (facts) =>
  longestPerClient(facts.windows).flatMap((window) => {
    const client = facts.legById.get(window.client);
    if (client === undefined) return [];
    const toNs = window.toNs ?? facts.captureEndNs;
    const within = client.trace.marks.filter((mark) => mark.from.timeNs >= window.fromNs && mark.to.timeNs <= toNs);
    const pings = within.filter((mark) => mark.kind === 'ping' && mark.by === clientSide(client));
    const answers = within.filter((mark) => mark.kind === 'ping-ack' && mark.by === client.serverSide);
    const { pings: sent, pingsAnswered } = window.meanwhile;
    if (sent === 0 || pingsAnswered === 0) return [];
    return [
      finding(
        'ping-answered-by-gateway',
        'info',
        { pings: pingsAnswered, windowNs: window.durationNs },
        { connection: client.id, packets: [pings[0]?.from ?? null, ...answers.map((mark) => mark.from)] },
      ),
    ];
  });

/** Windows of one client overlap where several upstreams died: its PINGs are told once. */
function longestPerClient(windows: readonly Window[]): readonly Window[] {
  const longest = new Map<string, Window>();
  for (const window of windows) {
    if (window.durationNs > (longest.get(window.client)?.durationNs ?? -1)) longest.set(window.client, window);
  }
  return [...longest.values()];
}
