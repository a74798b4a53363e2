import { counted } from '../words/phrase.ts';
import { markup, type Markup, NOTHING } from './markup.ts';

export interface Column {
  readonly head: string;
  readonly right?: boolean;
}

/** A row; `about` has the connections that it is about, `packet` the key of the packet that it shows, for the page's filters. */
export interface Row {
  readonly cells: readonly (string | Markup)[];
  readonly about?: string;
  readonly packet?: string;
}

/** A table in a frame of its own that scrolls where the page is too narrow. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly Row[],
  { rowsMax, noun }: { readonly rowsMax: number; readonly noun: string },
): Markup {
  if (rows.length === 0) return NOTHING;
  const more = rows.length - rowsMax;
  const heads = columns.map(({ head, right }) => markup`<th scope="col"${rightOf(right)}>${head}</th>`);
  return markup`<div class="wide" role="region" tabindex="0" aria-label="${caption}">
<table>
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows.slice(0, rowsMax).map((row) => bodyRow(row, columns))}</tbody>
</table>
</div>
${more > 0 ? markup`<p class="more">and ${counted(more, `more ${noun}`)}</p>` : NOTHING}`;
}

function rightOf(right: boolean | undefined): Markup {
  return right === true ? markup` class="r"` : NOTHING;
}

function bodyRow({ cells, about, packet }: Row, columns: readonly Column[]): Markup {
  const filtered = about === undefined ? NOTHING : markup` data-c="${about}"`;
  const shows = packet === undefined ? NOTHING : markup` data-p="${packet}"`;
  const drawn = cells.map((cell, i) => markup`<td${rightOf(columns[i]?.right)}>${cell}</td>`);
  return markup`<tr${filtered}${shows}>${drawn}</tr>
`;
}
