import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeTerminal } from '../../src/report/escape.ts';

test('plain text, accents, wide characters and a backslash stay as they are', () => {
  const text = '/api/v1/pods?watch=1 "é" 公園 \\x41';
  expect(escapeTerminal(text)).toBe(text);
});

test('escape sequences become visible: CSI, OSC, C1, DEL', () => {
  expect(escapeTerminal('\u001b[2J\u001b]0;t\u0007\u009b1m\u007f')).toBe('\\x1b[2J\\x1b]0;t\\x07\\x9b1m\\x7f');
});

test('tab and newlines become visible', () => {
  expect(escapeTerminal('a\tb\r\nc\u2028d')).toBe('a\\tb\\r\\nc\\u{2028}d');
});

test('overrides of the direction of text become visible', () => {
  expect(escapeTerminal('\u202eexe.gnp\u2066\u200f')).toBe('\\u{202e}exe.gnp\\u{2066}\\u{200f}');
});

test('what draws nothing becomes visible', () => {
  expect(escapeTerminal('\u200b\u00ad\ufeff\u3164\u{e0041}')).toBe('\\u{200b}\\xad\\u{feff}\\u{3164}\\u{e0041}');
});

test('half of a surrogate pair becomes visible, a whole one stays', () => {
  expect(escapeTerminal('\ud83d 😀')).toBe('\\u{d83d} 😀');
});

test('nothing that comes out is a control character, and escaping again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const once = escapeTerminal(text);
      expect(once).not.toMatch(/[\p{Control}\p{Format}]/u);
      expect(escapeTerminal(once)).toBe(once);
    }),
  );
});
