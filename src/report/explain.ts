import type { FindingCode } from '../incident/index.ts';
import { BROKEN } from './explain/broken.ts';
import { EXPLAINING } from './explain/explaining.ts';
import type { Explanation } from './explain/explanation.ts';
import type { RenderOptions } from './render-options.ts';
import { type Ink, inkOf, printable } from './text/ink.ts';
import { wrapped } from './text/lines.ts';

/** A code without an explanation does not compile. Those of trouble first, then those that explain or exonerate. */
const EXPLANATIONS: Readonly<Record<FindingCode, Explanation>> = { ...BROKEN, ...EXPLAINING };

const INDENT = '  ';
const LIST_INDENT = 2;

/** All finding codes, in the order in which they are listed. */
export const FINDING_CODES: readonly string[] = Object.keys(EXPLANATIONS);

/**
 * What a finding code means, what it rests on, what to do, where it was seen in public, and what it cannot tell.
 * @returns undefined where there is no such code
 */
export function renderExplanation(code: string, options: RenderOptions): string | undefined {
  if (!isCode(code)) return undefined;
  const ink = inkOf(options);
  const { meaning, evidence, todo, seenIn, caveats } = printable(EXPLANATIONS[code], options.unicode);
  const blocks = [
    [ink.paint('heading', code), ...indented(meaning, ink)],
    [ink.paint('heading', 'What it rests on'), ...indented(evidence, ink)],
    listBlock('What to do', todo, ink),
    listBlock('What it cannot tell', caveats, ink),
    listBlock('Seen in public', seenIn.map(addressOf), ink),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

/** Every code with the first sentence of its meaning. */
export function renderCodes(options: RenderOptions): string {
  const ink = inkOf(options);
  const entries = Object.entries(printable(EXPLANATIONS, options.unicode));
  return entries
    .flatMap(([code, { meaning }]) => [ink.paint('heading', code), ...indented(firstSentence(meaning), ink)])
    .map((line) => `${line}\n`)
    .join('');
}

function isCode(code: string): code is FindingCode {
  return Object.hasOwn(EXPLANATIONS, code);
}

/** A colon ends it too: what follows says how, or why. */
function firstSentence(text: string): string {
  const [sentence = text] = text.split(/(?<=\.)\s|:\s/u, 1);
  return sentence.endsWith('.') ? sentence : `${sentence}.`;
}

/** `istio/istio#33466` as what a browser opens; GitHub sends an issue's address on to the pull request where it is one. */
function addressOf(thread: string): string {
  return `https://github.com/${thread.replace('#', '/issues/')}`;
}

function indented(text: string, ink: Ink): string[] {
  return wrapped(text, ink.width - INDENT.length).map((line) => INDENT + line);
}

function listBlock(heading: string, items: readonly string[], ink: Ink): string[] {
  if (items.length === 0) return [];
  const lines = items.flatMap((item) => wrapped(`- ${item}`, ink.width - INDENT.length, LIST_INDENT));
  return [ink.paint('heading', heading), ...lines.map((line) => INDENT + line)];
}
