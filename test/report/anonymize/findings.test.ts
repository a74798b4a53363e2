import { describe, expect, test } from 'vitest';
import { ARG_RULES } from '../../../src/report/anonymize/arg-rules.ts';
import { IS_KNOWN } from '../../../src/report/anonymize/words.ts';
import { walked } from '../../../src/report/anonymize/walk.ts';

/** Arguments that are words of ours, whoever's capture it is. */
describe("words in findings' arguments stay", () => {
  test.each([
    ['reader', 'client'],
    ['window', 'stream'],
    ['window', 'connection'],
    ['met', 'reset'],
    ['met', 'unanswered'],
    ['by', 'rst-stream'],
  ])('%s: %s', (name, word) => {
    expect(ARG_RULES.get(name)).toBe('arg-word');
    const kept = walked('args', { [name]: word }, (_rule, text) => (IS_KNOWN['arg-word'](text) ? text : null));
    expect(kept).toEqual({ [name]: word });
  });
});
