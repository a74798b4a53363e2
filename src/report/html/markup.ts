import { escapeTerminal } from '../escape.ts';

/** Text that is HTML already. Only `markup` makes it, so that whatever else is written into a page is escaped, once. */
export class Markup {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** @internal for `markup` alone, and for the style and the script, which are constants of the program */
  static of(text: string): Markup {
    return new Markup(text);
  }
}

export type Hole = string | number | Markup | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * HTML with holes: a string in one is text, whatever it holds. It may stand between tags or in a quoted attribute's value; nowhere
 * else is a hole safe, and none is written elsewhere.
 */
export function markup(strings: TemplateStringsArray, ...holes: readonly Hole[]): Markup {
  let text = strings[0] ?? '';
  holes.forEach((hole, i) => {
    text += textOf(hole) + (strings[i + 1] ?? '');
  });
  return Markup.of(text);
}

/** Nothing, for a hole that may be left empty. */
export const NOTHING: Markup = Markup.of('');

function textOf(hole: Hole): string {
  if (hole instanceof Markup) return hole.text;
  if (typeof hole === 'object') return hole.map(textOf).join('');
  return escaped(String(hole));
}

/** Controls, what turns text around and what cannot be seen are made visible as in a terminal; then what HTML would read as its own. */
function escaped(text: string): string {
  return escapeTerminal(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
