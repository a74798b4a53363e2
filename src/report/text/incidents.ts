import type { Incident, Report } from '../model.ts';
import { incidentText, incidentTotals, victimsText } from '../words/incidents.ts';
import { counted } from '../words/phrase.ts';
import type { Ink } from './ink.ts';
import { wrapped } from './lines.ts';

const INCIDENTS_MAX = 10;
const VERBOSE_INCIDENTS_MAX = 200;
const VICTIMS_MAX = 5;
const INDENT = '  ';
const ID_COLUMNS = 4;

/** Which upstream servers were dead and whom each hurt, the worst first. */
export function incidentsSection(report: Report, ink: Ink): string[] {
  const { incidents } = report;
  const totals = incidentTotals(report);
  if (incidents.length === 0) return [];
  const limit = ink.isVerbose ? VERBOSE_INCIDENTS_MAX : INCIDENTS_MAX;
  const more = incidents.length - limit;
  return [
    ...(totals === null ? [] : paragraph(totals, '', ink)),
    ...incidents.slice(0, limit).flatMap((incident) => incidentLines(incident, ink)),
    ...(more > 0 ? paragraph(`and ${counted(more, 'more incident')} (--format json has all)`, '', ink) : []),
  ];
}

function incidentLines(incident: Incident, ink: Ink): string[] {
  const { id, victims } = incident;
  const limit = ink.isVerbose ? victims.length : VICTIMS_MAX;
  const more = victims.length - limit;
  const below = ' '.repeat(ID_COLUMNS);
  return [
    ...wrapped(`${id.padEnd(ID_COLUMNS)}${incidentText(incident)}`, ink.width - INDENT.length, ID_COLUMNS).map(
      (line) => INDENT + line,
    ),
    ...victims.slice(0, limit).flatMap((group) => paragraph(`- ${victimsText(group)}`, below, ink, 2)),
    ...(more > 0 ? paragraph(`- and ${counted(more, 'more group')}`, below, ink, 2) : []),
  ];
}

function paragraph(text: string, indent: string, ink: Ink, hang = 0): string[] {
  return wrapped(text, ink.width - INDENT.length - indent.length, hang).map((line) => INDENT + indent + line);
}
