/** What a piece of text is, for those who see colours; never the only sign of it. */
export type Tone = 'plain' | 'heading' | 'bad' | 'warn' | 'good' | 'dim';

/** SGR parameters (ECMA-48 §8.3.117). No green beside red: about one man in twelve cannot tell them apart. */
const CODES: Readonly<Record<Tone, string>> = {
  plain: '',
  heading: '1',
  bad: '1;91',
  warn: '33',
  good: '36',
  dim: '2',
};

export type Paint = (tone: Tone, text: string) => string;

/** Colours text, or leaves it as it is. */
export function paintOf(color: boolean): Paint {
  return (tone, text) => (color && CODES[tone] !== '' && text !== '' ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text);
}
