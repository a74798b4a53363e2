import { escapeTerminal } from '../escape.ts';
import type { RenderOptions } from '../render-options.ts';
import { type Paint, paintOf } from './colour.ts';
import { ASCII, type Glyphs, UNICODE } from './glyphs.ts';

/** What text is drawn with. */
export interface Ink {
  readonly width: number;
  readonly unicode: boolean;
  readonly glyphs: Glyphs;
  readonly paint: Paint;
  readonly ellipsis: string;
  /** Nothing is left out that a table can hold. */
  readonly isVerbose: boolean;
}

export function inkOf({ width, color, unicode, detail }: RenderOptions): Ink {
  return {
    width,
    unicode,
    glyphs: unicode ? UNICODE : ASCII,
    paint: paintOf(color),
    ellipsis: unicode ? '…' : '...',
    isVerbose: detail === 'verbose',
  };
}

/**
 * A copy of a report in which every string is fit for the terminal. The one place of the text format where text is escaped:
 * paths, debug data, file names and all sentences made of them come from outside.
 */
export function printable<T>(value: T, unicode: boolean): T {
  const escape = unicode ? escapeTerminal : (text: string): string => asciiOnly(escapeTerminal(text));
  const copy = (part: unknown): unknown => {
    if (typeof part === 'string') return escape(part);
    if (Array.isArray(part)) return part.map(copy);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, field]) => [escape(key), copy(field)]));
  };
  return copy(value) as T;
}

function asciiOnly(text: string): string {
  return text
    .replaceAll('…', '...')
    .replace(/[^\u0020-\u007e]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
