import { addKeys, completed, type OlderReport } from './added-keys.ts';
import { faultOf, type Schema } from './conformance.ts';
import type { Report } from './model.ts';

/** The schema that this version writes and reads. */
const SCHEMA: Report['schema'] = 'watchpcap.report/1';
const BYTE_ORDER_MARK = '\ufeff';

/** A report, or in a phrase why the text is none. */
export type ReadReport = { readonly report: Report } | { readonly fault: string };

/**
 * Reads what `--format json` wrote, in this version or an older one: keys that were added since say "unknown" or "none".
 * @param schema  schema/report.schema.json
 */
export function readReport(text: string, schema: Schema): ReadReport {
  const value = parsed(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  if (value === undefined) return { fault: 'is not JSON' };
  const name = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (typeof name !== 'string' || !name.startsWith('watchpcap.report/')) {
    return { fault: `is no JSON report of watchpcap ("schema": "${SCHEMA}" is missing)` };
  }
  if (name !== SCHEMA) return { fault: `is a report of schema ${name}; this watchpcap reads ${SCHEMA}` };
  addKeys(schema, value);
  const fault = faultOf(schema, value);
  return isReport(value, fault) ? { report: completed(value) } : { fault: `is not what ${SCHEMA} says: ${fault}` };
}

/** The schema is made from the type: what has no fault, and the keys that were added, is of it. */
function isReport(_value: unknown, fault: string | null): _value is OlderReport {
  return fault === null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
