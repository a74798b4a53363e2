import type { Link as IncidentLink } from '../../incident/index.ts';
import type { Link } from '../model.ts';

export function linkOf(link: IncidentLink): Link {
  const { runnerUp, bursts } = link;
  return {
    client: link.client,
    upstream: link.upstream,
    method: link.method,
    confidence: link.confidence,
    // Not copied: of ten thousand connections these pairs are the largest part of the report.
    streams: link.streams,
    ...(link.tunnels === undefined ? {} : { tunnels: link.tunnels }),
    candidates: link.candidates,
    runnerUp: runnerUp === null ? null : { ...runnerUp },
    bursts: bursts === undefined ? null : { matched: bursts.matched, byChance: bursts.byChance, odds: bursts.odds },
  };
}
