import type { Report } from './model.ts';

/** The report as JSON text: two spaces, one newline at the end. JSON.stringify escapes all that JSON needs escaped. */
export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
