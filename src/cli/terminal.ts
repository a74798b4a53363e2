import type { RenderOptions } from '../report/index.ts';
import type { PrintOptions } from './options.ts';

/** What the command line says of drawing. */
export type DrawingOptions = Pick<PrintOptions, 'color' | 'ascii'>;

const DEFAULT_COLUMNS = 80;
/** Below this nothing can be laid out; above, lines get too long to read. */
const COLUMNS_MIN = 40;
const COLUMNS_MAX = 200;

/** How to draw: the width is COLUMNS, else the terminal's, else 80 (contract §3); colours follow NO_COLOR and FORCE_COLOR. */
export function renderOptions({ color, ascii }: DrawingOptions): RenderOptions {
  return {
    width: columns(),
    color: wantsColor(color),
    unicode: !ascii && speaksUnicode(),
    only: [],
    detail: 'usual',
  };
}

function columns(): number {
  const asked = Number(process.env['COLUMNS']);
  const wide = Number.isInteger(asked) && asked > 0 ? asked : (process.stdout.columns ?? DEFAULT_COLUMNS);
  return Math.min(Math.max(wide, COLUMNS_MIN), COLUMNS_MAX);
}

function wantsColor(when: PrintOptions['color']): boolean {
  if (when !== 'auto') return when === 'always';
  if ((process.env['NO_COLOR'] ?? '') !== '') return false;
  const forced = process.env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
}

/** A C or POSIX locale, set on purpose, means ASCII; nothing set says nothing. */
function speaksUnicode(): boolean {
  const locale = process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || '';
  return locale === '' || /utf-?8/i.test(locale);
}
