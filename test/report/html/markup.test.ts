import { describe, expect, test } from 'vitest';
import { markup, NOTHING } from '../../../src/report/html/markup.ts';

describe('a hole', () => {
  test('is text between tags and in a quoted value: each of the five characters is escaped, once', () => {
    const text = `&<>"'&lt;`;
    expect(markup`<a title="${text}">${text}</a>`.text).toBe(
      '<a title="&amp;&lt;&gt;&quot;&#39;&amp;lt;">&amp;&lt;&gt;&quot;&#39;&amp;lt;</a>',
    );
  });

  test('with markup stays what it is, also a list of it', () => {
    const cell = markup`<td>${'<'}</td>`;
    expect(markup`<tr>${[cell, cell]}${NOTHING}</tr>`.text).toBe('<tr><td>&lt;</td><td>&lt;</td></tr>');
  });

  test('shows controls and what turns text around', () => {
    expect(markup`${'a\u0000\u001b\u202eb\u200b\ud800\n'}`.text).toBe('a\\x00\\x1b\\u{202e}b\\u{200b}\\u{d800}\\n');
  });

  test('an object that only looks like markup is not taken for it', () => {
    // oxlint-disable-next-line typescript/no-unsafe-argument
    const forged = JSON.parse('[{"text":"<b>"}]');
    expect(() => markup`${forged}`.text).toThrow();
  });
});
