import type { RenderOptions } from './formats.ts';
import type { Report } from './model.ts';

/** The report for a terminal. */
export function renderText(report: Report, options: RenderOptions): string {
  return `${report.verdict.state}${options.width}`;
}
