import { escapeTerminal } from '../escape.ts';
import { mostOf } from '../extremes.ts';

/**
 * Text as Markdown that GitHub, GitLab and Jira all show as that text. Backslashes are not enough: a mention, an issue number, a bare
 * address or a short code for a picture is looked for after they are gone, in anything but a code span. So a word with any
 * character that could mean something becomes a code span, and in a code span nothing means anything.
 *
 * GFM 0.31 §6.1 (code spans), §4.10 (tables), §6.9 (autolinks).
 */

/** Taken from a word's ends before it is judged: they stay outside of the code span. */
const OPENING = '("\'';
const CLOSING = ')"\'.,;:';

/** Letters, digits, and marks that no flavour gives a meaning within a word; anything outside of ASCII. */
const PLAIN_WORD = /^(?:[A-Za-z0-9.,;'"()/%+=?-]|[^\0-\x7f])*$/;
/** A bare address (§6.9) needs no scheme; an endpoint or a path only looks better as code. */
const LINK_LIKE = /www\./i;
const PATH_LIKE = /^\//;
/** Its colons are no short code. */
const TIME = /^\d\d:\d\d:\d\d(?:\.\d+)?$/;
/** What would begin a list, a rule or a command at a line's start. */
const BLOCK_START = /^(?:\d+[.)]|[^\p{L}\p{N}("'\u0080-\u{10ffff}].*)$/u;

const BACKTICKS = /`+/g;

/** A sentence. Runs of spaces are one space, as a reader of Markdown would see them anyway. */
export function prose(text: string): string {
  const words = tabled(escapeTerminal(text))
    .split(' ')
    .filter((word) => word !== '');
  return words.map((word, i) => (i === 0 && BLOCK_START.test(word) ? span(word) : wordOf(word))).join(' ');
}

/** A value as code, for a cell or a sentence. `|` is written as `\x7c`: it ends a table's cell even within a code span (§4.10). */
export function code(text: string): string {
  return text === '' ? '(empty)' : span(tabled(escapeTerminal(text)));
}

/** A block to be copied. Its fence is longer than any in it. */
export function codeBlock(text: string, language = ''): string {
  const safe = escapeTerminal(text);
  return `${fenceFor(safe)}${language}\n${safe}\n${fenceFor(safe)}`;
}

function wordOf(word: string): string {
  let from = 0;
  let to = word.length;
  while (from < to && OPENING.includes(word.charAt(from))) from++;
  while (to > from && CLOSING.includes(word.charAt(to - 1))) to--;
  const core = word.slice(from, to);
  return isPlain(core) ? word : word.slice(0, from) + span(core) + word.slice(to);
}

function isPlain(core: string): boolean {
  if (TIME.test(core)) return true;
  return PLAIN_WORD.test(core) && !LINK_LIKE.test(core) && !PATH_LIKE.test(core);
}

function tabled(text: string): string {
  return text.replaceAll('|', '\\x7c');
}

/** The delimiters are longer than any run of backticks within; a space keeps them from one at an end. */
function span(text: string): string {
  const ticks = '`'.repeat(longestTicks(text) + 1);
  const pad = /^`|`$|^ | $/.test(text) ? ' ' : '';
  return `${ticks}${pad}${text}${pad}${ticks}`;
}

function fenceFor(text: string): string {
  return '`'.repeat(Math.max(3, longestTicks(text) + 1));
}

function longestTicks(text: string): number {
  return mostOf([0, ...Array.from(text.matchAll(BACKTICKS), ([run]) => run.length)]);
}
