import { communityId } from './community-id.ts';
import { findingFilter } from './filter.ts';
import type { Connection, Finding, Incident, Report, Window } from './model.ts';
import { findingTitle } from './words.ts';
import { evidenceText } from './words/evidence.ts';
import { nextStepsOf } from './words/next-steps.ts';
import { storyOf } from './words/story.ts';
import { trustText } from './words/trust.ts';
import { summaryOf } from './words/verdict.ts';
import { warningText } from './words/warning.ts';

type Connections = ReadonlyMap<string, Connection>;

/**
 * Writes every sentence of a report anew, and each connection's Community ID, from the report's other fields: these are functions of them, so that of one whose
 * addresses and names were changed no sentence is left with the old ones.
 * @returns the same where nothing was changed
 */
export function retold(report: Report): Report {
  const { verdict, capture } = report;
  const connections = report.connections.map((connection) => ({
    ...connection,
    communityId: communityId(connection.client, connection.server),
  }));
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  const paths = capture.files.map(({ path }) => path);
  const windows = report.windows.map((window) => retoldWindow(window, byId, paths));
  const findings = report.findings.map((finding) => retoldFinding(finding, byId));
  const warnings = capture.warnings.map((warning) => ({ ...warning, message: warningText(warning) }));
  return {
    ...report,
    capture: { ...capture, warnings },
    verdict: { ...verdict, summary: summaryOf(verdict, { ...report, windows, findings }, byId) },
    connections,
    windows,
    incidents: report.incidents.map((incident) => retoldIncident(incident, byId)),
    trust: report.trust.map((note) => ({ ...note, message: trustText(note) })),
    findings,
    nextSteps: nextStepsOf(verdict, { windows, connections, findings }),
  };
}

function retoldWindow(window: Window, byId: Connections, paths: readonly string[]): Window {
  const evidence = window.evidence.map((row) => ({ ...row, text: evidenceText(row, byId, window.client) }));
  return { ...window, evidence, story: storyOf({ ...window, evidence }, byId, paths) };
}

/** Its server is that of its connections. */
function retoldIncident(incident: Incident, byId: Connections): Incident {
  const upstream = byId.get(incident.upstreams[0] ?? '');
  return upstream === undefined ? incident : { ...incident, server: { ...upstream.server } };
}

function retoldFinding(finding: Finding, byId: Connections): Finding {
  const { packets, files } = finding;
  const refs = packets.map((packet, i) => ({ packet, file: files?.[i] ?? 0, timeNs: 0 }));
  return {
    ...finding,
    title: findingTitle(finding, byId),
    filter: findingFilter(finding, byId, refs),
  };
}
