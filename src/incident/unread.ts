import type { Death } from './deaths.ts';
import type { Facts } from './findings/rule.ts';
import { grouped } from './grouped.ts';
import { mayHaveEnded } from './hurt.ts';
import { neverOpened } from './leg.ts';
import { carriedStreams } from './links.ts';
import type { Leg, Link } from './model.ts';
import type { Scene } from './scene.ts';
import { overAt } from './stream-fate.ts';
import { unreadWaiting } from './waiting.ts';

/** A client of which the capture, that lost packets, cannot tell whether an upstream connection that ended left it waiting; null: none. */
export function unreadClient(scene: Scene, { deaths, links, legById }: Facts): Leg | null {
  const byUpstream = grouped(links, ({ upstream }) => upstream);
  for (const [upstream, all] of deaths) {
    if (all.length === 0) continue;
    const clients = neverOpened(upstream)
      ? [unreadWaiting(scene, upstream)]
      : (byUpstream.get(upstream.id) ?? []).map((link: Link) => legById.get(link.client));
    const client = clients.find(
      (leg) => leg !== undefined && (neverOpened(upstream) || isFateUnread(leg, upstream, all)),
    );
    if (client !== undefined) return client;
  }
  return null;
}

/** A stream may have been on it when it died, and what the client was told on that stream is not in the capture. */
function isFateUnread(client: Leg, upstream: Leg, deaths: readonly Death[]): boolean {
  if (client.trace.flows[client.serverSide].unread.length === 0) return false;
  return carriedStreams(client, upstream).some(({ near, far }) => {
    const overNs = overAt(far, upstream.serverSide)?.timeNs ?? Infinity;
    const wasOnIt = deaths.some(
      ({ fromNs, healedAt }) => near.opened.timeNs <= (healedAt?.timeNs ?? Infinity) && overNs >= fromNs,
    );
    return wasOnIt && mayHaveEnded(client, near, Infinity);
  });
}
