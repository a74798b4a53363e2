import { parseTimestamp } from './timestamp.ts';

/**
 * Whether a value is what a JSON schema says: of JSON Schema (draft 7) what the report's own schema uses, and no more. A report that is
 * rendered again may come from another version, or from somebody's editor.
 */

/** A part of a schema. */
export interface Schema {
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  /** What is read where the key is missing. */
  readonly default?: unknown;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** References are URIs: `PerParty<Count>` stands there as `PerParty%3CCount%3E`. */
const DEFINITIONS = '#/definitions/';
/** What no value conforms to. */
const NOTHING: Schema = { enum: [] };

/**
 * The first fault of a value, with where it is: `windows[0].cause: is none of the words that may stand there`.
 * @returns null where there is none
 */
export function faultOf(schema: Schema, value: unknown): string | null {
  return new Conformance(schema.definitions ?? {}).fault(schema, value, '');
}

/** What a reference stands for; the part itself where it is none. */
export function definitionOf(part: Schema, definitions: Readonly<Record<string, Schema>>): Schema {
  const name =
    part.$ref?.startsWith(DEFINITIONS) === true ? decodeURIComponent(part.$ref.slice(DEFINITIONS.length)) : null;
  return name === null ? part : definitionOf(definitions[name] ?? NOTHING, definitions);
}

class Conformance {
  readonly #definitions: Readonly<Record<string, Schema>>;

  constructor(definitions: Readonly<Record<string, Schema>>) {
    this.#definitions = definitions;
  }

  fault(part: Schema, value: unknown, at: string): string | null {
    const schema = definitionOf(part, this.#definitions);
    if (schema.anyOf !== undefined) return this.#anyFault(schema.anyOf, value, at);
    const own = ownFault(schema, value);
    if (own !== null) return `${at === '' ? 'the report' : at}: ${own}`;
    if (Array.isArray(value)) return this.#itemsFault(schema, value, at);
    return isObject(value) ? this.#propertiesFault(schema, value, at) : null;
  }

  /** Where no choice fits, the fault that lies deepest: of "null or an object" the object's own. */
  #anyFault(choices: readonly Schema[], value: unknown, at: string): string | null {
    let deepest: string | null = null;
    for (const choice of choices) {
      const fault = this.fault(choice, value, at);
      if (fault === null) return null;
      if (deepest === null || fault.indexOf(':') > deepest.indexOf(':')) deepest = fault;
    }
    return deepest;
  }

  #itemsFault({ items }: Schema, values: readonly unknown[], at: string): string | null {
    if (items === undefined) return null;
    for (const [i, value] of values.entries()) {
      const fault = this.fault(items, value, `${at}[${i}]`);
      if (fault !== null) return fault;
    }
    return null;
  }

  #propertiesFault(schema: Schema, value: object, at: string): string | null {
    const inside = (name: string): string => (at === '' ? name : `${at}.${name}`);
    const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
    if (missing !== undefined) return `${inside(missing)}: is missing`;
    for (const [name, field] of Object.entries(value)) {
      const known = Object.hasOwn(schema.properties ?? {}, name)
        ? schema.properties?.[name]
        : schema.additionalProperties;
      const fault = typeof known === 'object' ? this.fault(known, field, inside(name)) : null;
      if (fault !== null) return fault;
    }
    return null;
  }
}

function ownFault(schema: Schema, value: unknown): string | null {
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(type, value))) {
    return `is no ${[schema.type].flat().join(' or ')}`;
  }
  if (schema.const !== undefined && value !== schema.const) return `is not ${JSON.stringify(schema.const)}`;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return 'is none of the words that may stand there';
  if (schema.format === 'date-time' && typeof value === 'string' && !isUtc(value)) {
    return 'is no time in UTC';
  }
  if (Array.isArray(value))
    return isWithin(value.length, schema.minItems, schema.maxItems) ? null : 'has not the right length';
  if (typeof value === 'number' && !isWithin(value, schema.minimum, schema.maximum)) return 'is out of range';
  return null;
}

function isWithin(value: number, least: number | undefined, most: number | undefined): boolean {
  return (least === undefined || value >= least) && (most === undefined || value <= most);
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value) && !Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      // JSON's 1e999 is read as Infinity.
      return Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isUtc(time: string): boolean {
  return time.endsWith('Z') && parseTimestamp(time) !== null;
}
