import { escapeTerminal } from '../escape.ts';
import { connectionFilter, findingFilter } from '../filter.ts';
import type { Connection, Finding, Report, Window } from '../model.ts';
import { CAPTURED, filtersHead, leftOutText, legText, windowText } from '../words/bundle.ts';

/** A person copies one or two of them; the JSON report has all. */
const WINDOWS_MAX = 50;
const FINDINGS_MAX = 200;

/** A display filter, and what it shows. */
interface Shown {
  readonly what: string;
  readonly filter: string;
  /** The same in the capture itself, where it is another. */
  readonly captured?: string;
}

/**
 * The display filters that show in Wireshark what a report says, each under its sentence.
 * @param numberOf  a packet's number in the extract, by file and number in the capture; undefined where it is not in it
 */
export function renderFilters(report: Report, numberOf: (file: number, packet: number) => number | undefined): string {
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  const shown = [
    ...report.windows.slice(0, WINDOWS_MAX).flatMap((window) => windowFilters(window, byId)),
    ...report.findings.slice(0, FINDINGS_MAX).map((finding) => findingShown(finding, byId, numberOf)),
  ];
  const left = leftOutText(report.windows.length - WINDOWS_MAX, report.findings.length - FINDINGS_MAX);
  return [textOf(filtersHead(report)), ...shown.map(paragraph), ...left.map((line) => textOf([line]))].join('\n');
}

function paragraph({ what, filter, captured }: Shown): string {
  const other = captured === undefined || captured === filter ? [] : [`  ${CAPTURED} ${captured}`];
  return textOf([what, `  ${filter}`, ...other]);
}

function textOf(lines: readonly string[]): string {
  return `${lines.map(escapeTerminal).join('\n')}\n`;
}

function windowFilters(window: Window, byId: ReadonlyMap<string, Connection>): Shown[] {
  const legs = [window.client, window.upstream].flatMap((id) => byId.get(id) ?? []);
  return [
    { what: windowText(window, byId), filter: `frame.comment contains "${window.id}: "` },
    ...legs.map((leg) => ({ what: legText(window, leg), filter: connectionFilter(leg) })),
  ];
}

function findingShown(
  finding: Finding,
  byId: ReadonlyMap<string, Connection>,
  numberOf: (file: number, packet: number) => number | undefined,
): Shown {
  const { code, title, packets, files, filter } = finding;
  const kept = packets.flatMap((packet, i) => numberOf(files?.[i] ?? 0, packet) ?? []);
  const refs = kept.map((packet) => ({ file: 0, packet, timeNs: 0 }));
  return { what: `${code}: ${title}`, filter: findingFilter(finding, byId, refs), captured: filter };
}
