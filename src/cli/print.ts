import { FORMATS, type FormatName, type Report, showsNothing, viewed } from '../report/index.ts';
import type { PrintOptions } from './options.ts';
import { write } from './output.ts';
import { writeReports } from './output-files.ts';
import { renderOptions } from './terminal.ts';
import { shownOf, viewOf } from './view-options.ts';

/** Writes a report to the files that were asked for and to standard output. Files first: a reader of standard output may go away. */
export async function printReport(report: Report, options: PrintOptions): Promise<void> {
  const seen = viewed(report, viewOf(options));
  const isNothing = showsNothing(seen) && !showsNothing(report);
  const drawing = {
    ...renderOptions(options),
    ...shownOf(options),
    ...(isNothing ? { only: 'verdict' as const } : {}),
  };
  const reportFor = (format: FormatName): Report => (FORMATS[format].isForPeople ? seen : report);
  const render = await FORMATS[options.format].load();
  try {
    await writeReports(options.output, reportFor, drawing);
  } finally {
    await write(render(reportFor(options.format), drawing));
  }
}
