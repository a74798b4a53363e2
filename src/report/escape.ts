/**
 * What a terminal would obey or hide instead of show: controls (C0, DEL and C1; ESC, CSI and OSC begin with them), format
 * characters (they turn the direction of text around, join, or show nothing), line and paragraph separators, halves of
 * surrogate pairs, and characters that fonts draw as nothing.
 */
const UNPRINTABLE: RegExp =
  /[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}\p{Surrogate}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/**
 * Text from the wire, made fit for a terminal: what would not show as itself becomes a visible `\x1b` or `\u{202e}`.
 * Used exactly once, where the text is written. A backslash stays as it is: this is for reading, not for reading back.
 */
export function escapeTerminal(text: string): string {
  return text.replace(UNPRINTABLE, visible);
}

function visible(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
