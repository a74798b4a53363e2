import { endpointText } from '../address.ts';
import { durationText } from '../duration.ts';
import type { Cause, Incident, Report, Window } from '../model.ts';
import { deadText } from './dead.ts';
import { hurtTotals } from './incidents.ts';
import { counted, dateTimeText } from './phrase.ts';
import { spanText } from './span.ts';

/** A window shorter than this is one failed try; what a reader wants to know is how long tries failed. */
const ONE_TRY_SECONDS = 1;

const TRIES: Readonly<Partial<Record<Cause, string>>> = {
  refused: 'refused its connections',
  'connect-unanswered': 'left its attempts to connect unanswered',
  reset: 'reset its connections',
};

/** The incident that a window is one short try of, among others; null where the window says it all. */
export function incidentOfTries(window: Window, incidents: readonly Incident[]): Incident | null {
  const incident = incidents.find(({ windows }) => windows.includes(window.id));
  if (incident === undefined || incident.windows.length < 2 || window.duration >= ONE_TRY_SECONDS) return null;
  return incident.duration >= ONE_TRY_SECONDS ? incident : null;
}

/** One upstream that failed time and again: `The gateway kept 3 client connections alive while its upstream … refused its connections, …`. */
export function timeAndAgainText(incident: Incident, windows: Report['windows']): string {
  const { server, causes, from, clients, confidence } = incident;
  const own = new Set(incident.windows);
  const longest = windows.reduce((most, window) => (own.has(window.id) ? Math.max(most, window.duration) : most), 0);
  const others = windows.filter(({ id }) => !own.has(id)).length;
  return (
    `${confidence === 'confirmed' ? 'The gateway' : 'Probably the gateway'} kept ${counted(clients, 'client connection')} alive while its upstream ` +
    `${endpointText(server)} ${TRIES[causes[0] ?? 'refused'] ?? `was ${deadText(causes)}`}, from ${dateTimeText(from)} for ${spanText(incident)}: ` +
    `${counted(incident.windows.length, 'window')}, the longest ${durationText(longest)}, ${hurtTotals(incident)}` +
    `${others === 0 ? '' : `; ${counted(others, 'more window')}`}.`
  );
}
