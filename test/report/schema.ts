import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

const SCHEMA = new URL('../../schema/report.schema.json', import.meta.url);

export function publishedSchema(): object {
  return JSON.parse(readFileSync(SCHEMA, 'utf8')) as object;
}

/** Each object closed: what is published lets keys be added, a test must not. */
function strict(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(strict);
  if (typeof part !== 'object' || part === null) return part;
  const copy = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, strict(value)]));
  return 'properties' in part && !('additionalProperties' in part) ? { ...copy, additionalProperties: false } : copy;
}

const ajv = new Ajv({ allErrors: true, strict: false });
// oxlint-disable-next-line typescript/no-unsafe-call
addFormats.default(ajv);
const validate = ajv.compile(strict(publishedSchema()) as object);

/** Where a report differs from the schema, unknown keys included; empty where it does not. */
export function schemaErrors(report: unknown): string[] {
  validate(report);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
