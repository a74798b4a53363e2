import { ARG_RULES } from './arg-rules.ts';
import type { Rule, TextRule } from './rule.ts';

/** What becomes of a text; null: it is left out of a list, and is empty or null elsewhere. */
export type TextMapper = (rule: TextRule | 'word', text: string) => string | null;

const ARG_NAME = /^[a-zA-Z][a-zA-Z0-9]{0,39}$/;

/**
 * A value with all its text mapped, and without what has no rule.
 * @param value  what the rule is for, as the schema says; what is of another type becomes null
 */
export function walked(rule: Rule, value: unknown, map: TextMapper): unknown {
  if (value === null || value === undefined) return value;
  if (typeof rule === 'object') return isList(rule) ? walkedList(rule[0], value, map) : walkedObject(rule, value, map);
  switch (rule) {
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return value === true;
    case 'args':
      return walkedArgs(value, map);
    default:
      return typeof value === 'string' ? map(rule, value) : null;
  }
}

/** Every address in a value, in its order; parts of the value in which there can be none are passed over. */
export function addressTexts(rule: Rule, value: unknown, found: Set<string> = new Set()): Set<string> {
  if (value === null || value === undefined || !leadsToAddress(rule)) return found;
  if (Array.isArray(value) && typeof rule === 'object') {
    if (isList(rule)) for (const item of value) addressTexts(rule[0], item, found);
  } else if (rule === 'args') {
    walkedArgs(value, (of, text) => (of === 'address' ? add(found, text) : text));
  } else if (typeof rule === 'object' && !isList(rule)) {
    for (const [field, held] of Object.entries(value)) addressTexts(rule[field] ?? 'sentence', held, found);
  } else if (typeof value === 'string') found.add(value);
  return found;
}

function add(found: Set<string>, text: string): string {
  found.add(text);
  return text;
}

const LEADS = new WeakMap<object, boolean>();

function leadsToAddress(rule: Rule): boolean {
  if (typeof rule === 'string') return rule === 'address' || rule === 'args';
  const known = LEADS.get(rule);
  if (known !== undefined) return known;
  const leads = Object.values(rule).some((part: Rule) => leadsToAddress(part));
  LEADS.set(rule, leads);
  return leads;
}

/** TypeScript's own test does not know lists that cannot be written to. */
function isList(rule: Exclude<Rule, string>): rule is readonly [Rule] {
  return Array.isArray(rule);
}

function walkedList(rule: Rule, value: unknown, map: TextMapper): unknown {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const told = walked(rule, item, map);
    // Where nothing stood, nothing was left out: of a pair the other one keeps its place.
    return told === null && item !== null ? [] : [told];
  });
}

function walkedObject(rules: Readonly<Record<string, Rule>>, value: unknown, map: TextMapper): unknown {
  if (typeof value !== 'object' || value === null) return null;
  const told: Record<string, unknown> = {};
  for (const [field, held] of Object.entries(value)) {
    const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
    if (rule !== undefined) told[field] = walked(rule, held, map);
  }
  return told;
}

/** Numbers and the like stay whatever their name; text, and lists of it, where the name has a rule. */
function walkedArgs(value: unknown, map: TextMapper): unknown {
  if (typeof value !== 'object' || value === null) return {};
  const told: Record<string, unknown> = {};
  for (const [name, held] of Object.entries(value)) {
    const rule = ARG_RULES.get(name);
    if (typeof held === 'number' || typeof held === 'boolean' || held === null) {
      if (ARG_NAME.test(name)) told[name] = held;
    } else if (rule !== undefined)
      told[name] = Array.isArray(held) ? walkedList(rule, held, map) : walked(rule, held, map);
  }
  return told;
}
