import { durationText } from '../duration.ts';
import type { Incident, Report, VerdictState, Window } from '../model.ts';
import { hurtCountText } from './hurt.ts';
import { counted } from './phrase.ts';
import { spanText } from './span.ts';
import { streamName } from './stream-name.ts';
import { incidentOfTries } from './time-and-again.ts';

/** What is suspected of an upstream that still acknowledges. */
const STALLED = 'an upstream fell silent where something was due';

const FACTS: Readonly<Record<Exclude<VerdictState, 'half-dead'>, string>> = {
  suspect: 'an upstream is in trouble, and whom that hurt is not shown',
  healthy: 'no client was alive on a dead upstream',
  inconclusive: 'this capture cannot answer',
};

/** The first line of a report: `half-dead (confirmed): 1 window, at least 5 min 20 s, 1 stream hurt`. */
export function headlineText({ verdict, windows, incidents }: Report): string {
  const { state, confidence, reason, args } = verdict;
  const sure = confidence === null ? '' : ` (${confidence})`;
  if (reason === 'stalled-upstream') return `${state}${sure}: ${STALLED}`;
  const count = typeof args['count'] === 'number' ? args['count'] : windows.length;
  return `${state}${sure}: ${state === 'half-dead' ? partText(count, windows, incidents) : FACTS[state]}`;
}

/** Where only a part is shown, the numbers are of that, and the number of all stands before them. */
function partText(count: number, windows: readonly Window[], incidents: readonly Incident[]): string {
  if (windows.length === 0) return `${counted(count, 'window')}, none of which is shown here`;
  const facts = factsOf(windows, incidents);
  return windows.length === count ? facts : `${counted(count, 'window')}; shown here: ${facts}`;
}

function factsOf(windows: readonly Window[], incidents: readonly Incident[]): string {
  const longest = windows.reduce((most, { duration }) => Math.max(most, duration), 0);
  const isOpen = windows.some(({ open, duration }) => open && duration === longest);
  const span = spanText({ duration: longest, open: isOpen });
  const hurt = new Set(
    windows.flatMap(({ client, streams }) => streams.map(({ id, tunnel }) => `${client} ${streamName(id, tunnel)}`)),
  ).size;
  return [
    `${counted(windows.length, 'window')}${triesText(windows, incidents)}`,
    windows.length === 1 ? span : `the longest ${span}`,
    hurtCountText(hurt),
  ].join(', ');
}

/** Where each of them is one short try, how long tries failed. */
function triesText(windows: readonly Window[], incidents: readonly Incident[]): string {
  const [longest] = windows.toSorted((a, b) => b.duration - a.duration);
  const incident = longest === undefined ? null : incidentOfTries(longest, incidents);
  return incident === null ? '' : ` within ${durationText(incident.duration)}`;
}
