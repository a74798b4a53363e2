import type { RenderOptions } from './render-options.ts';
import type { Report } from './model.ts';
import { headSection, meaningSection } from './text/head.ts';
import { type Ink, inkOf, printable } from './text/ink.ts';
import { connectionsSection, findingsSection, lookedAtSection, stepsSection, trustSection } from './text/tables.ts';
import { timelineSection } from './text/timeline.ts';
import { windowsSection } from './text/windows.ts';

/** Below this nothing can be laid out side by side: narrower widths get this one. */
const WIDTH_MIN = 40;

type Section = (report: Report, ink: Ink) => string[];

/** In the order of reading: verdict, picture, proof, what to do. */
const SECTIONS: readonly (readonly [heading: string | null, section: Section])[] = [
  [null, headSection],
  ['What it means', meaningSection],
  ['Timeline', timelineSection],
  [null, windowsSection],
  ['Findings', findingsSection],
  ['Connections', connectionsSection],
  ['What was looked at', lookedAtSection],
  ['How far to trust it', trustSection],
  // Last, since the end of a long text is what a terminal shows.
  ['What to do', stepsSection],
];

/** The report for a terminal: no line is wider than `width`, nothing from the wire is obeyed by the terminal. */
export function renderText(report: Report, options: RenderOptions): string {
  const ink = inkOf({ ...options, width: Math.max(WIDTH_MIN, options.width) });
  const safe = printable(report, options.unicode);
  const blocks = SECTIONS.flatMap(([heading, section]) => {
    const lines = section(safe, ink);
    if (lines.length === 0) return [];
    return [(heading === null ? lines : [ink.paint('heading', heading), ...lines]).join('\n')];
  });
  return `${blocks.join('\n\n')}\n`;
}
