import { reportOn as reportOnFiles } from '../../src/index.ts';
import { composeReport as compose, type Report } from '../../src/report/index.ts';
import { schemaErrors } from '../report/schema.ts';

/**
 * The makers of reports, as tests use them: no report leaves without having been held against the published schema, with nothing missing and
 * nothing that it does not have. The linter keeps tests from taking the makers themselves.
 */

const SCHEMA = 'watchpcap.report/1';

export const composeReport: typeof compose = (...args) => checked(compose(...args));

export async function reportOn(...paths: readonly string[]): Promise<Report> {
  return checked(await reportOnFiles(...paths));
}

/** The report, as it is written. Throws where it is not one by the schema. */
function checked(report: Report): Report {
  check(JSON.stringify(report));
  return report;
}

/** Throws where this is the JSON of a report, and not by the schema. */
export function checkWritten(text: string): void {
  if (text.slice(0, 100).includes(SCHEMA)) check(text);
}

function check(text: string): void {
  const errors = schemaErrors(JSON.parse(text));
  if (errors.length > 0) throw new Error(`no report by the schema:\n${errors.slice(0, 20).join('\n')}`);
}
