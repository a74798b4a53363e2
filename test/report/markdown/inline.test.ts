import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { code, codeBlock, prose } from '../../../src/report/markdown/inline.ts';
import { escapeTerminal } from '../../../src/report/escape.ts';
import { NAMED } from '../hostile.ts';
import { nodesOf, parsed, textOf } from './parsed.ts';

const PLAIN_NODES = new Set(['root', 'paragraph', 'text', 'inlineCode']);

/** What is shown, with the spaces that HTML would show. */
function shown(text: string): string {
  return escapeTerminal(text).replaceAll('|', '\\x7c').replace(/ +/g, ' ').trim();
}

const fragments = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...'`*_[]()<>|~&$#@!:\\-+=.>1 {}^"\'/',
      'http://a.b',
      'www.a.b',
      '![',
      '](',
      '```',
      '    ',
      '\n',
      '\t',
      '&amp;',
      '[^1]',
    ),
    fc.string({ maxLength: 4 }),
  ),
  { maxLength: 12 },
);

describe('prose', () => {
  test('leaves the words of a sentence as they are', () => {
    const text = "The gateway's last packet (no answer) was at 10:00:34.300; for 2 min, then RST: 50% + 3 x 10 = 80.";
    expect(prose(text)).toBe(text);
  });

  test('shows addresses, paths and names as code, the punctuation around them outside', () => {
    expect(prose('u1 (10.9.2.2:8080), [2001:db8::1]:80; /api/v1/pods: LINUX_SLL2.')).toBe(
      'u1 (`10.9.2.2:8080`), `[2001:db8::1]:80`; `/api/v1/pods`: `LINUX_SLL2`.',
    );
  });

  test.each(NAMED)('$name is nothing but text and code', ({ text }) => {
    const root = parsed(prose(text));
    expect(nodesOf(root, 'html')).toEqual([]);
    expect(nodesOf(root, 'link')).toEqual([]);
    expect(textOf(root).replace(/ +/g, ' ').trim()).toBe(shown(text));
  });

  test('whatever the text, it is one paragraph of text and code that reads as it is', () => {
    fc.assert(
      fc.property(fragments, (parts) => {
        const text = parts.join('');
        const root = parsed(prose(text));
        const kinds = new Set<string>();
        const visit = (node: { type: string; children?: unknown }): void => {
          kinds.add(node.type);
          if (Array.isArray(node.children)) node.children.forEach(visit);
        };
        visit(root);
        expect([...kinds].filter((kind) => !PLAIN_NODES.has(kind))).toEqual([]);
        expect(textOf(root).replace(/ +/g, ' ').trim()).toBe(shown(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a value in a cell', () => {
  test('whatever the value, the row keeps its cells and the cell its value', () => {
    fc.assert(
      fc.property(fragments, (parts) => {
        const text = `x${parts.join('')}x`;
        const root = parsed(`| a | b | c |\n| --- | --- | --- |\n| 1 | ${code(text)} | 3 |`);
        const cells = nodesOf(root, 'tableCell').slice(3);
        expect(cells.map(textOf)).toEqual(['1', escapeTerminal(text).replaceAll('|', '\\x7c'), '3']);
        expect(nodesOf(root, 'inlineCode')).toHaveLength(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('an empty one is said to be empty', () => {
    expect(code('')).toBe('(empty)');
  });
});

describe('a block', () => {
  test('is not ended by a fence in it', () => {
    const root = parsed(codeBlock('a\n```\n# b ````` c'));
    expect(root.children).toHaveLength(1);
    expect(nodesOf(root, 'code')[0]?.value).toBe('a\\n```\\n# b ````` c');
  });
});
