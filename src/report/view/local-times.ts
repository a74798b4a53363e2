import type { Connection, Finding, Report, Stream, Timestamp, WhatIf, Window } from '../model.ts';
import { localTime } from './zone.ts';

type Change = (at: Timestamp) => Timestamp;

/**
 * Every time of a report as a clock in that zone shows it, with its offset: `2026-11-24T00:05:22.480123+01:00`. Sentences stay as they
 * were: `retold` makes them again.
 */
export function inZone(report: Report, zone: string): Report {
  const change = localTime(zone);
  const { capture } = report;
  return {
    ...report,
    capture: { ...capture, start: orNull(capture.start, change), end: orNull(capture.end, change) },
    connections: report.connections.map((connection) => connectionIn(connection, change)),
    windows: report.windows.map((window) => windowIn(window, change)),
    incidents: report.incidents.map((one) => ({ ...one, from: change(one.from), to: orNull(one.to, change) })),
    findings: report.findings.map((finding) => findingIn(finding, change)),
    whatIf: report.whatIf.map((remedy) => remedyIn(remedy, change)),
  };
}

function orNull(at: Timestamp | null, change: Change): Timestamp | null {
  return at === null ? null : change(at);
}

function moved<T extends { at: Timestamp }>(items: readonly T[], change: Change): T[] {
  return items.map((item) => ({ ...item, at: change(item.at) }));
}

function connectionIn(connection: Connection, change: Change): Connection {
  const { closed } = connection;
  return {
    ...connection,
    start: change(connection.start),
    end: change(connection.end),
    closed: { ...closed, at: orNull(closed.at, change) },
    marks: connection.marks.map((mark) => ({ ...mark, at: change(mark.at), until: change(mark.until) })),
    resets: moved(connection.resets, change),
    goaways: moved(connection.goaways, change),
    streams: connection.streams.map((stream) => streamIn(stream, change)),
    liveness: connection.liveness.map((span) => ({ ...span, from: change(span.from), to: change(span.to) })),
  };
}

function streamIn(stream: Stream, change: Change): Stream {
  return {
    ...stream,
    opened: change(stream.opened),
    closed: orNull(stream.closed, change),
    lastData: orNull(stream.lastData, change),
  };
}

function windowIn(window: Window, change: Change): Window {
  const { onset, end } = window;
  return {
    ...window,
    from: change(window.from),
    to: orNull(window.to, change),
    onset: { lastHeard: orNull(onset.lastHeard, change), firstUnanswered: change(onset.firstUnanswered) },
    end: { ...end, at: orNull(end.at, change) },
    streams: window.streams.map((stream) => ({ ...stream, silentSince: change(stream.silentSince) })),
    evidence: moved(window.evidence, change),
  };
}

/** Arguments that are moments end with `At`. */
function findingIn(finding: Finding, change: Change): Finding {
  const args = Object.entries(finding.args).map(([name, value]): [string, Finding['args'][string]] => [
    name,
    name.endsWith('At') && typeof value === 'string' ? change(value) : value,
  ]);
  return { ...finding, at: orNull(finding.at, change), args: Object.fromEntries(args) };
}

function remedyIn(remedy: WhatIf, change: Change): WhatIf {
  return {
    ...remedy,
    windows: remedy.windows.map((window) => ({ ...window, firesAt: orNull(window.firesAt, change) })),
    collateral: moved(remedy.collateral, change),
  };
}
