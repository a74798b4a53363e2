import { durationText } from '../duration.ts';
import type { Report, VerdictState, Window } from '../model.ts';
import { counted, dateTimeText, listed } from '../words/phrase.ts';
import { MEANINGS } from '../words/verdict.ts';
import type { Tone } from './colour.ts';
import type { Ink } from './ink.ts';
import { wrapped } from './lines.ts';

const TONES: Readonly<Record<VerdictState, Tone>> = {
  'half-dead': 'bad',
  suspect: 'warn',
  healthy: 'good',
  inconclusive: 'warn',
};

const FACTS: Readonly<Record<Exclude<VerdictState, 'half-dead'>, string>> = {
  suspect: ': an upstream is in trouble, and whom that hurt is not shown',
  healthy: ': no client was alive on a dead upstream',
  inconclusive: ': this capture cannot answer',
};

/** The verdict: its state's own word in the first line, then the sentence, then what was read. */
export function headSection(report: Report, ink: Ink): string[] {
  const { state, confidence, summary } = report.verdict;
  const sure = confidence === null ? '' : ` (${confidence})`;
  const facts = state === 'half-dead' ? factsOf(report.windows) : FACTS[state];
  const first = `${ink.glyphs.verdict[state]} ${state}${sure}${facts}`;
  return [
    ...wrapped(first, ink.width, 2).map((line) => ink.paint(TONES[state], line)),
    '',
    ...wrapped(summary, ink.width),
    '',
    ...captureLines(report, ink),
  ];
}

/** What the state means, where it is no window that speaks for itself. */
export function meaningSection(report: Report, ink: Ink): string[] {
  if (report.verdict.state === 'half-dead') return [];
  return wrapped(MEANINGS[report.verdict.state], ink.width - 2).map((line) => `  ${line}`);
}

function factsOf(windows: readonly Window[]): string {
  const longest = Math.max(...windows.map(({ duration }) => duration));
  const atLeast = windows.some(({ open, duration }) => open && duration === longest) ? 'at least ' : '';
  const spans =
    windows.length === 1 ? `${atLeast}${durationText(longest)}` : `the longest ${atLeast}${durationText(longest)}`;
  const hurt = new Set(windows.flatMap(({ client, streams }) => streams.map(({ id }) => `${client} ${id}`))).size;
  return `: ${counted(windows.length, 'window')}, ${spans}, ${counted(hurt, 'stream')} hurt`;
}

function captureLines({ capture, gateways }: Report, ink: Ink): string[] {
  const files = capture.files.slice(0, 3).map(({ path }) => path);
  const more = capture.files.length > files.length ? [`${capture.files.length - files.length} more`] : [];
  const span = capture.start === null ? '' : `, ${durationText(capture.duration)} from ${dateTimeText(capture.start)}`;
  const links = [...new Set(capture.files.flatMap(({ linkTypes }) => linkTypes))].join(', ');
  const lines = [
    `Capture  ${listed([...files, ...more])}: ${counted(capture.packets, 'packet')}${links === '' ? '' : ` (${links})`}${span}${capture.interrupted ? '; reading was interrupted' : ''}`,
    ...gateways.slice(0, 3).map(({ addresses }) => `Gateway  ${listed(addresses.slice(0, 6))}`),
  ];
  return lines.flatMap((line) => wrapped(line, ink.width, 'Capture  '.length)).map((line) => ink.paint('dim', line));
}
