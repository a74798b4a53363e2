import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { createGenerator } from 'ts-json-schema-generator';

const ROOT = new URL('../..', import.meta.url);
const SCHEMA = new URL('schema/report.schema.json', ROOT);

interface Part {
  readonly $ref?: string;
  readonly anyOf?: readonly Part[];
  readonly items?: Part;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly required?: readonly string[];
}

/** Whether a key was added since the first report. */
function isAdded(property: Part): boolean {
  return 'default' in property || '$comment' in property;
}

/** What the types say, with the keys that were added since the first report left open. */
export function generatedSchema(): object {
  const generated: unknown = createGenerator({
    path: fileURLToPath(new URL('src/report/model.ts', ROOT)),
    tsconfig: fileURLToPath(new URL('tsconfig.json', ROOT)),
    type: 'Report',
    skipTypeCheck: true,
    additionalProperties: true,
  }).createSchema('Report');
  const open = (part: Part, added: readonly string[]): Part =>
    part.required === undefined ? part : { ...part, required: part.required.filter((name) => !added.includes(name)) };
  return changed(JSON.parse(JSON.stringify(generated)), open) as object;
}

export function publishedSchema(): object {
  return JSON.parse(readFileSync(SCHEMA, 'utf8')) as object;
}

/** Each object closed, and no key left open that this version writes: what is published lets keys be added, a test must not. */
function strict(part: Part, added: readonly string[]): Part & { additionalProperties?: unknown } {
  if (part.properties === undefined) return part;
  return { additionalProperties: false, ...part, required: [...(part.required ?? []), ...added] };
}

/** Every object's schema changed, the innermost first. @param change  is told the keys that were added since the first report */
function changed(part: unknown, change: (part: Part, added: readonly string[]) => Part): unknown {
  if (Array.isArray(part)) return part.map((each: unknown) => changed(each, change));
  if (typeof part !== 'object' || part === null) return part;
  const copy: Part = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, changed(value, change)]));
  const added = Object.entries(copy.properties ?? {})
    .filter(([, property]) => isAdded(property))
    .map(([name]) => name);
  return change(copy, added);
}

const ajv = new Ajv({ allErrors: true, strict: false });
// oxlint-disable-next-line typescript/no-unsafe-call
addFormats.default(ajv);
const validate = ajv.compile(changed(publishedSchema(), strict) as object);
const validatePublished = ajv.compile(publishedSchema());

/** Where a report differs from what this version writes, unknown keys and missing ones included; empty where it does not. */
export function schemaErrors(report: unknown): string[] {
  validate(report);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Whether the schema as it is published has it for a report. */
export function isPublished(report: unknown): boolean {
  return validatePublished(report);
}

/** A report as the first version wrote it: without all keys that were added since. */
export function firstReport(report: object): unknown {
  const definitions = (publishedSchema() as { definitions: Record<string, Part> }).definitions;
  const named = ({ $ref = '' }: Part): Part | undefined =>
    definitions[decodeURIComponent($ref.split('/').at(-1) ?? '')];
  const told = (part: Part, value: unknown): unknown => {
    const { anyOf = [], items, properties } = named(part) ?? part;
    if (Array.isArray(value)) return items === undefined ? value : value.map((each: unknown) => told(items, each));
    if (typeof value !== 'object' || value === null) return value;
    if (properties === undefined) return anyOf.reduce<unknown>((left, choice) => told(choice, left), value);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !isAdded(properties[name] ?? {}))
        .map(([name, field]) => [name, told(properties[name] ?? {}, field)]),
    );
  };
  return told(named({ $ref: '/Report' }) ?? {}, JSON.parse(JSON.stringify(report)));
}
