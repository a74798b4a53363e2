import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that a text takes in a terminal; ANSI colours take none. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}

export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** As much of a text's start as fits. */
function startOf(text: string, columns: number): string {
  let start = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += columnsOf(segment);
    if (used > columns) break;
    start += segment;
  }
  return start;
}

function endOf(text: string, columns: number): string {
  let end = '';
  let used = 0;
  for (const { segment } of [...graphemes.segment(text)].toReversed()) {
    used += columnsOf(segment);
    if (used > columns) break;
    end = segment + end;
  }
  return end;
}

/** A text of at most `columns`; what is too long loses its middle, since both ends of a path or address tell. */
export function shortened(text: string, columns: number, ellipsis: string): string {
  if (columnsOf(text) <= columns) return text;
  const room = columns - columnsOf(ellipsis);
  if (room <= 0) return startOf(text, columns);
  const head = Math.ceil(room / 2);
  return startOf(text, head) + ellipsis + endOf(text, room - head);
}

/**
 * Breaks a text into lines of at most `columns`, at spaces where there are some, else anywhere: a path of 8 kB has no space.
 * @param indent  columns before the second and further lines
 */
export function wrapped(text: string, columns: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  const limit = (): number => Math.max(1, lines.length === 0 ? columns : columns - indent);
  const push = (): void => {
    lines.push(lines.length === 0 ? line : ' '.repeat(indent) + line);
    line = '';
  };
  for (const word of text.split(' ')) {
    let rest = word;
    if (line !== '' && columnsOf(line) + 1 + columnsOf(rest) > limit()) push();
    while (columnsOf(rest) > limit()) {
      const piece = startOf(rest, limit() - (line === '' ? 0 : columnsOf(line) + 1)) || firstOf(rest);
      line = line === '' ? piece : `${line} ${piece}`;
      rest = rest.slice(piece.length);
      push();
    }
    line = line === '' ? rest : `${line} ${rest}`;
  }
  if (line !== '' || lines.length === 0) push();
  return lines;
}

/** A grapheme wider than the line must go somewhere, or nothing would ever end. */
function firstOf(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment;
  return text;
}
