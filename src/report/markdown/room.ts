import { counted, middleCut } from '../words/phrase.ts';
import { prose } from './inline.ts';

/** What keeps a document small: everything is given a room in bytes, and says how much of it did not fit. */

/** Characters of a cell before it is escaped. */
const CELL_MAX = 160;
/** Cut shorter than this, a sentence says nothing. */
const SENTENCE_MIN = 16;
const MORE_BYTES = 80;

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** A sentence, its middle cut out where it would be too long. */
export function sentence(text: string, roomBytes: number): string {
  let max = Math.max(SENTENCE_MIN, Math.min(text.length, roomBytes));
  let told = prose(middleCut(text, max));
  while (bytesOf(told) > roomBytes && max > SENTENCE_MIN) {
    max = Math.max(SENTENCE_MIN, Math.floor(max / 2));
    told = prose(middleCut(text, max));
  }
  return told;
}

/** A value for a cell or a list, cut to what a reader looks at. */
export function cut(text: string): string {
  return middleCut(text, CELL_MAX);
}

/** A list as blocks: as many items as fit, and how many more there are. */
export function list(items: readonly string[], roomBytes: number, noun: string): string[] {
  const shown = withinRoom(items, roomBytes - MORE_BYTES);
  const more = items.length - shown.length;
  return [
    ...(shown.length === 0 ? [] : [shown.join('\n')]),
    ...(more === 0 ? [] : [`and ${counted(more, `more ${noun}`)}`]),
  ];
}

export interface Column {
  readonly head: string;
  readonly right?: boolean;
}

/**
 * A GFM table (§4.10) of at most so many rows and bytes.
 * @param rows  of cells that are Markdown already
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { roomBytes, rowsMax, noun }: { readonly roomBytes: number; readonly rowsMax: number; readonly noun: string },
): string {
  const head = [row(columns.map((column) => column.head)), row(columns.map(({ right }) => (right ? '---:' : '---')))];
  const room = roomBytes - bytesOf(head.join('\n')) - MORE_BYTES;
  const lines = rows.slice(0, rowsMax).map(row);
  const shown = withinRoom(lines, room);
  const more = rows.length - shown.length;
  const body = [...head, ...shown].join('\n');
  return more === 0 ? body : `${body}\n\nand ${counted(more, `more ${noun}`)}`;
}

function withinRoom(lines: readonly string[], roomBytes: number): readonly string[] {
  let room = roomBytes;
  const end = lines.findIndex((line) => {
    room -= bytesOf(line) + 1;
    return room < 0;
  });
  return end < 0 ? lines : lines.slice(0, end);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
