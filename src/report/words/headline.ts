import { durationText } from '../duration.ts';
import type { Report, VerdictState, Window } from '../model.ts';
import { counted, countedOrNo } from './phrase.ts';

/** What is suspected of an upstream that still acknowledges. */
const STALLED = 'an upstream fell silent where something was due';

const FACTS: Readonly<Record<Exclude<VerdictState, 'half-dead'>, string>> = {
  suspect: 'an upstream is in trouble, and whom that hurt is not shown',
  healthy: 'no client was alive on a dead upstream',
  inconclusive: 'this capture cannot answer',
};

/** The first line of a report: `half-dead (confirmed): 1 window, at least 5 min 20 s, 1 stream hurt`. */
export function headlineText({ verdict, windows }: Report): string {
  const { state, confidence, reason, args } = verdict;
  const sure = confidence === null ? '' : ` (${confidence})`;
  if (reason === 'stalled-upstream') return `${state}${sure}: ${STALLED}`;
  const count = typeof args['count'] === 'number' ? args['count'] : windows.length;
  return `${state}${sure}: ${state === 'half-dead' ? partText(count, windows) : FACTS[state]}`;
}

/** Where only a part is shown, the numbers are of that, and the number of all stands before them. */
function partText(count: number, windows: readonly Window[]): string {
  if (windows.length === 0) return `${counted(count, 'window')}, none of which is shown here`;
  return windows.length === count ? factsOf(windows) : `${counted(count, 'window')}; shown here: ${factsOf(windows)}`;
}

function factsOf(windows: readonly Window[]): string {
  const longest = windows.reduce((most, { duration }) => Math.max(most, duration), 0);
  const isOpen = windows.some(({ open, duration }) => open && duration === longest);
  const span = `${isOpen ? 'at least ' : ''}${durationText(longest)}`;
  const hurt = new Set(windows.flatMap(({ client, streams }) => streams.map(({ id }) => `${client} ${id}`))).size;
  return [
    counted(windows.length, 'window'),
    windows.length === 1 ? span : `the longest ${span}`,
    `${countedOrNo(hurt, 'stream')} hurt`,
  ].join(', ');
}
