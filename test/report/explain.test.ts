import { describe, expect, test } from 'vitest';
import { FINDING_CODES, renderCodes, renderExplanation } from '../../src/report/explain.ts';
import type { RenderOptions } from '../../src/report/index.ts';
import { publishedCatalogue } from './catalogue.ts';

const PLAIN: RenderOptions = { width: 80, color: false, unicode: true, only: [], detail: 'usual' };

function told(code: string, options = PLAIN): string {
  const text = renderExplanation(code, options);
  if (text === undefined) throw new Error(`${code} is not explained`);
  return text;
}

test('every code of the published catalogue is explained', () => {
  expect(FINDING_CODES).toEqual(expect.arrayContaining([...publishedCatalogue]));
});

describe.each(FINDING_CODES)('%s', (code) => {
  test('says what it means, what it rests on and what to do, within the width', () => {
    const text = told(code);
    expect(text.startsWith(`${code}\n`)).toBe(true);
    for (const heading of ['What it rests on', 'What to do']) expect(text).toContain(`\n${heading}\n`);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).not.toMatch(/undefined|\bTODO\b|[ \t]\n/);
  });

  test('stays within forty columns, and can be written in ASCII', () => {
    const lines = renderExplanation(code, { ...PLAIN, width: 40, unicode: false })?.split('\n') ?? [];
    // An address has no place to break at but anywhere, and is broken there.
    expect(lines.filter((line) => line.length > 40)).toEqual([]);
    expect(lines.join('')).toMatch(/^[\u0020-\u007e]*$/u);
  });

  test('is in the list, in a line or three', () => {
    expect(renderCodes(PLAIN)).toMatch(new RegExp(`(^|\\n)${code}\\n( {2}.+\\n){1,3}`));
  });
});

test('a thread is told as what a browser opens', () => {
  expect(told('upstream-unanswered')).toContain('https://github.com/istio/istio/issues/33466');
});

test('an explanation, whole', () => {
  expect(told('flow-control-stall')).toMatchInlineSnapshot(`
    "flow-control-stall
      DATA stopped because the reader gave no more HTTP/2 window: nothing is dead,
      and the sender may not send. The reader is at fault.

    What it rests on
      The DATA that spent a stream's or the connection's window, to the byte, and no
      WINDOW_UPDATE for 30 s or more (RFC 9113 §6.9).

    What to do
      - Look at the reader: a client that does not consume its watch, or one stream
        that has used up the window of all.
      - Through a gateway follow it to the last leg that stalls: its reader is the
        one.

    What it cannot tell
      - Windows are known only where the beginning of the connection is in the
        capture and none of its bytes is missing.
      - A sender that had nothing more to say when the window ended by chance looks
        the same.

    Seen in public
      - https://github.com/kubernetes/kubernetes/issues/111886
    "
  `);
});

test('what is no code is not explained', () => {
  for (const code of ['', 'no-such', 'constructor', '__proto__'])
    expect(renderExplanation(code, PLAIN)).toBeUndefined();
});
