import type { Finding as IncidentFinding } from '../../incident/index.ts';
import { findingFilter } from '../filter.ts';
import type { Connection, Finding } from '../model.ts';
import { findingTitle } from '../words.ts';
import { type Frame, packetsOf, secondsOf, timeAt } from './frame.ts';
import { tunnelOf } from './tunnel.ts';

export function findingOf(
  frame: Frame,
  finding: IncidentFinding,
  connections: ReadonlyMap<string, Connection>,
): Finding {
  const { code, connection } = finding;
  const args = argsOf(frame, finding);
  const about = { connection, stream: finding.stream?.id ?? null, ...tunnelOf(finding.stream) };
  return {
    code,
    severity: finding.severity,
    title: findingTitle({ code, ...about, args }, connections),
    ...about,
    at: finding.at === null ? null : timeAt(frame, finding.at.timeNs),
    ...packetsOf(frame, finding.packets),
    filter: findingFilter(finding, connections, finding.packets),
    args,
  };
}

/** Arguments that are a moment and not a span. */
const MOMENTS: ReadonlySet<string> = new Set(['lastGatewayPacketNs']);

/** The arguments in the report's units: `spanNs` becomes `spanSeconds`, a moment `…At`. */
function argsOf(frame: Frame, { args }: IncidentFinding): Finding['args'] {
  const told: Finding['args'] = {};
  for (const [name, value] of Object.entries<string | number | boolean | null>({ ...args })) {
    const stem = name.endsWith('Ns') ? name.slice(0, -2) : null;
    if (stem === null || typeof value === 'boolean' || typeof value === 'string') told[name] = value;
    else {
      const ns = value === null || !Number.isFinite(value) ? null : value;
      if (MOMENTS.has(name)) told[`${stem}At`] = ns === null ? null : timeAt(frame, ns);
      else told[`${stem}Seconds`] = ns === null ? null : secondsOf(ns);
    }
  }
  return told;
}
