import type { Args } from '../model.ts';

/** What a sentence is made from, as the report has it: the same, with lists of its own. */
export function argsOf(from: Readonly<Record<string, string | number | readonly string[]>>): Args {
  return Object.fromEntries(
    Object.entries(from).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}
