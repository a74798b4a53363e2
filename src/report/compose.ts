import type { CaptureFacts } from '../capture/index.ts';
import type { Incident } from '../incident/index.ts';
import { argsOf } from './compose/args.ts';
import { captureOf } from './compose/capture.ts';
import { connectionOf } from './compose/connection.ts';
import { findingOf } from './compose/finding.ts';
import { frameOf, secondsOf } from './compose/frame.ts';
import { marksShare } from './compose/marks.ts';
import { incidentOf } from './compose/incident.ts';
import { trustOf } from './compose/trust.ts';
import { linkOf } from './compose/link.ts';
import { windowOf } from './compose/window.ts';
import type { Connection, Report, Thresholds } from './model.ts';
import { nextStepsOf } from './words/next-steps.ts';
import { summaryOf } from './words/verdict.ts';

/** Puts the incident into the report's terms: text for times, seconds for spans, sentences for codes. Same input, same report. */
export function composeReport(incident: Incident, capture: CaptureFacts, toolVersion: string): Report {
  const frame = frameOf(capture);
  const connections = connectionsOf(incident, capture);
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  const windows = incident.windows.map((window) => windowOf(frame, window, byId));
  const { state, confidence, reason } = incident.verdict;
  const { kind, ...about } = reason;
  const why = { reason: kind, args: argsOf(about) };
  const told = captureOf(frame, capture, incident);
  const findings = incident.findings.map((finding) => findingOf(frame, finding, byId));
  const links = incident.links.map(linkOf);
  const incidents = incident.outages.map((outage) => incidentOf(frame, outage));
  const grounds = { windows, incidents, capture: told, findings, links };
  return {
    schema: 'watchpcap.report/1',
    tool: { name: 'watchpcap', version: toolVersion },
    capture: told,
    verdict: { state, confidence, summary: summaryOf(why, grounds, byId), ...why },
    gateways: incident.gateways.map(({ addresses, how }) => ({ addresses: [...addresses], how })),
    connections,
    links,
    windows,
    incidents,
    thresholds: thresholdsOf(incident),
    trust: trustOf(frame, incident, capture),
    findings,
    whatIf: [],
    nextSteps: nextStepsOf({ state, ...why }, { windows, connections, findings }),
  };
}

/** Connections that take part in a window keep all their marks; the others share what room there is. */
function connectionsOf(incident: Incident, capture: CaptureFacts): Connection[] {
  const frame = frameOf(capture);
  const hurt = new Set(incident.windows.flatMap((window) => [window.client, window.upstream]));
  const share = marksShare(incident.connections.length);
  return incident.connections.map((leg) => connectionOf(frame, leg, hurt.has(leg.id) ? Infinity : share));
}

function thresholdsOf({ thresholds }: Incident): Thresholds {
  return {
    deadTries: thresholds.deadTries,
    deadAfter: secondsOf(thresholds.deadAfterNs),
    idleAfter: secondsOf(thresholds.idleAfterNs),
    healedWait: secondsOf(thresholds.healedWaitNs),
    actsWithin: secondsOf(thresholds.actsWithinNs),
    lossSpan: secondsOf(thresholds.lossSpanNs),
    lossTries: thresholds.lossTries,
    responseGrace: secondsOf(thresholds.responseGraceNs),
    watchGrace: secondsOf(thresholds.watchGraceNs),
  };
}
