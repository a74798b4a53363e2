import Table from 'cli-table3';
import { mostOf } from '../extremes.ts';
import type { Ink } from './ink.ts';
import { columnsOf, shortened, wrapped } from './lines.ts';

/** cli-table3 grows faster than its rows: 200 take 50 ms, 5,000 nearly three seconds. */
const ROWS_MAX = 200;
const CELL_LINES_MAX = 6;
/** A space on either side of each cell. */
const PADDING = 2;
const COLUMN_MIN = 3;

export interface Column {
  readonly head: string;
  /** Takes what the others leave, and wraps. One a table. */
  readonly flexible?: boolean;
  readonly right?: boolean;
}

export interface TableOptions {
  readonly indent: number;
  /** Rows beyond are counted; at most ROWS_MAX. */
  readonly limit?: number;
  /** What a row is, for "and 12 more streams". */
  readonly noun: string;
}

/** A table of at most the ink's width: columns that do not fit even at their narrowest are left out from the right. Every cell is wrapped here, so that cli-table3 has nothing to cut. */
export function tableLines(
  wanted: readonly Column[],
  rows: readonly (readonly string[])[],
  ink: Ink,
  { indent, limit = ROWS_MAX, noun }: TableOptions,
): string[] {
  const columns = wanted.slice(0, Math.max(1, Math.floor((ink.width - indent - 1) / (COLUMN_MIN + PADDING + 1))));
  const shown = rows.slice(0, Math.min(limit, ROWS_MAX)).map((row) => row.slice(0, columns.length));
  const widths = widthsOf(columns, shown, ink.width - indent);
  const table = new Table({
    head: columns.map(({ head }, i) => cell(head, widths[i] ?? COLUMN_MIN, ink)),
    colWidths: widths.map((width) => width + PADDING),
    colAligns: columns.map(({ right }) => (right === true ? 'right' : 'left')),
    // Compact: only the head is ruled off; lines between rows would double the height.
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1, compact: true },
    ...(ink.unicode ? {} : { chars: ASCII_CHARS }),
  });
  for (const row of shown) table.push(row.map((text, i) => cell(text, widths[i] ?? COLUMN_MIN, ink)));
  const space = ' '.repeat(indent);
  const lines = table
    .toString()
    .split('\n')
    .map((line) => (space + line).trimEnd());
  const more = rows.length - shown.length;
  return more > 0 ? [...lines, `${space}and ${more} more ${noun}${more === 1 ? '' : 's'}`] : lines;
}

const ASCII_CHARS = {
  top: '-',
  'top-mid': '+',
  'top-left': '+',
  'top-right': '+',
  mid: '-',
  'mid-mid': '+',
  'left-mid': '+',
  'right-mid': '+',
  bottom: '-',
  'bottom-mid': '+',
  'bottom-left': '+',
  'bottom-right': '+',
  left: '|',
  right: '|',
  middle: '|',
} as const;

/** Natural widths, then the flexible column shrinks, then the widest of the others. */
function widthsOf(columns: readonly Column[], rows: readonly (readonly string[])[], room: number): number[] {
  const widths = columns.map(({ head }, i) =>
    mostOf([COLUMN_MIN, columnsOf(head), ...rows.map((row) => columnsOf(row[i] ?? ''))]),
  );
  const borders = (PADDING + 1) * columns.length + 1;
  const flexible = columns.findIndex((column) => column.flexible === true);
  let excess = widths.reduce((sum, width) => sum + width, borders) - room;
  const shrink = (index: number, least: number): void => {
    const taken = Math.min(excess, Math.max(0, (widths[index] ?? 0) - least));
    widths[index] = (widths[index] ?? 0) - taken;
    excess -= taken;
  };
  if (excess > 0 && flexible >= 0) shrink(flexible, Math.max(16, columnsOf(columns[flexible]?.head ?? '')));
  while (excess > 0) {
    const widest = widths.indexOf(mostOf(widths));
    if ((widths[widest] ?? 0) <= COLUMN_MIN) break;
    shrink(widest, (widths[widest] ?? 0) - 1);
  }
  return widths;
}

function cell(text: string, width: number, ink: Ink): string {
  const lines = wrapped(text, width);
  if (lines.length <= CELL_LINES_MAX) return lines.join('\n');
  return wrapped(shortened(text, width * CELL_LINES_MAX - CELL_LINES_MAX, ink.ellipsis), width)
    .slice(0, CELL_LINES_MAX)
    .join('\n');
}
