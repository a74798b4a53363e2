import {
  connectionBlocks,
  findingBlocks,
  headBlocks,
  stepBlocks,
  trustBlocks,
  whatIfBlocks,
} from './markdown/sections.ts';
import { incidentBlocks } from './markdown/incidents.ts';
import { sentence } from './markdown/room.ts';
import { windowBlocks } from './markdown/window.ts';
import type { Report } from './model.ts';
import { isShown, type RenderOptions, type SectionName } from './render-options.ts';
import { zoneText } from './words/phrase.ts';

/** A comment on GitHub takes 65,536 characters, and somebody writes a line above. */
const MARKDOWN_MAX_BYTES = 60_000;

const FOOT_BYTES = 200;

type Section = (report: Report, roomBytes: number) => string[];

/** In the order of reading: verdict, story with picture and proof, what else was found, what to do. Each has its share of the room. */
const SECTIONS: readonly (readonly [name: SectionName | null, share: number, section: Section])[] = [
  [null, 0.07, headBlocks],
  ['windows', 0.03, incidentBlocks],
  ['windows', 0.56, windowBlocks],
  ['findings', 0.14, findingBlocks],
  ['connections', 0.05, connectionBlocks],
  ['trust', 0.05, trustBlocks],
  ['steps', 0.03, whatIfBlocks],
  ['steps', 0.06, stepBlocks],
];

/** The report for a ticket: GFM without any HTML, less than 60 kB whatever the capture holds. What did not fit is counted. */
export function renderMarkdown(report: Report, options: Pick<RenderOptions, 'only'> = { only: [] }): string {
  const shown = SECTIONS.filter(([name]) => isShown(name, options));
  const blocks = shown.flatMap(([, share, section]) => section(report, share * MARKDOWN_MAX_BYTES));
  const { name, version } = report.tool;
  return `${[...blocks, sentence(`Made by ${name} ${version}. Times are ${zoneText(report.capture.start ?? '')}.`, FOOT_BYTES)].join('\n\n')}\n`;
}
