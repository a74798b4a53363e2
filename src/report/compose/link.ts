import type { Link as IncidentLink } from '../../incident/index.ts';
import type { Link } from '../model.ts';

export function linkOf({
  client,
  upstream,
  method,
  confidence,
  streams,
  candidates,
  runnerUp,
  bursts,
}: IncidentLink): Link {
  return {
    client,
    upstream,
    method,
    confidence,
    // Not copied: of ten thousand connections these pairs are the largest part of the report.
    streams,
    candidates,
    runnerUp: runnerUp === null ? null : { ...runnerUp },
    bursts: bursts === undefined ? null : { matched: bursts.matched, byChance: bursts.byChance, odds: bursts.odds },
  };
}
