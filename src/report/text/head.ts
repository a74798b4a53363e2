import { durationText } from '../duration.ts';
import type { Report, VerdictState } from '../model.ts';
import { headlineText } from '../words/headline.ts';
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

/** The verdict in one line, its state's own word first. */
export function verdictSection(report: Report, ink: Ink): string[] {
  const { state } = report.verdict;
  const line = `${ink.glyphs.verdict[state]} ${headlineText(report)}`;
  return wrapped(line, ink.width, 2).map((part) => ink.paint(TONES[state], part));
}

/** The verdict, then the sentence, then what was read. */
export function headSection(report: Report, ink: Ink): string[] {
  return [
    ...verdictSection(report, ink),
    '',
    ...wrapped(report.verdict.summary, ink.width),
    '',
    ...captureLines(report, ink),
  ];
}

/** What the state means, where it is no window that speaks for itself. */
export function meaningSection(report: Report, ink: Ink): string[] {
  if (report.verdict.state === 'half-dead') return [];
  return wrapped(MEANINGS[report.verdict.state], ink.width - 2).map((line) => `  ${line}`);
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
