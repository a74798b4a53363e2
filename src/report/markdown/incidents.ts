import type { Incident, Report } from '../model.ts';
import { incidentText, incidentTotals, victimsText } from '../words/incidents.ts';
import { counted } from '../words/phrase.ts';
import { TITLES } from '../words/titles.ts';
import { prose } from './inline.ts';
import { cut, list, sentence } from './room.ts';

const VICTIMS_MAX = 5;
const INCIDENT_BYTES = 600;
const GROUP_BYTES = 300;

/** Which upstream servers were dead and whom each hurt, the worst first. */
export function incidentBlocks(report: Report, roomBytes: number): string[] {
  if (report.incidents.length === 0) return [];
  const items = report.incidents.map((incident) => incidentItem(incident));
  const totals = incidentTotals(report);
  return [
    `### ${TITLES.incidents}`,
    ...(totals === null ? [] : [sentence(totals, INCIDENT_BYTES)]),
    ...list(items, roomBytes, 'incident'),
  ];
}

function incidentItem(incident: Incident): string {
  const { id, victims } = incident;
  const more = victims.length - VICTIMS_MAX;
  return [
    `- **${prose(cut(id))}**: ${sentence(incidentText(incident), INCIDENT_BYTES)}`,
    ...victims.slice(0, VICTIMS_MAX).map((group) => `  - ${sentence(victimsText(group), GROUP_BYTES)}`),
    ...(more > 0 ? [`  - and ${counted(more, 'more group')}`] : []),
  ].join('\n');
}
