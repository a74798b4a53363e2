import { FORMATS, type Report } from '../report/index.ts';
import type { PrintOptions } from './options.ts';
import { write } from './output.ts';
import { writeReports } from './output-files.ts';
import { renderOptions } from './terminal.ts';

/** Writes a report to the files that were asked for and to standard output. Files first: a reader of standard output may go away. */
export async function printReport(report: Report, options: PrintOptions): Promise<void> {
  const drawing = renderOptions(options);
  const render = await FORMATS[options.format].load();
  try {
    await writeReports(options.output, report, drawing);
  } finally {
    await write(render(report, drawing));
  }
}
