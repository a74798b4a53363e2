import type { Report } from './model.ts';
import { SECTION_NAMES, type SectionName } from './render-options.ts';
import { retold } from './retell.ts';
import { inZone } from './view/local-times.ts';
import { seenFrom } from './view/moment.ts';
import { EVERYTHING, narrowed, type Selection } from './view/narrow.ts';
import { localTime } from './view/zone.ts';
import { listed } from './words/phrase.ts';

/** How a person wants to look at a report; programs get the whole of it, in UTC. */
export interface View extends Selection {
  /** An IANA time zone. */
  readonly zone: string;
  /** UTC; times are also told relative to it. */
  readonly at: string | null;
  /** Sections to show; none: all. What is left out is only said here: renderers leave it out. */
  readonly only: readonly SectionName[];
}

const UTC = 'UTC';

export const WHOLE_VIEW: View = { ...EVERYTHING, zone: UTC, at: null, only: [] };

/** The report as a person asked to see it: a part of it, in another zone, as seen from a moment. Every format can draw it. */
export function viewed(report: Report, { zone, at, only, ...selection }: View): Report {
  // Making a calendar of a zone takes longer than drawing a small report.
  const local = zone === UTC ? (time: string): string => time : localTime(zone);
  const inLocal = (time: string | null): string | null => (time === null ? null : local(time));
  const told = zone === UTC ? report : retold(inZone(report, zone));
  const part = narrowed(told, { ...selection, since: inLocal(selection.since), until: inLocal(selection.until) });
  return withoutSections(at === null ? part : seenFrom(part, local(at)), only);
}

/** A report of which sections are missing says so: who gets it did not ask for that. */
function withoutSections(report: Report, only: readonly SectionName[]): Report {
  const hidden = SECTION_NAMES.filter((name) => !only.includes(name));
  if (only.length === 0 || hidden.length === 0) return report;
  const summary = `${report.verdict.summary} Sections not shown: ${listed(hidden)}.`;
  return { ...report, verdict: { ...report.verdict, summary } };
}
