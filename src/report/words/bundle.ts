import { type BundleName, EVIDENCE_NAME } from '../bundle/names.ts';
import type { Connection, Report, Window } from '../model.ts';
import { headlineText } from './headline.ts';
import { fileName } from './packet-name.ts';
import { clientEnd, counted, farEnd, listed, named, namedClient } from './phrase.ts';
import { spanText } from './span.ts';

const MEANINGS: Readonly<Record<BundleName, string>> = {
  'summary.md': 'to be pasted into the ticket',
  'report.html': 'the report, for a browser',
  'report.json': 'the same for programs: watchpcap render report.json',
  'evidence.pcapng.gz': 'the packets that it rests on, for Wireshark',
  'filters.txt': 'display filters for them',
  MANIFEST: 'sizes and hashes',
};

export function fileMeaning(name: BundleName): string {
  return MEANINGS[name];
}

/** A manifest's first lines: whose, from what, how it is checked. */
export function manifestHead(report: Report): string[] {
  const { name, version } = report.tool;
  return [`${name} ${version}, ${capturedNames(report)}: ${headlineText(report)}`, 'check: sha256sum -c MANIFEST'];
}

export function filtersHead(report: Report): string[] {
  return [
    `Display filters for Wireshark, on ${EVIDENCE_NAME}: ${headlineText(report)}`,
    `Frame numbers are those of ${EVIDENCE_NAME}; "${CAPTURED}" are those of ${capturedNames(report)}.`,
  ];
}

/** What the list of filters does not have; nothing where the counts are not above 0. */
export function leftOutText(windows: number, findings: number): string[] {
  const more = [
    ...(windows > 0 ? [counted(windows, 'more window')] : []),
    ...(findings > 0 ? [counted(findings, 'more finding')] : []),
  ];
  return more.length === 0 ? [] : [`and ${listed(more)}: report.json has all`];
}

export const CAPTURED = 'as captured:';

export function windowText(window: Window, byId: ReadonlyMap<string, Connection>): string {
  const { id, client, upstream, cause } = window;
  return `${id}: what proves that ${namedClient(client, byId)} was alive while ${named(upstream, byId)} was dead for ${spanText(window)} (${cause})`;
}

export function legText({ id, client }: Window, leg: Connection): string {
  const what = leg.id === client ? "the client's connection" : 'the dead upstream connection';
  return `${id}: all of ${what} ${leg.id} (${leg.id === client ? clientEnd(leg) : farEnd(leg)})`;
}

function capturedNames({ capture }: Report): string {
  return capture.files.map(({ path }) => fileName(path)).join(', ');
}

const MEGABYTE = 1024 * 1024;

/** What public trackers take of one file, unless an administrator set something else. */
const TRACKERS: readonly (readonly [tracker: string, megabytes: number])[] = [
  ['GitHub', 25],
  ['Jira', 10],
];

/** Why a file cannot be attached to a ticket; null where it can. */
export function tooLargeText(bytes: number): string | null {
  const refusing = TRACKERS.filter(([, megabytes]) => bytes > megabytes * MEGABYTE);
  if (refusing.length === 0) return null;
  const limits = refusing.map(([tracker, megabytes]) => `${tracker} ${megabytes} MB`).join(', ');
  return `has ${(bytes / MEGABYTE).toFixed(1)} MB, more than trackers take as a rule (${limits})`;
}
