import { isShown, type RenderOptions, type SectionName } from './render-options.ts';
import type { Report } from './model.ts';
import { briefSection, thresholdsSection } from './text/brief.ts';
import { headSection, meaningSection, verdictSection } from './text/head.ts';
import { incidentsSection } from './text/incidents.ts';
import { type Ink, inkOf, printable } from './text/ink.ts';
import {
  connectionsSection,
  findingsSection,
  lookedAtSection,
  stepsSection,
  trustSection,
  whatIfSection,
} from './text/tables.ts';
import { timelineSection } from './text/timeline.ts';
import { windowsSection } from './text/windows.ts';
import { TITLES } from './words/titles.ts';

/** Below this nothing can be laid out side by side: narrower widths get this one. */
const WIDTH_MIN = 40;

type Section = (report: Report, ink: Ink) => string[];

type Row = readonly [name: SectionName | null, heading: string | null, section: Section];

/** In the order of reading: verdict, picture, proof, what to do. */
const SECTIONS: readonly Row[] = [
  [null, null, headSection],
  [null, 'What it means', meaningSection],
  ['timeline', TITLES.timeline, timelineSection],
  ['windows', TITLES.incidents, incidentsSection],
  ['windows', null, windowsSection],
  ['findings', TITLES.findings, findingsSection],
  ['connections', TITLES.connections, connectionsSection],
  ['connections', TITLES.lookedAt, lookedAtSection],
  ['trust', TITLES.trust, trustSection],
  ['trust', TITLES.thresholds, thresholdsSection],
  ['steps', TITLES.whatIf, whatIfSection],
  // Last, since the end of a long text is what a terminal shows.
  ['steps', TITLES.steps, stepsSection],
];

const QUIET: readonly Row[] = [
  [null, null, verdictSection],
  [null, null, briefSection],
];

/** The report for a terminal: no line is wider than `width`, nothing from the wire is obeyed by the terminal. */
export function renderText(report: Report, options: RenderOptions): string {
  const ink = inkOf({ ...options, width: Math.max(WIDTH_MIN, options.width) });
  const safe = printable(report, options.unicode);
  const rows = options.detail === 'quiet' ? QUIET : SECTIONS.filter(([name]) => isShown(name, options));
  const blocks = rows.flatMap(([, heading, section]) => {
    const lines = section(safe, ink);
    if (lines.length === 0) return [];
    return [(heading === null ? lines : [ink.paint('heading', heading), ...lines]).join('\n')];
  });
  return `${blocks.join(options.detail === 'quiet' ? '\n' : '\n\n')}\n`;
}
